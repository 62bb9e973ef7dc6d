/**
 * @file Writes traced values as one static ONNX graph.
 *
 * Each value is lowered by its own operation. Equal nodes are written once, whoever asks for them, and what no output
 * needs is left out. The body of a loop becomes a sub-graph; whatever in it does not depend on the loop is lowered
 * outside, hence computed once.
 */
import { type Shape, topologicalOrder, type Value } from "../graph.ts";
import { graphOf, overRows, type Port, type Rows, renamed } from "./over-rows.ts";
import {
  type ElementType,
  graphProto,
  type Message,
  modelProto,
  type OnnxAttribute,
  type OnnxNode,
  tensorProto,
  valueInfo,
} from "./protobuf.ts";

/** Writer of an operation's lowering. Names stand for tensors of the graph. */
export interface Emit {
  /** Adds a node, or finds the equal one written before, and returns the name of its result. */
  (op: string, inputs: readonly string[], attributes?: Readonly<Record<string, OnnxAttribute>>): string;
  /** A node of several results, found again likewise. */
  several(
    op: string,
    inputs: readonly string[],
    count: number,
    attributes?: Readonly<Record<string, OnnxAttribute>>,
  ): readonly string[];
  /** The name of a value that is computed from inputs of the node being lowered. */
  lower(value: Value): string;
  /** The name of such a value, by nodes that are not shared with those that compute the same for others. */
  lowerAnew(value: Value): string;
  /** A constant of the given shape. */
  constant(data: Float32Array | Int32Array | BigInt64Array, shape: Shape): string;
  /** A float32 scalar. */
  float(value: number): string;
  /** A one-axis int64 constant, as shapes and axes are given to ONNX. */
  ints(values: readonly number[]): string;
  /** The results of a loop whose body is written as a sub-graph. */
  loop(loop: LoopBody): readonly string[];
}

/**
 * A loop of `count` iterations, numbered from 0 by `iteration`. `carry` enters as `initial` and leaves each as `next`;
 * `records` of all are kept, one after another.
 */
export interface LoopBody {
  readonly count: number;
  readonly iteration: Value;
  readonly carry: readonly Value[];
  readonly initial: readonly Value[];
  readonly next: readonly Value[];
  readonly records: readonly Value[];
}

/** What a model file says beside its graph. */
export interface ModelOptions {
  /** Text that is stored beside the graph. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** The model is of one row: the file answers any number of them, see `overRows`. */
  readonly rows?: Rows;
}

/** An ONNX model that computes `outputs` from `inputs`. */
export function toOnnx(
  inputs: Readonly<Record<string, Value>>,
  outputs: Readonly<Record<string, Value>>,
  { metadata = {}, rows }: ModelOptions = {},
): Uint8Array {
  const nodes: OnnxNode[] = [];
  const constants = new Map<string, Message>();
  const scope = new Scope(
    nodes,
    constants,
    new Map(Object.entries(inputs).map(([name, value]) => [value, name])),
  );
  const results = Object.entries(outputs).map(([name, value]): Result => [scope.lower(value), name]);
  const kept = returning(nodes, results);
  const used = new Set(kept.flatMap(namesUsedBy));
  const initializers = [...constants].filter(([name]) => used.has(name)).map(([, message]) => message);
  const model = { nodes: kept, inputs: portsOf(inputs), outputs: portsOf(outputs) };
  const graph = rows === undefined ? graphOf(model) : overRows(model, rows);
  return modelProto(graphProto("sodp", graph, initializers), metadata);
}

const portsOf = (values: Readonly<Record<string, Value>>): Port[] =>
  Object.entries(values).map(([name, { dtype, shape }]) => ({ name, dtype, shape }));

/** One graph or sub-graph being written. */
class Scope {
  readonly #nodes: OnnxNode[];
  readonly #constants: Map<string, Message>;
  readonly #names: Map<Value, string>;
  readonly #parent: Scope | null;
  readonly #equal = new Map<string, readonly string[]>();
  /** Constants written so far, by type, shape and hash. */
  readonly #constantsByHash = new Map<
    string,
    readonly { readonly name: string; readonly bytes: Uint8Array }[]
  >();
  /** Tensor before the reshape, by each reshape's result. */
  readonly #sources = new Map<string, string>();
  /** Of the root: whether nodes being written are kept apart from equal ones written before. */
  #anew = false;
  readonly #loops = new Map<LoopBody, readonly string[]>();
  readonly #emit: Emit;

