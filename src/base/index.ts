export { lookup, UserError } from "./errors.ts";
export { Random, type RandomState } from "./random.ts";
