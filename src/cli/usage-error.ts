/** @file Mistakes of the command line. */
import { UserError } from "../base/index.ts";

/** The command line, or a file it names, asks for what cannot be: exit code 2. */
export class UsageError extends UserError {
  override readonly name = "UsageError";
}
