/**
 * @file Minari's HDF5 data sets: data/metadata.json says what they are, data/main_data.hdf5 has a group per episode.
 * Source: minari 0.5.4, dataset/_storages/hdf5_storage.py and serialization.py.
 *
 * There is one observation more than there are actions. A space may be a dictionary of spaces; what of it are numbers
 * become parts, in the order of the space. Infos may have the reset's entry in front; it is left out, as are pictures that
 * are packed as JPEG.
 */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { successKeys, UserError } from "../../base/index.ts";
import type { Range } from "../episodes/index.ts";
import { knownFlags, readJoined, successFlags, type TypedColumn } from "./column.ts";
import type {
  DatasetDescription,
  FormatOptions,
  ImportFormat,
  SourceColumn,
  SourceDataset,
  Tell,
} from "./external-dataset.ts";
import { type Hdf5File, openHdf5 } from "./hdf5.ts";
import { PythonNumber, parseJson, readJson } from "./python-json.ts";
import { asDescribed, missingParts, oneNumber } from "./transitions.ts";

const Metadata = z.object({
  dataset_id: z.string().optional(),
  data_format: z.string().default("hdf5"),
  total_episodes: z.int().nonnegative(),
  total_steps: z.int().nonnegative(),
  observation_space: z.string().optional(),
  action_space: z.string().optional(),
  env_spec: z.string().optional(),
  tasks: z.array(z.string()).optional().describe("in sets that this package wrote"),
});
type Metadata = z.infer<typeof Metadata>;

type Nested = z.infer<typeof PythonNumber> | readonly Nested[];
const Nested: z.ZodType<Nested> = z.lazy(() => z.union([PythonNumber, z.array(Nested)]));
type Space =
  | {
      readonly type: "Box";
      readonly shape?: readonly number[] | undefined;
      readonly low: Nested;
      readonly high: Nested;
    }
  | { readonly type: "Dict"; readonly subspaces: Readonly<Record<string, Space>> }
  | { readonly type: "Tuple"; readonly subspaces: readonly Space[] }
  | { readonly type: "Discrete" | "MultiDiscrete" | "MultiBinary" | "Text" };
const Space: z.ZodType<Space> = z.lazy(() =>
  z.discriminatedUnion("type", [
    z.object({ type: z.literal("Box"), shape: z.array(z.int()).optional(), low: Nested, high: Nested }),
    z.object({ type: z.literal("Dict"), subspaces: z.record(z.string(), Space) }),
    z.object({ type: z.literal("Tuple"), subspaces: z.array(Space) }),
    z.object({ type: z.enum(["Discrete", "MultiDiscrete", "MultiBinary", "Text"]) }),
  ]),
);

/** Observations are all parts of a dictionary that are numbers, or those that are named. */
export const minari: ImportFormat = {
  summary: "Minari: a folder with data/metadata.json",
  uses: ["observationKeys", "task", "keys"],
  looksLike: (path, isFolder) => isFolder && existsSync(dataFolder(path, "metadata.json")),
  open: openMinari,
};

const dataFolder = (folder: string, file: string) => join(folder, "data", file);

async function openMinari(folder: string, options: FormatOptions): Promise<SourceDataset> {
  const metadata = await readJson(dataFolder(folder, "metadata.json"), Metadata);
  if (metadata.data_format !== "hdf5")
    throw new UserError(
      `${folder} keeps its data as ${metadata.data_format}; hdf5 is read. Minari converts: create the set anew with ` +
        `data_format="hdf5".`,
    );
  const path = dataFolder(folder, "main_data.hdf5");
  using file = await openHdf5(path);
  const names = episodeNames(file);
  if (names.length === 0) throw new UserError(`${path} has no episodes.`);
  if (names.length !== metadata.total_episodes)
    throw new UserError(
      `${folder} is torn: its metadata tell of ${metadata.total_episodes} episodes, its data hold ${names.length}.`,
    );
  const first = names[0];
  const spaces = {
    observations: spaceOf(metadata.observation_space),
    actions: spaceOf(metadata.action_space),
  };
  const found = leaves(file, first, "observations", spaces.observations);
  const observation = chosen(found, options.observationKeys, path);
  const action = actionLeaf(file, first, spaces.actions, path);
  const keys = options.keys?.successes === undefined ? successKeys : [options.keys.successes];
  const hasSuccesses = names.some((name) => successKeyOf(file, name, keys) !== undefined);
  if (!hasSuccesses && options.keys?.successes !== undefined)
    throw new UserError(`${path} has no infos/${options.keys.successes} in any episode.`);
  const task = options.task ?? taskOf(metadata, folder);
  const description: DatasetDescription = {
    format: "Minari (HDF5)",
    path: folder,
    observation: observation.map(describeLeaf),
    action: describeLeaf(action),
    tasks: (options.task === undefined && metadata.tasks) || [task],
    episodes: metadata.total_episodes,
    steps: metadata.total_steps,
    fps: undefined,
    ...(metadata.dataset_id !== undefined && { about: { id: metadata.dataset_id } }),
    notes: [
      ...leftOut(found, observation),
      ...missingParts({ rewards: true, successes: hasSuccesses, nextObservations: true }),
    ],
  };
  return { description, sources: () => sources(path, description, { keys, hasSuccesses, task }) };
}

