import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { gitCommit, versions } from "./provenance.ts";

test("a commit is told, and whether files differ from it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sodp-git-"));
  const git = (...given: string[]) => execFileSync("git", given, { cwd: folder, encoding: "utf8" }).trim();
  vi.stubEnv("GIT_CEILING_DIRECTORIES", tmpdir());
  try {
    expect(await gitCommit(folder)).toBeNull();
    git("init", "-q");
    writeFileSync(join(folder, "a"), "1");
    git("add", "a");
    git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "a");
    const commit = git("rev-parse", "HEAD");
    expect(await gitCommit(folder)).toBe(commit);
    writeFileSync(join(folder, "a"), "2");
    expect(await gitCommit(folder)).toBe(`${commit}-dirty`);
  } finally {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  }
});

test("versions of what computes are numbers", () => {
  expect(Object.keys(versions())).toEqual(["sodp", "node", "onnxruntime-node", "@mujoco/mujoco"]);
  for (const version of Object.values(versions())) expect(version).toMatch(/^\d+\.\d+\.\d+/);
});
