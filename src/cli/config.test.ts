import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { UserError } from "../base/index.ts";
import { configured } from "./config.ts";
import { UsageError } from "./usage-error.ts";

const Network = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("unet"),
    width: z.int().multipleOf(8).positive().default(256).describe("channels"),
    multiples: z.array(z.int().positive()).readonly().default([1, 2]).describe("of each level"),
  }),
  z.strictObject({
    kind: z.literal("mlp"),
    width: z.int().default(512).describe("size of a layer"),
    blocks: z.int().default(2),
  }),
]);
const schema = z.strictObject({
  dataset: z.strictObject({
    root: z.string().meta({ placeholder: "folder" }).describe("where the data lie"),
  }),
  planner: z
    .strictObject({
      nActionSteps: z.int().positive().default(8).describe("actions, T_a"),
      network: Network.prefault({ kind: "unet" }),
    })
    .prefault({}),
  learningRate: z.number().positive().default(1e-4).describe("step size"),
  share: z.number().min(0).max(1).nullable().default(null).describe("null: none"),
  clip: z.tuple([z.number(), z.number()]).default([0.01, 0.1]),
  regularizer: z.enum(["bc", "kl", "pl", "none"]).default("bc"),
  advantage: z.enum(["none", "batch", "running", "time-step"]).default("none").describe("compared with"),
  stopAtSuccess: z.boolean().default(true),
  steps: z.int().optional().describe("denoising steps"),
  tasks: z.array(z.string()).default([]),
  weights: z.record(z.string(), z.number()).optional(),
});
const presets = {
  small: { dataset: { root: "preset" }, planner: { network: { kind: "mlp", blocks: 3 } } },
} as const;