  constructor(
    nodes: OnnxNode[],
    constants: Map<string, Message>,
    names: Map<Value, string>,
    parent: Scope | null = null,
  ) {
    this.#nodes = nodes;
    this.#constants = constants;
    this.#parent = parent;
    this.#names = names;
    this.#emit = Object.assign(
      (op: string, inputs: readonly string[], attributes = {}) => this.#node(op, inputs, attributes),
      {
        several: (op: string, inputs: readonly string[], count: number, attributes = {}) =>
          this.#several(op, inputs, attributes, count),
        lower: (value: Value) => this.lower(value),
        lowerAnew: (value: Value) => this.#lowerAnew(value),
        constant: (data: Float32Array | Int32Array | BigInt64Array, shape: Shape) =>
          this.#constant(data, shape),
        float: (value: number) => this.#constant(Float32Array.of(value), []),
        ints: (values: readonly number[]) =>
          this.#constant(BigInt64Array.from(values.map((value) => BigInt(value))), [values.length]),
        loop: (loop: LoopBody) => this.#loop(loop),
      },
    );
  }

  /** The name of the tensor that holds `value`; writes what is missing for it. */
  lower(value: Value): string {
    for (const next of topologicalOrder([value], (known) => this.#find(known) !== undefined)) {
      const home = this.#home(next);
      const inputs = next.inputs.map((input) => this.#find(input) as string);
      const lowering = next.op.onnx;
      const name =
        typeof lowering === "string"
          ? home.#node(lowering, inputs, {})
          : lowering(home.#emit, inputs, next as never);
      home.#names.set(next, name);
    }
    return this.#find(value) as string;
  }

  #lowerAnew(value: Value): string {
    const root = this.#root();
    const before = root.#anew;
    root.#anew = true;
    const name = this.lower(value);
    root.#anew = before;
    return name;
  }

  #find(value: Value): string | undefined {
    return this.#names.get(value) ?? (this.#parent === null ? undefined : this.#parent.#find(value));
  }

  /** The innermost scope that one of the value's inputs belongs to. */
  #home(value: Value): Scope {
    const isHere = this.#parent === null || value.inputs.some((input) => this.#names.has(input));
    return isHere ? this : (this.#parent as Scope).#home(value);
  }

  #node(op: string, inputs: readonly string[], attributes: Readonly<Record<string, OnnxAttribute>>): string {
    if (op !== "Reshape") return this.#several(op, inputs, attributes, 1)[0];
    // What a reshape reads may be a reshape itself, whose own shape then does not matter.
    const source = this.#reshaped(inputs[0]) ?? inputs[0];
    const name = this.#several(op, inputs.with(0, source), attributes, 1)[0];
    this.#sources.set(name, source);
    return name;
  }

  #reshaped(name: string): string | undefined {
    return this.#sources.get(name) ?? (this.#parent === null ? undefined : this.#parent.#reshaped(name));
  }

  #several(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>>,
    count: number,
  ): readonly string[] {
    const anew = this.#root().#anew ? "anew " : "";
    const key = `${anew}${op}(${inputs.join()})${JSON.stringify(attributes)}`;
    let outputs = this.#equal.get(key);
    if (outputs === undefined) {
      outputs = Array.from({ length: count }, () => this.#fresh(op));
      this.#nodes.push({ op, inputs, outputs, attributes });
      this.#equal.set(key, outputs);
    }
    return outputs;
  }

  /** Constants belong to the whole model; equal ones are shared. */
  #constant(data: Float32Array | Int32Array | BigInt64Array, shape: Shape): string {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const type: ElementType =
      data instanceof Float32Array ? "float32" : data instanceof Int32Array ? "int32" : "int64";
    const root = this.#root();
    const key = `${type}[${shape}]${hashOf(bytes)}`;
    const alike = root.#constantsByHash.get(key) ?? [];
    const equal = alike.find((each) => isEqual(each.bytes, bytes));
    if (equal !== undefined) return equal.name;
    const name = this.#fresh("constant");
    this.#constants.set(name, tensorProto(name, type, shape, bytes));
    root.#constantsByHash.set(key, [...alike, { name, bytes }]);
    return name;
  }

  #loop(loop: LoopBody): readonly string[] {
    const written = this.#loops.get(loop);
    if (written !== undefined) return written;
    const iteration = this.#fresh("iteration");
    const condition = this.#fresh("condition");
    const goOn = this.#fresh("goOn");
    const carried = loop.carry.map(() => this.#fresh("carry"));
    const names = new Map<Value, string>([[loop.iteration, iteration]]);
    loop.carry.forEach((value, i) => {
      names.set(value, carried[i]);
    });
    const nodes: OnnxNode[] = [];
    const inside = new Scope(nodes, this.#constants, names, this);
    const leaving = [...loop.next, ...loop.records];
    const leavingNames = leaving.map(() => this.#fresh("result"));
    const results = leaving.map((value, i): Result => [inside.lower(value), leavingNames[i]]);
    const floats = (name: string, { shape }: Value) => valueInfo(name, "float32", shape);
    const body = {
      nodes: returning(nodes, [[condition, goOn], ...results]),
      inputs: [
        valueInfo(iteration, "int64", []),
        valueInfo(condition, "bool", []),
        ...loop.carry.map((value, i) => floats(carried[i], value)),
      ],
      outputs: [valueInfo(goOn, "bool", []), ...leaving.map((value, i) => floats(leavingNames[i], value))],
    };
    const outputs = leaving.map(() => this.#fresh("loop"));
    const count = this.#constant(BigInt64Array.of(BigInt(loop.count)), []);
    const initial = loop.initial.map((value) => this.lower(value));
    this.#nodes.push({ op: "Loop", inputs: [count, "", ...initial], outputs, attributes: {}, body });
    this.#loops.set(loop, outputs);
    return outputs;
  }

  #root(): Scope {
    return this.#parent === null ? this : this.#parent.#root();
  }

  #counter = 0;
  #fresh(stem: string): string {
    return `${stem}.${this.#root().#counter++}`;
  }
}

