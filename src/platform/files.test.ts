/** @file Files that are there whole or not at all: on a full disk, through links, and wherever this package writes one. */
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { type FileFormat, UserError } from "../base/index.ts";
import { makeFolder, readVersioned, replaceSealed, writeWhole } from "./index.ts";

vi.mock("node:fs/promises", async (original) => {
  const fs = await original<typeof import("node:fs/promises")>();
  return { ...fs, writeFile: vi.fn(fs.writeFile) };
});

const folder = mkdtempSync(join(tmpdir(), "sodp-files-"));
const path = join(folder, "figure.svg");
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
});

/** The next write puts half of its content onto the disk, which is full then. */
function fillDisk(): void {
  vi.mocked(writeFile).mockImplementationOnce(async (file, content) => {
    writeFileSync(file as string, String(content).slice(0, String(content).length / 2));
    throw Object.assign(new Error("ENOSPC: no space left on device, write"), {
      code: "ENOSPC",
      syscall: "write",
    });
  });
}

test.each([
  ["none", undefined],
  ["one that is there", "before"],
])("a full disk leaves no half of a file: %s", async (_, before) => {
  if (before !== undefined) writeFileSync(path, before);
  fillDisk();
  await expect(writeWhole(path, "<svg></svg>")).rejects.toThrow(
    new UserError(`The disk is full: ${path} could not be written.`),
  );
  expect(readdirSync(folder)).toEqual(before === undefined ? [] : ["figure.svg"]);
  if (before !== undefined) expect(readFileSync(path, "utf8")).toBe(before);
  await writeWhole(path, "<svg></svg>");
  expect(readFileSync(path, "utf8")).toBe("<svg></svg>");
});

test("folders are made, links lead on", async () => {
  const deep = join(folder, "a", "b.txt");
  await writeWhole(deep, "1");
  symlinkSync(join("a", "b.txt"), join(folder, "link.txt"));
  await writeWhole(join(folder, "link.txt"), "2");
  expect([readFileSync(deep, "utf8"), readlinkSync(join(folder, "link.txt"))]).toEqual(["2", "a/b.txt"]);
});

test.skipIf(!existsSync("/dev/null"))("a device is written to, not replaced", async () => {
  await writeWhole("/dev/null", "nothing");
  expect(existsSync("/dev/null")).toBe(true);
});

test("a sealed file is read as it was written, and refused where anything of it is another", async () => {
  const Toy = z.strictObject({
    format: z.literal("toy"),
    version: z.literal(2),
    rate: z.number(),
    note: z.string(),
  });
  const format: FileFormat<z.infer<typeof Toy>> = {
    format: "toy",
    version: 2,
    schema: Toy,
    sealedSince: 2,
    upgrades: { 1: (old) => ({ ...old, version: 2 }) },
  };
  const file = join(folder, "toy.json");
  const content = { format: "toy", version: 2, rate: -0.1, note: 'ö "1"' } as const;
  await replaceSealed(file, content);
  expect(await readVersioned(file, format)).toEqual(content);
  const text = readFileSync(file, "utf8");
  for (const [from, to] of [
    ["-0.1", "-0.2"],
    ["ö", "o"],
    ['"sha256"', '"sha257"'],
    ['"version": 2', '"version": 1'],
    ['"rate"', '"Rate"'],
  ]) {
    writeFileSync(file, text.replace(from, to));
    await expect(readVersioned(file, format)).rejects.toThrow(`${file} is damaged`);
  }
  writeFileSync(file, JSON.stringify({ ...content, version: 1 }));
  expect(await readVersioned(file, format)).toEqual(content);
});

test("no file of this package writes another way, but into folders that are there whole or not at all", () => {
  const inWholeFolders = ["data/export/lerobot.ts", "data/export/minari.ts", "runs/run.ts", "runs/state.ts"];
  const writers = readdirSync("src", { recursive: true, encoding: "utf8" })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && !name.startsWith("platform/"))
    .filter((name) =>
      /\b(writeFile|writeFileSync|appendFile|createWriteStream)\b/.test(
        readFileSync(join("src", name), "utf8"),
      ),
    );
  expect(writers.sort()).toEqual(inWholeFolders);
});

test("a folder is made with those around it, or refused at once with the reason", async () => {
  const below = join(folder, "a", "b");
  expect(await makeFolder(below)).toBe(join(folder, "a"));
  expect(await makeFolder(below)).toBeUndefined();
  writeFileSync(path, "");
  symlinkSync(join(folder, "nowhere"), join(folder, "link"));
  const refused = async (wrong: string, why: string) =>
    expect(makeFolder(wrong)).rejects.toThrow(
      new UserError(`The folder ${wrong} could not be made: ${why}.`),
    );
  await refused(join(path, "a"), `${path} is no folder`);
  await refused(join(folder, "link"), `${join(folder, "link")} is no folder`);
  await refused(join(folder, "a".repeat(1000)), "its name is too long");
  if (process.platform === "linux") await refused("/proc/none/below", "nothing can be made there");
});
