/**
 * @file Reads ONNX models back, so that tests can look at what was written without trusting the writer.
 * Source: onnx.proto3 of ONNX 1.16 (field numbers), protobuf encoding guide (wire types).
 */

export interface ReadModel {
  readonly irVersion: number;
  readonly producer: string;
  readonly opset: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly graph: ReadGraph;
}

export interface ReadGraph {
  readonly nodes: readonly ReadNode[];
  readonly initializers: readonly Declared[];
  readonly inputs: readonly Declared[];
  readonly outputs: readonly Declared[];
}

export interface ReadNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, number | readonly number[] | string>>;
  /** The sub-graph of a loop. */
  readonly body?: ReadGraph;
}

/** Something with a name, an element type (TensorProto.DataType) and a shape. */
interface Declared {
  readonly name: string;
  readonly type: number;
  readonly shape: readonly number[];
}

export function readModel(bytes: Uint8Array): ReadModel {
  const model = new Fields(bytes);
  return {
    irVersion: model.integer(1),
    producer: model.text(2),
    graph: readGraph(model.message(7)),
    opset: model.message(8).integer(2),
    metadata: Object.fromEntries(model.messages(14).map((entry) => [entry.text(1), entry.text(2)])),
  };
}

function readGraph(graph: Fields): ReadGraph {
  return {
    nodes: graph.messages(1).map(readNode),
    initializers: graph.messages(5).map((tensor) => ({
      name: tensor.text(8),
      type: tensor.integer(2),
      shape: tensor.integers(1),
    })),
    inputs: graph.messages(11).map(readValueInfo),
    outputs: graph.messages(12).map(readValueInfo),
  };
}

function readNode(node: Fields): ReadNode {
  const attributes = node.messages(5);
  const body = attributes.find((attribute) => attribute.integer(20) === 5);
  return {
    op: node.text(4),
    inputs: node.texts(1),
    outputs: node.texts(2),
    attributes: Object.fromEntries(
      attributes
        .filter((attribute) => attribute !== body)
        .map((attribute) => [attribute.text(1), attributeValue(attribute)]),
    ),
    ...(body === undefined ? {} : { body: readGraph(body.message(6)) }),
  };
}

function attributeValue(attribute: Fields): number | readonly number[] | string {
  const type = attribute.integer(20);
  if (type === 1) return attribute.float(2);
  if (type === 2) return attribute.integer(3);
  if (type === 3) return attribute.text(4);
  if (type === 7) return attribute.integers(8);
  throw new Error(`attribute ${attribute.text(1)} has the unknown type ${type}`);
}

function readValueInfo(info: Fields): Declared {
  const type = info.message(2).message(1);
  const axes = type.message(2).messages(1);
  return { name: info.text(1), type: type.integer(1), shape: axes.map((axis) => axis.integer(1)) };
}

/** The fields of one message. */
class Fields {
  readonly #numbers = new Map<number, number[]>();
  readonly #bytes = new Map<number, Uint8Array[]>();

  constructor(bytes: Uint8Array) {
    let at = 0;
    const varint = () => {
      let value = 0n;
      for (let shift = 0n; ; shift += 7n) {
        const byte = bytes[at++];
        value |= BigInt(byte & 0x7f) << shift;
        if (byte < 0x80) return Number(BigInt.asIntN(64, value));
      }
    };
    while (at < bytes.length) {
      const key = varint();
      const [field, wire] = [key >> 3, key & 7];
      if (wire === 0) listOf(this.#numbers, field).push(varint());
      else if (wire === 2) {
        const length = varint();
        listOf(this.#bytes, field).push(bytes.subarray(at, at + length));
        at += length;
      } else if (wire === 5) {
        listOf(this.#numbers, field).push(
          new DataView(bytes.buffer, bytes.byteOffset + at).getFloat32(0, true),
        );
        at += 4;
      } else throw new Error(`wire type ${wire} is unknown`);
    }
    if (at !== bytes.length) throw new Error("a field reaches beyond its message");
  }

  integers = (field: number): number[] => this.#numbers.get(field) ?? [];
  integer = (field: number): number => this.integers(field)[0];
  float = (field: number): number => this.integers(field)[0];
  texts = (field: number): string[] => this.#all(field).map((bytes) => new TextDecoder().decode(bytes));
  text = (field: number): string => this.texts(field)[0];
  messages = (field: number): Fields[] => this.#all(field).map((bytes) => new Fields(bytes));
  message = (field: number): Fields => this.messages(field)[0];
  #all = (field: number): Uint8Array[] => this.#bytes.get(field) ?? [];
}

function listOf<T>(lists: Map<number, T[]>, field: number): T[] {
  const list = lists.get(field) ?? [];
  lists.set(field, list);
  return list;
}
