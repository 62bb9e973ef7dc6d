import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { hold, listen } from "./hold.ts";

vi.setConfig({ testTimeout: 120_000 }); // processes, on machines that may be busy

const folder = mkdtempSync(join(tmpdir(), "sodp-hold-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a folder is held by one at a time, by whatever path", async () => {
  {
    await using _ = await hold(folder);
    await expect(hold(join(folder, "."))).rejects.toThrow("is being written by another process");
    await using _other = await hold(tmpdir());
  }
  await using _ = await hold(folder);
});

test.skipIf(process.platform === "win32")(
  "a killed process holds nothing, where addresses are files",
  async () => {
    const address = join(folder, "a.sock");
    const program = `require("node:net").createServer().listen(${JSON.stringify(address)}, () => console.log("ok"))`;
    const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    expect(await listen(address)).toBeUndefined();
    child.kill("SIGKILL");
    await once(child, "exit");
    const server = await listen(address);
    expect(server?.listening).toBe(true);
    server?.close();
  },
);
