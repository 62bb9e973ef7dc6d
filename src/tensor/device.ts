/** @file Contract between programs and what runs them. Types only: the devices themselves are in src/devices. */
import type { Closable } from "../base/index.ts";
import type { Shape } from "./graph.ts";
import type { Spec } from "./ops/source.ts";

/** Numbers in this process's memory, row-major: int32 inputs as Int32Array, all else as Float32Array. */
export type Numbers = Float32Array | Int32Array;

/** An ONNX model, with the shapes and types of its inputs and outputs. */
export interface Model {
  readonly inputs: Readonly<Record<string, Spec>>;
  readonly outputs: Readonly<Record<string, Spec>>;
  readonly onnx: Uint8Array;
}

/** A processor or graphics card, through the runtime that drives it. */
export interface Device {
  /** Name in messages: "cpu", "webgpu", ... */
  readonly kind: string;
  /**
   * Opens a session for `model`. keep: outputs that stay in the device's own memory, none if it has no `upload`
   * Throws UserError if there is no such device here.
   */
  open(model: Model, keep: readonly string[]): Promise<Session>;
  /**
   * A copy of `numbers` in the device's own memory. Absent if it has none: then programs read and write this process's
   * memory. Throws UserError if the numbers do not fill `shape`.
   */
  readonly upload?: (numbers: Float32Array, shape: Shape) => Promise<DeviceArray>;
}

/** A model that is ready to run. One run at a time. */
export interface Session {
  /**
   * Computes all outputs. inputs: for each input of the model an array that fits it, read in place
   * into: arrays that fit, where outputs are written; the others arrive in fresh arrays, or stay on the device
   */
  run(
    inputs: Readonly<Record<string, Numbers | DeviceArray>>,
    into: Readonly<Record<string, Float32Array>>,
  ): Promise<Record<string, Float32Array | DeviceArray>>;
  /** Frees the device's memory. */
  release(): Promise<void>;
}

/** A float32 array in a device's own memory, which no garbage collector sees: dispose it when it is done with. */
export interface DeviceArray extends Closable {
  readonly device: Device;
  readonly shape: Shape;
  /** A copy in this process's memory. */
  download(): Promise<Float32Array>;
}
