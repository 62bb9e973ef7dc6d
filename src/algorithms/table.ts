/** @file All algorithms by name, and the kinds of policies that they leave. A new one is a line here. */
import { lookup, UserError } from "../base/index.ts";
import { formatOf } from "../policies/files/index.ts";
import type { Offline, Online, PolicyKind } from "./algorithm.ts";
import { calql } from "./calql.ts";
import { harmodt } from "./harmodt.ts";
import { ibrl } from "./ibrl/ibrl.ts";
import { mtbc } from "./mtbc.ts";
import { mtdiffOnehot, mtdiffP } from "./mtdiff/mtdiff.ts";
import { mtdql } from "./mtdql/mtdql.ts";
import { mtdt } from "./mtdt.ts";
import { mtiql } from "./mtiql/mtiql.ts";
import { promptDt } from "./prompt-dt.ts";
import { rlpd } from "./rlpd.ts";
import { sac } from "./sac/sac.ts";
import { finetune } from "./sodp/finetune.ts";
import { pretrain } from "./sodp/pretrain.ts";

export const algorithms = {
  pretrain,
  finetune,
  sac,
  mtbc,
  mtiql,
  mtdql,
  mtdt,
  "prompt-dt": promptDt,
  harmodt,
  rlpd,
  calql,
  ibrl,
  "mtdiff-p": mtdiffP,
  "mtdiff-onehot": mtdiffOnehot,
};

/** Any algorithm, as who runs it by name knows it. */
export type Algorithm = Offline | Online;

/** The algorithm of that name. Throws UserError if there is none. */
export const algorithmNamed = (name: string): Algorithm => lookup<Algorithm>(algorithms, name, "algorithm");

/** A stored policy of whichever kind. */
export interface StoredPolicy {
  readonly kind: PolicyKind<unknown>;
  readonly model: unknown;
}

/** The policy in `folder`. Throws UserError if it is missing, damaged, or of a kind that is not known. */
export async function loadPolicy(folder: string): Promise<StoredPolicy> {
  const format = await formatOf(folder);
  const kinds: readonly PolicyKind<unknown>[] = Object.values(algorithms).map(({ policy }) => policy);
  const kind = kinds.find((each) => each.format === format);
  if (kind === undefined)
    throw new UserError(
      `${folder} holds a policy of format "${format}". Known: ${[...new Set(kinds.map((each) => each.format))].join(", ")}.`,
    );
  return { kind, model: await kind.load(folder) };
}
