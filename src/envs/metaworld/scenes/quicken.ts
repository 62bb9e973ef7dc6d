/**
 * @file The same scene, laid out so that MuJoCo finds contacts sooner. Masses, joints and the order of colliding shapes
 * stay, and with them every bit of the simulation: a test plays all tasks both ways.
 */

import type { Body, Scene } from "../../mjcf.ts";

/**
 * Fixed bodies of several shapes whose common box encloses what moves: every step would try all their shapes. As bodies
 * of one shape each they are told apart by their boxes. For other fixtures the additional bodies cost more.
 */
const enclosing: readonly string[] = ["RetainingWall", "drawercase_link"];

/**
 * MuJoCo first compares boxes along the directions in which all shapes, visible ones too, scatter most. Two specks far
 * above and below make height the first of them; what hangs over the table is then told apart from it at once.
 */
const plumbLine: Body = {
  geoms: [1000, -1000].map((height) => ({
    type: "sphere",
    size: [0.001],
    pos: [0, 0, height],
    visual: true,
  })),
};

export function quicken(scene: Scene): Scene {
  return { ...scene, bodies: [...scene.bodies.filter(holdsSomething).map(quickenBody), plumbLine] };
}

/** The scene without shapes that are only seen, which MuJoCo would place at every step. Bodies keep their numbers. */
export function withoutVisuals(scene: Scene): Scene {
  return { ...scene, bodies: scene.bodies.map(bareBody) };
}

function bareBody(body: Body): Body {
  const { geoms, bodies } = body;
  return {
    ...body,
    ...(geoms && { geoms: geoms.filter(({ visual }) => !visual) }),
    ...(bodies && { bodies: bodies.map(bareBody) }),
  };
}

function quickenBody(body: Body): Body {
  const bodies = (body.bodies ?? []).filter(holdsSomething).map(quickenBody);
  if (body.name === undefined || !enclosing.includes(body.name)) return { ...body, bodies };
  const [first, ...rest] = body.geoms ?? [];
  return { ...body, geoms: [first], bodies: [...rest.map((geom): Body => ({ geoms: [geom] })), ...bodies] };
}

/** Some official bodies are bare frames that nothing refers to. */
function holdsSomething({ inertia, joints, geoms, sites, cameras, bodies }: Body): boolean {
  return [inertia, joints, geoms, sites, cameras, bodies].some((content) => content !== undefined);
}
