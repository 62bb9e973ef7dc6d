/** @file What Node lends to environments. */

import { loadEngine } from "../engine.ts";
import type { Host } from "../family.ts";
import { PythonEnv } from "../python/python-env.ts";

export const nodeHost: Host = {
  loadEngine,
  startPython: (name, options) => PythonEnv.start(name, options),
};