/** The name of an episode's info that says whether it is solved, if it has one. */
const successKeyOf = (file: Hdf5File, group: string, keys: readonly string[]) =>
  keys.find((key) => ["numbers", "other"].includes(file.kind(`${group}/infos/${key}`) ?? ""));

interface SourceOptions {
  /** Names that an info of success may have. */
  readonly keys: readonly string[];
  /** True if any episode has one. */
  readonly hasSuccesses: boolean;
  /** Of episodes that do not say. */
  readonly task: string;
}

async function* sources(
  path: string,
  { observation, action }: DatasetDescription,
  { keys, hasSuccesses, task }: SourceOptions,
) {
  using file = await openHdf5(path);
  for (const group of episodeNames(file)) {
    const column = (key: string) => file.column(`${group}/${key}`);
    yield {
      name: `${group} of ${path}`,
      async read(tell: Tell) {
        const actions = asDescribed(column(action.key), action);
        const steps = actions.rows;
        const observed = observation.map((each) =>
          expectRows(asDescribed(column(each.key), each), steps + 1, each.key, group),
        );
        const [terminations, rewards] = ["terminations", "rewards"].map((key) =>
          oneNumber(expectRows(column(key), steps, key, group), key, group),
        );
        const ended = knownFlags(await terminations.read(0, steps), "terminations").indexOf(1);
        if (ended >= 0 && ended < steps - 1)
          throw new UserError(`It ends at step ${ended}, yet has ${steps} steps.`);
        const key = successKeyOf(file, group, keys);
        if (key === undefined && hasSuccesses)
          tell("Whether its steps solved the task is not known: none counts as solved.");
        return {
          task: String(file.attribute(group, "options/task") ?? task),
          seed: seedOf(file.attribute(group, "seed")),
          observations: await readJoined(observed, 0, steps),
          finalObservation: await readJoined(observed, steps, steps + 1),
          actions: await actions.read(0, steps),
          rewards: await rewards.read(0, steps),
          successes:
            key === undefined
              ? new Uint8Array(steps)
              : await readSuccesses(column(`infos/${key}`), steps, tell),
          terminated: ended >= 0,
        };
      },
    };
  }
}

/** The seed if our environments could take it; others' seeds may be larger, or missing. */
const seedOf = (seed: string | number | undefined) =>
  typeof seed === "number" && Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32 ? seed : 0;

/** column: T entries, or T + 1, of which the first is the reset's */
async function readSuccesses(column: TypedColumn, steps: number, tell: Tell): Promise<Uint8Array> {
  if (column.size !== 1 || (column.rows !== steps && column.rows !== steps + 1))
    throw new UserError(
      `Expected ${steps} or ${steps + 1} flags of success, got ${column.rows} rows of ${column.size}.`,
    );
  return successFlags(await column.read(column.rows - steps, column.rows), tell);
}

function expectRows(column: TypedColumn, rows: number, key: string, group: string): TypedColumn {
  if (column.rows === rows) return column;
  throw new UserError(
    `Expected ${rows} rows of ${key}, as its actions ask for; ${group} has ${column.rows}.`,
  );
}

