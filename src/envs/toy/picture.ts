/** @file The toy family's square as a picture: white, the agent blue, the goal magenta, the obstacle and all outside grey. */
import type { Image } from "../picture/render.ts";
import { agentRadius, goalRadius } from "./cloud.ts";
import type { Obstacle, Point } from "./tasks.ts";

type Color = readonly [red: number, green: number, blue: number];

interface Disc extends Obstacle {
  readonly color: Color;
}

const inside: Color = [250, 250, 248];
const outside: Color = [226, 226, 222];
/** Places within a pixel, along each axis, whose colors it is the mean of. */
const samples = [-0.25, 0.25];

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
  const colorAt = (x: number, y: number): Color => {
    if (Math.max(Math.abs(x), Math.abs(y)) > 1) return outside;
    const top = discs.findLast(
      ({ center, radius }) => (x - center[0]) ** 2 + (y - center[1]) ** 2 <= radius ** 2,
    );
    return top?.color ?? inside;
  };
  const pixels = new Uint8Array(4 * width * height).fill(255);
  const scale = 2 / Math.min(width, height);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [(i % width) + 0.5 - width / 2, height / 2 - Math.floor(i / width) - 0.5];
    const colors = samples.flatMap((dx) => samples.map((dy) => colorAt(scale * (x + dx), scale * (y + dy))));
    for (let channel = 0; channel < 3; channel++)
      pixels[4 * i + channel] = colors.reduce((sum, color) => sum + color[channel], 0) / colors.length;
  }
  return { width, height, pixels };
}
