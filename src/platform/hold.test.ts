import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
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

describe("what another container holds, which shares the disk and no more,", () => {
  const other = join(folder, ".held-of-another-place");
  const age = (seconds: number) => {
    writeFileSync(other, "robot-7");
    utimesSync(other, Date.now() / 1000 - seconds, Date.now() / 1000 - seconds);
  };

  test("is refused by the name of its machine, and stays as it was", async () => {
    age(30);
    await expect(hold(folder)).rejects.toThrow(`${folder} is being written by a process on robot-7.`);
    expect(readdirSync(folder)).toEqual([".held-of-another-place"]);
    rmSync(other);
    await using _ = await hold(folder);
    expect(readdirSync(folder)).toEqual([expect.stringMatching(/^\.held-[0-9a-f]{16}$/)]);
  });

  test("is taken over once it has given no sign of life for a minute", async () => {
    age(61);
    {
      await using _ = await hold(folder);
      expect(readdirSync(folder)).toHaveLength(1);
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  test("is not what a killed process of this place left: that is taken over at once", async () => {
    const held = await hold(folder);
    const [own] = readdirSync(folder);
    await held[Symbol.asyncDispose]();
    writeFileSync(join(folder, own), "");
    await using _ = await hold(folder);
  });
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
