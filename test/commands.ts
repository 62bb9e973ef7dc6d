/** @file Commands of `sodp`, run in this process. */
import { vi } from "vitest";
import { createProgram } from "../src/cli/program.ts";

/** Document that `sodp <words> --json` prints. Rejects as the command does. */
export async function documentOf(...words: readonly string[]): Promise<unknown> {
  const printed: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((text) => void printed.push(text));
  const silent = vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  try {
    await (await createProgram(words)).parseAsync([...words, "--json"], { from: "user" });
    return JSON.parse(printed.join("\n"));
  } finally {
    log.mockRestore();
    silent.mockRestore();
  }
}