/** A 32-bit FNV-1a hash, of words of four bytes. */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  const words = wordsOf(bytes);
  for (let i = 0; i < words.length; i++) hash = Math.imul(hash ^ words[i], 0x01000193);
  return hash >>> 0;
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  const [words, others] = [wordsOf(a), wordsOf(b)];
  return words.length === others.length && words.every((word, i) => word === others[i]);
}

/** bytes: of an array of elements of four or eight */
const wordsOf = ({ buffer, byteOffset, length }: Uint8Array) =>
  new Uint32Array(buffer, byteOffset, length / 4);

/** Every value inside the loop that depends on its iteration or its carry, these included. */
export function dependentsOf({ iteration, carry, next, records }: LoopBody): ReadonlySet<Value> {
  const own = new Set<Value>([iteration, ...carry]);
  for (const value of topologicalOrder([...next, ...records]))
    if (value.inputs.some((input) => own.has(input))) own.add(value);
  return own;
}

/** Output of a graph: a tensor of it, and the name it leaves under. */
type Result = readonly [source: string, name: string];

/** The nodes that `results` depend on, with results under the names they leave under. */
function returning(nodes: readonly OnnxNode[], results: readonly Result[]): OnnxNode[] {
  const made = new Set(nodes.flatMap(({ outputs }) => outputs));
  const names = new Map<string, string>();
  const copies: OnnxNode[] = [];
  for (const [source, name] of results)
    if (made.has(source) && !names.has(source)) names.set(source, name);
    else copies.push({ op: "Identity", inputs: [source], outputs: [name], attributes: {} });
  const named = [...nodes, ...copies].map((node) => renamed(node, names));
  return withoutDeadNodes(
    named,
    results.map(([, name]) => name),
  );
}

/** The nodes that `outputs` depend on. */
function withoutDeadNodes(nodes: readonly OnnxNode[], outputs: readonly string[]): OnnxNode[] {
  const used = new Set(outputs);
  const kept: OnnxNode[] = [];
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((name) => used.has(name))) continue;
    kept.push(node);
    for (const name of namesUsedBy(node)) used.add(name);
  }
  return kept.reverse();
}

function namesUsedBy(node: OnnxNode): string[] {
  return [...node.inputs, ...(node.body?.nodes.flatMap(namesUsedBy) ?? [])];
}