const folder = mkdtempSync(join(tmpdir(), "sodp-config-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, "train.yaml");

/** Configuration of a command line. */
async function given(...flags: string[]) {
  let errors = "";
  const command = new Command("train").exitOverride();
  const read = configured(command, { schema, presets });
  const { outputError } = command.configureOutput();
  command.configureOutput({
    outputError: (text) =>
      outputError?.(text, (more) => {
        errors += more;
      }),
  });
  try {
    await command.parseAsync(flags, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) throw Object.assign(new UsageError(errors), { message: errors }); // commander writes lines
    throw error;
  }
  return read();
}
const help = () => {
  const command = new Command("train").configureOutput({ getOutHelpWidth: () => 110 });
  configured(command, { schema, presets });
  return command.helpInformation();
};
const root = ["--dataset.root", "D"];

test("defaults below a preset below a file below flags", async () => {
  writeFileSync(file, "planner: {network: {blocks: 4, width: 64}}\nlearning_rate: 0.5\nsteps: 3");
  const { config } = await given("--preset=small", "--config_path", file, "--planner.network.width", "32");
  expect(config).toEqual({
    ...schema.parse({ dataset: { root: "preset" } }),
    planner: { nActionSteps: 8, network: { kind: "mlp", width: 32, blocks: 4 } },
    learningRate: 0.5,
    steps: 3,
  });
});

test("what was asked for, and all of it, are spelt as files are", async () => {
  const { config, overrides, spelt } = await given(...root, "--learning_rate=1e-3");
  expect(overrides).toEqual({ dataset: { root: "D" }, learning_rate: 1e-3 });
  expect(spelt(config)).toMatchObject({
    stop_at_success: true,
    planner: { n_action_steps: 8, network: { width: 256 } },
  });
});

test("what a run resolved is a file that gives the same", { timeout: 60_000 }, () =>
  fc.assert(
    fc.asyncProperty(
      fc.record({
        dataset: fc.record({ root: fc.string() }),
        learningRate: fc.double({ min: 1e-300, noNaN: true, noDefaultInfinity: true }),
        share: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
        tasks: fc.array(fc.string()),
        weights: fc.dictionary(fc.constantFrom("dataSet", "a-b", "x_y"), fc.integer()),
        planner: fc.record({
          network: fc.oneof(
            fc.record({ kind: fc.constant("mlp"), blocks: fc.integer() }),
            fc.record({ kind: fc.constant("unet"), multiples: fc.array(fc.nat().map((n) => n + 1)) }),
          ),
        }),
      }),
      async (values) => {
        writeFileSync(file, JSON.stringify({ dataset: { root: "D" }, ...toSnake(schema.parse(values)) }));
        const { config, spelt } = await given("--config_path", file);
        expect(config).toEqual(schema.parse(values));
        mkdirSync(join(folder, "run"), { recursive: true });
        writeFileSync(join(folder, "run", "config.json"), JSON.stringify(spelt(config)));
        expect((await given("--config_path", join(folder, "run"))).config).toEqual(config);
      },
    ),
    { numRuns: 20 },
  ),
);

/** Keys of this test's schema, snake_case, written out by hand. */
function toSnake(config: z.infer<typeof schema>): object {
  const {
    learningRate,
    stopAtSuccess,
    planner: { nActionSteps, ...planner },
    ...rest
  } = config;
  return {
    ...rest,
    learning_rate: learningRate,
    stop_at_success: stopAtSuccess,
    planner: { n_action_steps: nActionSteps, ...planner },
  };
}

describe("a flag is read", () => {
  test.each([
    ["--learning_rate 1e-3", { learningRate: 1e-3 }],
    ["--learning-rate=1e-3", { learningRate: 1e-3 }],
    ["--planner.n-action-steps 4", { planner: { nActionSteps: 4 } }],
    ["--share 0.5 --share null", { share: null }],
    ["--clip 0.1,0.2", { clip: [0.1, 0.2] }],
    ["--clip [-1,2]", { clip: [-1, 2] }],
    ["--stop_at_success=false", { stopAtSuccess: false }],
    ["--stop_at_success false", { stopAtSuccess: false }],
    ["--stop_at_success --steps 2", { stopAtSuccess: true, steps: 2 }],
    ["--regularizer none", { regularizer: "none" }],
    ["--tasks a,b", { tasks: ["a", "b"] }],
    ["--tasks a --tasks b,c", { tasks: ["a", "b", "c"] }],
    ["--learning_rate 1 --learning-rate 2", { learningRate: 2 }],
    ['--weights {"a":1,"b-c":2}', { weights: { a: 1, "b-c": 2 } }],
    ["--dataset.root null", { dataset: { root: "null" } }],
    ["--dataset.root 007", { dataset: { root: "007" } }],
    [
      "--planner.network.kind mlp --planner.network.blocks 5",
      { planner: { network: { kind: "mlp", width: 512, blocks: 5 } } },
    ],
    ["--planner.network.blocks 5 --planner.network.kind mlp", { planner: { network: { blocks: 5 } } }],
    ["--preset small --planner.network.kind unet", { planner: { network: { kind: "unet", width: 256 } } }],
  ])("%s", async (line, part) => {
    expect((await given(...root, ...line.split(" "))).config).toMatchObject(part);
  });
});

describe("a mistake is one sentence", () => {
  test.each([
    ["--learning_rate fast", '--learning_rate: expected a number above 0, got "fast".'],
    ["--learning_rate 0", "--learning_rate: expected a number above 0, got 0."],
    ["--steps 1.5", "--steps: expected a whole number, got 1.5."],
    ["--planner.n_action_steps 0", "--planner.n_action_steps: expected a whole number from 1, got 0."],
    [
      "--planner.network.width 12",
      "--planner.network.width: expected a whole number from 1, a multiple of 8, got 12.",
    ],
    ["--planner.network.kind cnn", '--planner.network.kind: expected one of unet, mlp, got "cnn".'],
    [
      "--planner.network.blocks 2",
      "--planner.network.blocks means nothing where planner.network.kind is unet.",
    ],
    ["--share 2", "--share: expected a number from 0 to 1 or null, got 2."],
    ["--clip 1", "--clip: expected a list of 2 values, got [1]."],
    ["--clip [1,", '--clip: expected a list of 2 values, got "[1,".'],
    [
      "--planner.network.multiples 1,x",
      '--planner.network.multiples: expected a list, each a whole number from 1, got [1,"x"].',
    ],
    ["--advantage best", '--advantage: expected one of none, batch, running, time-step, got "best".'],
    ["--stop_at_success maybe", '--stop_at_success: expected true or false, got "maybe".'],
    ["--preset smal", 'Unknown preset "smal". Known: small.'],
    [
      "--actions_steps 3",
      "error: unknown option '--actions_steps'\n(Did you mean --planner.n_action_steps?)",
    ],
    ["--action-steps=3", "error: unknown option '--action-steps'\n(Did you mean --planner.n_action_steps?)"],
    ["--learnin_rate 3", "error: unknown option '--learnin_rate'\n(Did you mean --learning_rate?)"],
    ["--zzzzzzzzz", "error: unknown option '--zzzzzzzzz'"],
    ["--config_path nowhere.yaml", "--config_path: there is no nowhere.yaml."],
  ])("%s", async (line, message) => {
    const error = await given(...root, ...line.split(" ")).catch((error) => error);
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message.trimEnd()).toBe(message);
  });

  test("what is missing is told by what it is for", async () => {
    await expect(given()).rejects.toThrow(new UsageError("--dataset.root is required: where the data lie."));
  });

  test.each([
    [
      "planner: {actoin_steps: 3}",
      "FILE: unknown key planner.actoin_steps. Did you mean planner.n_action_steps?",
    ],
    ["n_action_steps: 3", "FILE: unknown key n_action_steps. Did you mean planner.n_action_steps?"],
    ["learningRate: 3", "FILE: unknown key learningRate. Did you mean learning_rate?"],
    ["learning_rate: fast", 'FILE: learning_rate: expected a number above 0, got "fast".'],
    ["planner: 3", "FILE: planner: expected keys with values, got 3."],
    ["- 3", "FILE: expected keys with values, got [3]."],
    ["a: {", "FILE is no YAML: "],
  ])("in a file: %s", async (text, message) => {
    writeFileSync(file, text);
    const error = await given(...root, "--config_path", file).catch((error) => error);
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain(message.replace("FILE", file));
    expect(error.message).not.toContain("\n");
  });

  test("of two values that contradict each other, told in the spelling of flags", async () => {
    const { checked } = await given(...root);
    const check = () => {
      throw new UserError("nActionSteps 9 is more than the horizon holds.");
    };
    expect(() => checked(check)).toThrow(
      new UsageError("--planner.n_action_steps 9 is more than the horizon holds."),
    );
  });
});

test("help names every value with its default", () => {
  expect(help()).toMatchInlineSnapshot(`
    "Usage: train [options]

    Options:
      --config_path <file>                YAML or JSON with these values, or the folder of a run
      --preset <name>                     values that go together (choices: "small")
      --dataset.root <folder>             where the data lie (required)
      --planner.n_action_steps <n>        actions, T_a (default: 8)
      --planner.network.kind <unet|mlp>   (choices: "unet", "mlp", default: "unet")
      --planner.network.width <n>         unet: channels (default: 256); mlp: size of a layer (default: 512)
      --planner.network.multiples <list>  unet: of each level (default: [1,2])
      --planner.network.blocks <n>        mlp: (default: 2)
      --learning_rate <x>                 step size (default: 0.0001)
      --share <x>                         null: none (default: null)
      --clip <list>                       (default: [0.01,0.1])
      --regularizer <bc|kl|pl|none>       (default: "bc")
      --advantage <name>                  compared with (choices: "none", "batch", "running", "time-step",
                                          default: "none")
      --stop_at_success [true|false]      (default: true)
      --steps <n>                         denoising steps
      --tasks <list>                      (default: [])
      --weights <values>
      --json                              print one JSON document
      -h, --help                          display help for command
    "
  `);
});
