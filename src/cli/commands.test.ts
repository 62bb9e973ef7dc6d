/** @file All commands and their flags: a new name, or another spelling, shows here and so in review. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { describe, expect, test } from "vitest";
import { createProgram } from "./program.ts";
import { renameOf, renames } from "./renames.ts";

/** Every command that does something, by its words. */
function commandsBelow(command: Command, words = ""): [words: string, command: Command][] {
  return command.commands.flatMap((each) => {
    const own = `${words} ${each.name()}`.trim();
    return each.commands.length > 0 ? commandsBelow(each, own) : [[own, each] as [string, Command]];
  });
}
const commands = new Map(commandsBelow(await createProgram()));

const flagsOf = (command: Command, hidden = false) =>
  command.options.filter((option) => option.hidden === hidden).map(({ long }) => String(long).slice(2));
const argumentsOf = (command: Command) =>
  command.registeredArguments.map((argument) => `<${argument.name()}${argument.variadic ? "..." : ""}>`);

test("the commands and their flags", () => {
  const twice = (words: string) => words.startsWith("train ") && commands.has(words.replace("train ", ""));
  const listed = [...commands].flatMap(([words, command]) => {
    if (twice(words)) return [];
    const flags = flagsOf(command).map((flag) => `--${flag}`);
    return [`${[words, ...argumentsOf(command)].join(" ")}\n${wrapped(flags)}`];
  });
  expect(`\n${listed.join("\n")}\n`).toMatchInlineSnapshot(`
    "
    demo <name>
      --config_path --starts --seed --threads --out --json
    quickstart
      --config_path --output_dir --env.task --env.max_steps --collect.episodes --pretrain.steps
      --finetune.env_steps --eval.n_episodes --seed --json
    info <path>
      --json
    export <policy>
      --config_path --out --batch_size --noise --denoising.num_inference_steps --denoising.eta
      --denoising.min_sampling_std --json
    eval
      --config_path --policy.path --policy.type --env.task --env.num_envs --env.module --env.goals.kind
      --env.goals.seed --env.goals.vector --env.goal_visible --env.max_steps --env.arguments --env.python
      --env.timeout_seconds --env.observation --env.options --eval.n_episodes --protocol
      --denoising.num_inference_steps --denoising.eta --denoising.min_sampling_std --seed --dataset.root
      --threads --output_dir --json
    train mtbc
      --config_path --preset --dataset.root --output_dir --steps --batch_size --log_every --eval_every
      --save_every --seed --hidden_sizes --learning_rate --env.task --env.num_envs --env.module
      --env.goals.kind --env.goals.seed --env.goals.vector --env.goal_visible --env.max_steps --env.arguments
      --env.python --env.timeout_seconds --env.observation --env.options --eval.n_episodes --threads --json
      --resume --dry_run
    train mtiql
      --config_path --preset --dataset.root --output_dir --steps --batch_size --log_every --eval_every
      --save_every --seed --hidden_sizes --learning_rate --expectile --beta --discount --tau --env.task
      --env.num_envs --env.module --env.goals.kind --env.goals.seed --env.goals.vector --env.goal_visible
      --env.max_steps --env.arguments --env.python --env.timeout_seconds --env.observation --env.options
      --eval.n_episodes --threads --json --resume --dry_run
    train mtdql
      --config_path --preset --dataset.root --output_dir --steps --batch_size --log_every --eval_every
      --save_every --seed --width --num_train_timesteps --learning_rate --max_gradient_norm --eta
      --candidates --discount --tau --ema_decay --ema_every --ema_from --env.task --env.num_envs --env.module
      --env.goals.kind --env.goals.seed --env.goals.vector --env.goal_visible --env.max_steps --env.arguments
      --env.python --env.timeout_seconds --env.observation --env.options --eval.n_episodes --threads --json
      --resume --dry_run
    train mtdt
      --config_path --preset --dataset.root --output_dir --steps --batch_size --log_every --eval_every
      --save_every --seed --context_steps --width --layers --heads --dropout --max_steps --return_scale
      --target_return --learning_rate --weight_decay --warmup_steps --env.task --env.num_envs --env.module
      --env.goals.kind --env.goals.seed --env.goals.vector --env.goal_visible --env.max_steps --env.arguments
      --env.python --env.timeout_seconds --env.observation --env.options --eval.n_episodes --threads --json
      --resume --dry_run
    train prompt-dt
      --config_path --preset --dataset.root --output_dir --steps --batch_size --log_every --eval_every
      --save_every --seed --context_steps --width --layers --heads --dropout --max_steps --return_scale
      --target_return --learning_rate --weight_decay --warmup_steps --prompt_steps --env.task --env.num_envs
      --env.module --env.goals.kind --env.goals.seed --env.goals.vector --env.goal_visible --env.max_steps
      --env.arguments --env.python --env.timeout_seconds --env.observation --env.options --eval.n_episodes
      --threads --json --resume --dry_run
    train harmodt
      --config_path --preset --dataset.root --output_dir --steps --batch_size --log_every --eval_every
      --save_every --seed --context_steps --width --layers --heads --dropout --max_steps --return_scale
      --target_return --learning_rate --weight_decay --warmup_steps --prompt_steps --density --importance
      --mask_interval --mask_update --env.task --env.num_envs --env.module --env.goals.kind --env.goals.seed
      --env.goals.vector --env.goal_visible --env.max_steps --env.arguments --env.python
      --env.timeout_seconds --env.observation --env.options --eval.n_episodes --threads --json --resume
      --dry_run
    train rlpd
      --config_path --preset --env.task --env.num_envs --env.module --env.goals.kind --env.goals.seed
      --env.goals.vector --env.goal_visible --env.max_steps --env.arguments --env.python
      --env.timeout_seconds --env.observation --env.options --output_dir --dataset.root --env_steps
      --eval_every --eval.n_episodes --seed --episodes --utd_ratio --batch_size --hidden_sizes
      --learning_rate --discount --tau --normalize --reward_scale --learning_starts --offline_share
      --critic_steps --critics --target_critics --backup_entropy --target_entropy --threads --json --resume
      --dry_run
    train calql
      --config_path --preset --env.task --env.num_envs --env.module --env.goals.kind --env.goals.seed
      --env.goals.vector --env.goal_visible --env.max_steps --env.arguments --env.python
      --env.timeout_seconds --env.observation --env.options --output_dir --dataset.root --env_steps
      --eval_every --eval.n_episodes --seed --episodes --utd_ratio --batch_size --hidden_sizes
      --learning_rate --discount --tau --normalize --reward_scale --actor_hidden_sizes --critic_learning_rate
      --offline_steps --offline_share --conservatism --calibration --sampled_actions --max_target_backup
      --target_entropy --threads --json --resume --dry_run
    train ibrl
      --config_path --preset --policy.path --env.task --env.num_envs --env.module --env.goals.kind
      --env.goals.seed --env.goals.vector --env.goal_visible --env.max_steps --env.arguments --env.python
      --env.timeout_seconds --env.observation --env.options --output_dir --dataset.root --env_steps
      --eval_every --eval.n_episodes --seed --episodes --utd_ratio --batch_size --hidden_sizes
      --learning_rate --discount --tau --normalize --reward_scale --learning_starts --offline_share
      --critic_steps --n_steps --critics --target_critics --noise --noise_clip --dropout --soft_beta
      --threads --json --resume --dry_run
    train mtdiff-p
      --config_path --preset --dataset.root --output_dir --steps --batch_size --log_every --eval_every
      --save_every --seed --horizon --width --layers --heads --inner_size --dropout --num_train_timesteps
      --learning_rate --discount --max_steps --return_dropout --target_value --guidance --noise_scale
      --first_action_weight --ema_decay --ema_every --ema_from --prompt_steps --prompts_per_task --env.task
      --env.num_envs --env.module --env.goals.kind --env.goals.seed --env.goals.vector --env.goal_visible
      --env.max_steps --env.arguments --env.python --env.timeout_seconds --env.observation --env.options
      --eval.n_episodes --threads --json --resume --dry_run
    train mtdiff-onehot
      --config_path --preset --dataset.root --output_dir --steps --batch_size --log_every --eval_every
      --save_every --seed --horizon --width --layers --heads --inner_size --dropout --num_train_timesteps
      --learning_rate --discount --max_steps --return_dropout --target_value --guidance --noise_scale
      --first_action_weight --ema_decay --ema_every --ema_from --env.task --env.num_envs --env.module
      --env.goals.kind --env.goals.seed --env.goals.vector --env.goal_visible --env.max_steps --env.arguments
      --env.python --env.timeout_seconds --env.observation --env.options --eval.n_episodes --threads --json
      --resume --dry_run
    pretrain
      --config_path --preset --dataset.root --policy.path --output_dir --planner.horizon
      --planner.n_obs_steps --planner.n_action_steps --planner.num_train_timesteps --planner.schedule
      --planner.prediction --planner.clip_sample_range --planner.encoders --planner.denoiser.kind
      --planner.denoiser.width --planner.denoiser.multiples --planner.denoiser.blocks
      --planner.denoiser.embedding_size --planner.denoiser.heads --planner.denoiser.layers --steps
      --batch_size --log_every --eval_every --save_every --seed --learning_rate --warmup_steps --weight_decay
      --max_gradient_norm --ema_decay --env.task --env.num_envs --env.module --env.goals.kind
      --env.goals.seed --env.goals.vector --env.goal_visible --env.max_steps --env.arguments --env.python
      --env.timeout_seconds --env.observation --env.options --eval.n_episodes --threads --json --resume
      --dry_run
    finetune
      --config_path --preset --policy.path --env.task --env.num_envs --env.module --env.goals.kind
      --env.goals.seed --env.goals.vector --env.goal_visible --env.max_steps --env.arguments --env.python
      --env.timeout_seconds --env.observation --env.options --output_dir --dataset.root --env_steps
      --eval_every --eval.n_episodes --seed --episodes --initial_episodes --stop_at_success --start
      --policy_gradient --advantage --advantage_clip --policy_gradient_from --discount --gae_lambda
      --critic_learning_rate --clip --log_prob --ft_denoising_steps --denoising_discount
      --denoising.num_inference_steps --denoising.eta --denoising.min_sampling_std --regularizer
      --regularizer_weight --regularizer_balance --regularizer_batch_size --buffer_size --buffer_order
      --buffer_draw --epochs --minibatch_size --learning_rate --ema_decay --max_gradient_norm --target_kl
      --rollback_below --threads --json --resume --dry_run
    sac
      --config_path --preset --env.task --env.num_envs --env.module --env.goals.kind --env.goals.seed
      --env.goals.vector --env.goal_visible --env.max_steps --env.arguments --env.python
      --env.timeout_seconds --env.observation --env.options --output_dir --env_steps --eval_every
      --eval.n_episodes --seed --episodes --learning_starts --utd_ratio --batch_size --hidden_sizes
      --learning_rate --critic_learning_rate --discount --tau --normalize --reward_scale --target_entropy
      --threads --json --resume --dry_run
    plot <runs...>
      --config_path --x --y --group --panels --center --band --out --csv --json
    replay <what>
      --config_path --env.task --env.module --env.goals.kind --env.goals.seed --env.goals.vector
      --env.goal_visible --env.max_steps --env.arguments --env.python --env.timeout_seconds --env.observation
      --env.options --episodes --episode --seed --denoising.num_inference_steps --denoising.eta
      --denoising.min_sampling_std --threads --out --json
    report <runs...>
      --config_path --group --episodes --out --json
    env list
      --config_path --env.task --env.module --json
    env show <task>
      --config_path --env.module --env.goals.kind --env.goals.seed --env.goals.vector --env.goal_visible
      --env.max_steps --env.arguments --env.python --env.timeout_seconds --env.observation --env.options
      --out --replay --camera --width --height --seed --json
    env check <task>
      --config_path --env.module --env.goals.kind --env.goals.seed --env.goals.vector --env.goal_visible
      --env.max_steps --env.arguments --env.python --env.timeout_seconds --env.observation --env.options
      --json
    env verify
      --config_path --golden --env.task --json
    env expert
      --config_path --env.task --env.module --env.goals.kind --env.goals.seed --env.goals.vector
      --env.goal_visible --env.max_steps --env.arguments --env.python --env.timeout_seconds --env.observation
      --env.options --eval.n_episodes --seed --json
    data collect
      --config_path --preset --dataset.root --env.task --env.module --env.goals.kind --env.goals.seed
      --env.goals.vector --env.goal_visible --env.max_steps --env.arguments --env.python
      --env.timeout_seconds --env.observation --env.options --agent --episodes --success --keep
      --sac.env_steps --sac.eval_every --sac.eval.n_episodes --sac.episodes --sac.learning_starts
      --sac.utd_ratio --sac.batch_size --sac.hidden_sizes --sac.learning_rate --sac.critic_learning_rate
      --sac.discount --sac.tau --sac.normalize --sac.reward_scale --sac.target_entropy --threads --seed
      --json
    data info <folder>
      --config_path --html --json
    data view <folder>
      --config_path --episodes --out --json
    data check <folder>
      --config_path --quarantine --json
    data merge <folders...>
      --config_path --out --json
    data import <path>
      --config_path --dataset.root --format --actions --skip_refused --observation_keys --task
      --episode_steps --arrays.observations --arrays.actions --arrays.rewards --arrays.terminals
      --arrays.timeouts --arrays.successes --json
    data export <folder>
      --config_path --format --out --fps --robot_type --file_bytes --id --json
    "
  `);
});

