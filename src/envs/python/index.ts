export { PythonEnv } from "./python-env.ts";
