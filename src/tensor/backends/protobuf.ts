/**
 * @file The part of ONNX's protobuf schema that we write.
 * Source: onnx.proto3 of ONNX 1.16 (field numbers), protobuf encoding guide (wire types).
 */

/** A message under construction: its encoded fields, one after another. */
export class Message {
  #parts: Uint8Array[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** A whole number, as a varint. Negative numbers take ten bytes, as protobuf demands of int64. */
  integer(field: number, value: number): this {
    return this.#push(varint((field << 3) | 0)).#push(varint(value));
  }

  /** A 32-bit float. */
  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.#push(varint((field << 3) | 5)).#push(bytes);
  }

  /** A string, bytes or an embedded message; bytes are kept, not copied, until the message is finished. */
  bytes(field: number, value: string | Uint8Array | Message): this {
    const payload = typeof value === "string" ? new TextEncoder().encode(value) : value;
    const size = payload instanceof Message ? payload.size : payload.length;
    this.#push(varint((field << 3) | 2)).#push(varint(size));
    if (payload instanceof Message) for (const part of payload.#parts) this.#push(part);
    else this.#push(payload);
    return this;
  }

  /** The encoded message. */
  finish(): Uint8Array {
    const bytes = new Uint8Array(this.#size);
    let offset = 0;
    for (const part of this.#parts) {
      bytes.set(part, offset);
      offset += part.length;
    }
    return bytes;
  }

  #push(part: Uint8Array): this {
    this.#parts.push(part);
    this.#size += part.length;
    return this;
  }
}

/** Little-endian base 128; every byte but the last has its high bit set. */
function varint(value: number): Uint8Array {
  if (value >= 0 && value < 128) return Uint8Array.of(value);
  if (value >= 128 && value < 16384) return Uint8Array.of((value & 127) | 128, value >> 7);
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}

/** ONNX element types (TensorProto.DataType). */
const elementType = { float32: 1, int32: 6, int64: 7, bool: 9 } as const;
export type ElementType = keyof typeof elementType;

/** A TensorProto: named constant data, little-endian. `bytes` is kept, not copied. */
export function tensorProto(
  name: string,
  type: ElementType,
  shape: readonly number[],
  bytes: Uint8Array,
): Message {
  const message = new Message();
  for (const size of shape) message.integer(1, size);
  return message.integer(2, elementType[type]).bytes(8, name).bytes(9, bytes);
}

/** A ValueInfoProto: the name, type and shape of a graph's input or output; null for any shape, a name for any size. */
export function valueInfo(
  name: string,
  type: ElementType,
  shape: readonly (number | string)[] | null,
): Message {
  const tensorType = new Message().integer(1, elementType[type]);
  if (shape !== null) {
    const axes = new Message();
    for (const size of shape)
      axes.bytes(1, typeof size === "string" ? new Message().bytes(2, size) : new Message().integer(1, size));
    tensorType.bytes(2, axes);
  }
  return new Message().bytes(1, name).bytes(2, new Message().bytes(1, tensorType));
}

/** A graph, or the body of a loop. Inputs and outputs are ValueInfoProtos. */
export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly Message[];
  readonly outputs: readonly Message[];
}

export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
  /** The sub-graph of a loop. It may use names of the graph around it. */
  readonly body?: OnnxGraph;
}

/** An attribute of a node: a whole number, several, {float} or a string. */
export type OnnxAttribute = number | readonly number[] | { readonly float: number } | string;

function attributeProto(name: string, value: OnnxAttribute): Message {
  const message = new Message().bytes(1, name);
  if (typeof value === "number") return message.integer(3, value).integer(20, 2);
  if (typeof value === "string") return message.bytes(4, value).integer(20, 3);
  if ("float" in value) return message.float(2, value.float).integer(20, 1);
  for (const item of value) message.integer(8, item);
  return message.integer(20, 7);
}

/** A GraphProto. */
export function graphProto(
  name: string,
  { nodes, inputs, outputs }: OnnxGraph,
  initializers: readonly Message[],
): Message {
  const graph = new Message();
  for (const node of nodes) {
    const message = new Message();
    for (const input of node.inputs) message.bytes(1, input);
    for (const output of node.outputs) message.bytes(2, output);
    message.bytes(4, node.op);
    for (const [key, value] of Object.entries(node.attributes)) message.bytes(5, attributeProto(key, value));
    if (node.body !== undefined) {
      const body = graphProto(`${name}.body`, node.body, []);
      message.bytes(5, new Message().bytes(1, "body").bytes(6, body).integer(20, 5));
    }
    graph.bytes(1, message);
  }
  graph.bytes(2, name);
  for (const initializer of initializers) graph.bytes(5, initializer);
  for (const input of inputs) graph.bytes(11, input);
  for (const output of outputs) graph.bytes(12, output);
  return graph;
}

/** A whole model file: IR version 9, operator set 18, with string metadata. */
export function modelProto(graph: Message, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const model = new Message()
    .integer(1, 9)
    .bytes(2, "sodp")
    .bytes(7, graph)
    .bytes(8, new Message().bytes(1, "").integer(2, 18));
  for (const [key, value] of Object.entries(metadata))
    model.bytes(14, new Message().bytes(1, key).bytes(2, value));
  return model.finish();
}
