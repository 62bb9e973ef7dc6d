/** @file Node's services for environments. */

import { type Host, loadEngine } from "../index.ts";
import { PythonEnv } from "../python/index.ts";

export const nodeHost: Host = {
  loadEngine,
  startPython: (name, options) => PythonEnv.start(name, options),
};
