/** @file The family of environments that run in Python: any of Gymnasium's, and the user's own. */
import { UserError } from "../base/index.ts";
import { defineFamily, type Host } from "./family.ts";
import { PythonOptions } from "./python-options.ts";

export const python = defineFamily({
  name: "python",
  summary: "any Gymnasium environment of an installed Python",
  tasks: [],
  openTasks: `an id of Gymnasium's, such as HalfCheetah-v5, or "folder/file.py:make" for a function of one's own`,
  suites: {},
  options: PythonOptions,
  async spaces(id, options, host) {
    using env = await start(id, options, host);
    return env.spec.spaces;
  },
  make: start,
});

function start(id: string, options: PythonOptions, { startPython }: Host) {
  if (startPython !== undefined) return startPython(id, options);
  throw new UserError("Environments in Python need Node: pages cannot start processes.");
}
