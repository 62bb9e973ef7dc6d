/** @file Options that several of these commands have. */
import { Option } from "commander";
import { lookup } from "../../base/index.ts";
import { findTask, suites, type TaskAndExpert } from "../../envs/index.ts";
import { eachUnderstood, understood } from "../arguments.ts";

/** Names of a suite's tasks. */
export const suiteOption = () =>
  new Option("--suite <name>", `which tasks: ${Object.keys(bySuite).join(", ")}`).argParser(
    understood((name) => lookup(bySuite, name.toLowerCase(), "suite")),
  );

/** Tasks by name; the option may be repeated. */
export const taskOption = () =>
  new Option("--task <name>", "only this task, such as drawer-open-v3; may be repeated").argParser(
    eachUnderstood<TaskAndExpert>(findTask),
  );

export const jsonOption = () => new Option("--json", "print one JSON document");

/** Suites by what is typed without quotes. */
const bySuite = Object.fromEntries(
  Object.entries(suites).map(([name, list]) => [name.replace(" ", "-"), list]),
);
