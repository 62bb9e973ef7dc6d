export { atLevel, levelFeatures } from "./conditioning.ts";
export * from "./linear.ts";
export { AdamWConfig, FlatOptimiser, type OptimiserState } from "./optimiser.ts";
export { initUNet, type UNet, type UNetConfig, unet } from "./temporal-unet.ts";
export { createTrainer, Trainer, type TrainerOptions } from "./trainer.ts";
