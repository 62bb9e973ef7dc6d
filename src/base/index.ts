export { lookup, UserError } from "./errors.ts";
