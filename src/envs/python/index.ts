export { PythonOptions } from "./options.ts";
export { PythonEnv } from "./python-env.ts";
