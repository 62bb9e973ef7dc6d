/** @file A configuration as the flags of a job. */
import type { JobValue } from "../jobs/index.ts";
import { isTree, type Tree } from "./flags.ts";

/** Flags whose values are objects. */
const RECORDS = ["arguments", "options"];

/** Values as files spell them, by the names of their flags. */
export function jobConfig(tree: Tree, path = ""): Record<string, JobValue> {
  const entries = Object.entries(tree).flatMap(([key, value]) =>
    isTree(value) && !RECORDS.includes(key)
      ? Object.entries(jobConfig(value, `${path}${key}.`))
      : [[`${path}${key}`, value as JobValue]],
  );
  return Object.fromEntries(entries);
}
