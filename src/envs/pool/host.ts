/** @file What Node lends to environments. */
import type { Host } from "../family.ts";
import { PythonEnv } from "../python/python-env.ts";
import { loadEngine } from "../sim.ts";

export const nodeHost: Host = {
  loadEngine,
  startPython: (name, options) => PythonEnv.start(name, options),
};