test("an algorithm's own command is that of train", () => {
  for (const words of ["pretrain", "finetune", "sac"]) {
    const [own, one] = [words, `train ${words}`].map((each) => commands.get(each)) as [Command, Command];
    expect(flagsOf(own)).toEqual(flagsOf(one));
  }
});

describe.each([...commands])("%s", (_, command) => {
  test("has flags in snake_case, which kebab-case stands for too", () => {
    for (const flag of flagsOf(command)) expect(flag).toMatch(/^[a-z0-9_]+(\.[a-z0-9_]+)*$/);
    const kebab = flagsOf(command)
      .filter((flag) => flag.includes("_"))
      .map((flag) => flag.replaceAll("_", "-"));
    expect(flagsOf(command, true)).toEqual(kebab);
  });

  test("says in its help what it and each of its flags is for", () => {
    expect(command.description()).toMatch(/\.$/);
    for (const { long, description, hidden } of command.options)
      if (!hidden) expect([long, description]).toEqual([long, expect.stringMatching(/^(?!of |\(choices)./)]);
    for (const { description } of command.registeredArguments) expect(description).toMatch(/^(?!of )./);
  });

  test("prints one document with --json, and reads a file of its values, where it has any", () => {
    expect(flagsOf(command)).toContain("json");
    const [first, ...values] = flagsOf(command).filter((flag) => flag !== "json");
    expect(first).toBe(values.length > 0 ? "config_path" : undefined);
  });

  test("takes flags without a value before its arguments", () => {
    const flags = command.options.filter((option) => option.optional).map(({ long }) => String(long));
    const [first] = argumentsOf(command);
    for (const flag of first === undefined ? [] : flags)
      expect(command.parseOptions([flag, "path"])).toEqual({ operands: ["path"], unknown: [] });
  });

  test("has no private words in its help", () => {
    const help = command.helpInformation();
    expect(help).not.toMatch(
      /(?<!Meta-)\b(worlds?|lanes?|players?|judged?|judgement|plans?|rounds?|explorer|remarks?|hired)\b/i,
    );
    expect(help).not.toMatch(/regularis|normalis|optimis|colour|\bcentre\b|comes? to lie|who plays/i);
  });
});

test("one name has one meaning: the same description in every command", () => {
  const shared = ["env.max_steps", "env.num_envs", "env.module", "eval.n_episodes", "config_path", "json"];
  for (const flag of shared) {
    const texts = [...commands.values()].flatMap((command) =>
      command.options
        .filter(({ long }) => long === `--${flag}`)
        .map(({ description }) => description.replace(/ \(.*/, "")),
    );
    expect([flag, new Set(texts).size]).toEqual([flag, 1]);
  }
});

test("of what is not called only name and summary are there, the same in the list of all", async () => {
  const [all, some] = [await createProgram(), await createProgram(["help", "data", "merge", "--out"])];
  expect(some.helpInformation()).toBe(all.helpInformation());
  const flagsBelow = ({ commands }: Command): readonly string[] =>
    commands.flatMap((each) => [...(each.options.length > 0 ? [each.name()] : []), ...flagsBelow(each)]);
  expect(flagsBelow(some)).toEqual(["merge"]);
});

describe("names of 0.1", () => {
  const old: Readonly<Record<string, string>> = JSON.parse(
    readFileSync(join(import.meta.dirname, "fixtures/flags-0.1.json"), "utf8"),
  );

  test.each(Object.entries(old))(
    "%s: each is still there, or is answered with its new name",
    (words, names) => {
      const command = commands.get(words);
      const known = command ? flagsOf(command) : [];
      const lost = names
        .split(" ")
        .map((name) => name.replaceAll("-", "_"))
        .filter((name) => !known.includes(name) && renameOf(name, words, known) === undefined);
      expect(lost).toEqual([]);
    },
  );

  test.each(renames.map((rename) => [rename.old, rename] as const))("%s is of a command of 0.1", (name) => {
    const all = Object.values(old).join(" ").replaceAll("-", "_").split(" ");
    expect(all.some((flag) => `.${flag}.`.includes(`.${name}.`))).toBe(true);
  });

  test.each(renames.filter(({ now }) => now !== null))("$old: $now is there", ({ now, of }) => {
    const having = [...commands].filter(([words]) => of?.includes(words) ?? true);
    const ends = (flag: string) => `.${flag}.`.includes(`.${now}.`);
    const lacking = having.filter(([, command]) => !flagsOf(command).some(ends)).map(([words]) => words);
    if (of) expect(lacking).toEqual([]);
    else expect(lacking.length).toBeLessThan(having.length);
  });
});

test.each(["pretrain", "finetune", "sac"])("a %s run of 0.1 is refused with all new names", async (kind) => {
  const folder = join(import.meta.dirname, "../../test/fixtures/runs-0.1", kind);
  const flags = [kind, "--resume=true", "--config_path", folder];
  const program = await createProgram(flags);
  const error = await program.parseAsync(flags, { from: "user" }).catch((thrown) => thrown);
  expect(error).toMatchObject({ name: "UsageError" });
  expect(error.message).toMatch(
    /^.*config\.json is of sodp 0\.1: .*env\.worlds is now env\.num_envs.*; the run goes on with sodp 0\.1 only, .*$/,
  );
});

/** Words in lines of at most 110 characters. */
function wrapped(words: readonly string[]): string {
  const lines: string[] = [];
  for (const word of words) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + word.length < 105) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(`  ${word}`);
  }
  return lines.join("\n");
}
