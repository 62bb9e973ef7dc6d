/** @file Options of ONNX Runtime that every device sets. */

/**
 * Graphs run as they are written. The runtime's rewriting brings no speed, and it fuses x · (1 / y) into x / y where
 * nothing else reads 1 / y: a network would round differently with its gradient than without.
 */
export const graphsAsWritten = {
  graphOptimizationLevel: "disabled",
  logSeverityLevel: 4, // errors are thrown, not printed as well
  enableMemPattern: false,
} as const;
