/** @file The toy family's square as a picture: the agent blue, the goal magenta, the obstacle grey. */
import type { Image } from "../picture/render.ts";
import { agentRadius, goalRadius } from "./cloud.ts";
import type { Obstacle, Point } from "./tasks.ts";

type Color = readonly [red: number, green: number, blue: number];

interface Disc extends Obstacle {
  readonly color: Color;
}

const paper: Color = [250, 250, 248];

/** Later discs lie above earlier ones. The square fills the picture's shorter side. */
export function drawScene(
  { agent, goal, obstacle }: { readonly agent: Point; readonly goal: Point; readonly obstacle?: Obstacle },
  width: number,
  height: number,
): Image {
  const discs: readonly Disc[] = [
    ...(obstacle === undefined ? [] : [{ ...obstacle, color: [150, 150, 150] as const }]),
    { center: goal, radius: goalRadius, color: [242, 38, 178] },
    { center: agent, radius: agentRadius, color: [0, 114, 178] },
  ];
  const pixels = new Uint8Array(4 * width * height);
  const scale = 2 / Math.min(width, height);
  for (let i = 0; i < width * height; i++) {
    const x = scale * ((i % width) + 0.5 - width / 2);
    const y = scale * (height / 2 - Math.floor(i / width) - 0.5);
    const top = discs.findLast(
      ({ center, radius }) => (x - center[0]) ** 2 + (y - center[1]) ** 2 <= radius ** 2,
    );
    pixels.set([...(top?.color ?? paper), 255], 4 * i);
  }
  return { width, height, pixels };
}