/** episode_0, episode_1, ... in order of their numbers. */
function episodeNames(file: Hdf5File): string[] {
  const number = (name: string) => Number(/^episode_(\d+)$/.exec(name)?.[1] ?? Number.NaN);
  return file
    .keys("")
    .filter((name) => !Number.isNaN(number(name)))
    .sort((a, b) => number(a) - number(b));
}

/** A space's end: something with a data set of its own. */
interface Leaf {
  /** Below the episode's group. */
  readonly key: string;
  readonly column: TypedColumn | undefined;
  readonly space: Space | undefined;
}

/** Every end of `space` below `key`, or, where the space is not told, of what the file has there. */
function leaves(file: Hdf5File, group: string, key: string, space: Space | undefined): Leaf[] {
  const path = `${group}/${key}`;
  if (file.kind(path) === "group") {
    const known = space?.type === "Dict" ? Object.keys(space.subspaces) : [];
    const names = file.keys(path);
    const inOrder = [
      ...known.filter((name) => names.includes(name)),
      ...names.filter((name) => !known.includes(name)),
    ];
    return inOrder.flatMap((name) => leaves(file, group, `${key}/${name}`, subspace(space, name)));
  }
  const numeric = file.kind(path) === "numbers" && (space === undefined || space.type === "Box");
  return [{ key, space, column: numeric ? file.column(path) : undefined }];
}

function subspace(space: Space | undefined, name: string): Space | undefined {
  if (space?.type === "Dict") return space.subspaces[name];
  if (space?.type === "Tuple") return space.subspaces[Number(name.replace("_index_", ""))];
  return undefined;
}

/** Numbers as the space says: of a picture that is packed as JPEG the file has bytes of another shape. */
const isNumeric = ({ column, space }: Leaf) =>
  column !== undefined &&
  (space?.type !== "Box" || space.shape === undefined || space.shape.join() === column.shape.join());

function chosen(found: readonly Leaf[], keys: readonly string[] | undefined, path: string): readonly Leaf[] {
  const usable = found.filter(isNumeric);
  const known = usable.map(({ key }) => key.replace("observations/", ""));
  if (usable.length === 0) throw new UserError(`${path} has no observations that are numbers.`);
  return (
    keys?.map((key) => {
      const leaf = usable[known.indexOf(key)];
      if (leaf) return leaf;
      throw new UserError(`${path} has no observation "${key}" of numbers. It has: ${known.join(", ")}.`);
    }) ?? usable
  );
}

const leftOut = (found: readonly Leaf[], used: readonly Leaf[]) =>
  found.filter((leaf) => !used.includes(leaf)).map(({ key }) => `${key} is left out.`);

function actionLeaf(file: Hdf5File, group: string, space: Space | undefined, path: string): Leaf {
  const [leaf, ...others] = leaves(file, group, "actions", space);
  if (leaf && others.length === 0 && isNumeric(leaf)) return leaf;
  const what = others.length ? "several parts" : `of type ${leaf?.space?.type ?? "unknown"}`;
  throw new UserError(`Expected actions that are one Box of numbers; in ${path} they are ${what}.`);
}

function describeLeaf({ key, column, space }: Leaf): SourceColumn {
  if (!column) throw new Error(`${key} was chosen without numbers.`);
  const { shape, size, type } = column;
  return { key, shape, size, type, range: space && rangeOf(space, size) };
}

function rangeOf(space: Space, size: number): Range | undefined {
  if (space.type !== "Box") return undefined;
  const [low, high] = [numbersOf(space.low), numbersOf(space.high)];
  return low.length === size && high.length === size ? { low, high } : undefined;
}

const numbersOf = (bound: Nested): readonly number[] =>
  typeof bound === "number" ? [bound] : bound.flatMap(numbersOf);

function spaceOf(text: string | undefined): Space | undefined {
  if (text === undefined) return undefined; // older sets leave it to the environment
  const result = Space.safeParse(parseJson(text, "A space in the metadata"));
  if (result.success) return result.data;
  throw new UserError(`A space is not as Minari writes them: ${text.slice(0, 200)}`);
}

/** The environment's id, or else the set's. */
function taskOf(metadata: Metadata, folder: string): string {
  const id =
    metadata.env_spec &&
    z.object({ id: z.string() }).safeParse(parseJson(metadata.env_spec, `The env_spec of ${folder}`)).data
      ?.id;
  return id || metadata.dataset_id || basename(folder);
}
