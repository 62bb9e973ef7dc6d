/** @file Cases of the learning bench: networks, batches, and the limits we hold ourselves to. */

/** A planner of Meta-World: H actions of A numbers, conditioned on T_o observations of O numbers, K denoising steps. */
export const sizes = {
  horizon: 16,
  actionSize: 4,
  nObsSteps: 2,
  observationSize: 39,
  denoisingSteps: 100,
} as const;

/** Of the MLP: residual blocks, and the size of the timestep's embedding. */
export const mlp = { blocks: 3, embeddingSize: 64 } as const;

/** HarmoDT's published sizes beside its width, 256: 5.3 M parameters. */
export const harmodt = { contextSteps: 20, promptSteps: 5, layers: 6, heads: 8, maxSteps: 1000 } as const;

export interface Case {
  /**
   * A denoiser; soft actor-critic, which sees one observation and acts one step; a convolution of pictures; HarmoDT, by the mask of
   * one task.
   */
  readonly kind: "unet" | "mlp" | "sac" | "conv2d" | "harmodt";
  /**
   * Channels of the U-Net's first level or of what the convolution makes; size of every layer of the MLP, or of both
   * layers of actor and critics.
   */
  readonly width: number;
  /** Pixels between what neighbours of the convolution see. */
  readonly stride?: number;
  readonly batch: number;
  /**
   * step: noising, loss, backward pass, AdamW and moving average; of soft actor-critic, all of these for critics, actor
   * and temperature, noise drawn. sample: all K denoising steps.
   */
  readonly work: "step" | "sample";
}

/** Compared in time. atMost: our time as a share of PyTorch's. */
export const cases: Readonly<Record<string, Case & { readonly atMost: number }>> = {
  "unet-32-b256": { work: "step", kind: "unet", width: 32, batch: 256, atMost: 0.9 },
  "unet-32-b64": { work: "step", kind: "unet", width: 32, batch: 64, atMost: 0.8 },
  "unet-64-b256": { work: "step", kind: "unet", width: 64, batch: 256, atMost: 0.95 },
  "unet-256-b64": { work: "step", kind: "unet", width: 256, batch: 64, atMost: 1 },
  "mlp-256-b256": { work: "step", kind: "mlp", width: 256, batch: 256, atMost: 0.75 },
  "sac-256-b256": { work: "step", kind: "sac", width: 256, batch: 256, atMost: 0.667 },
  "harmodt-b8": { work: "step", kind: "harmodt", width: 256, batch: 8, atMost: 0.9 },
  "conv2d-84": { work: "step", kind: "conv2d", width: 32, stride: 2, batch: 64, atMost: 1 },
  "conv2d-84-s1": { work: "step", kind: "conv2d", width: 32, stride: 1, batch: 64, atMost: 1 },
  "sample-32-b1": { work: "sample", kind: "unet", width: 32, batch: 1, atMost: 0.3 },
  "sample-32-b16": { work: "sample", kind: "unet", width: 32, batch: 16, atMost: 0.5 },
  "sample-mlp-b32": { work: "sample", kind: "mlp", width: 256, batch: 32, atMost: 0.5 },
  "sample-32-b64": { work: "sample", kind: "unet", width: 32, batch: 64, atMost: 0.8 },
};

/** Measured for memory (MB) and for the time until the first step can run (ms): 4.3 M parameters. */
export const footprint = {
  name: "footprint-64-b256",
  case: { work: "step", kind: "unet", width: 64, batch: 256 },
  memoryAtMost: 450,
  readyAtMost: 500,
} as const;
