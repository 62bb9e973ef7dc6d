/** @file Kinds of a thing in one table: a record each, whose configuration says which kind it is. */
import { z } from "zod";

/** The schema of a kind's configuration: its name, and what may be chosen, with published defaults. */
export type KindSchema = z.ZodObject<{ readonly kind: z.ZodLiteral<string> }>;

type ConfigOf<Table extends Readonly<Record<string, { readonly config: KindSchema }>>> =
  Table[keyof Table]["config"];

/** The schema that any kind of the table satisfies, told apart by `kind`. */
export function schemaOfKinds<Table extends Readonly<Record<string, { readonly config: KindSchema }>>>(
  table: Table,
): z.ZodDiscriminatedUnion<[ConfigOf<Table>, ...ConfigOf<Table>[]], "kind"> {
  const [first, ...others] = Object.values(table).map(({ config }) => config as ConfigOf<Table>);
  return z.discriminatedUnion("kind", [first, ...others]);
}
