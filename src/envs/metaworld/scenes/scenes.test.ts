import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { loadEngine } from "../../engine.ts";
import { mjcf } from "../../mjcf.ts";
import { Sim } from "../../sim.ts";
import { compose, type SceneName, scenes } from "./scenes.ts";

/** Figures of the compiled official models. "emsc" is how the recording tool read an absent name. */
interface OfficialBody {
  id: number;
  name: string;
  shared?: true;
  pos: number[];
  quat: number[];
  inertial: { mass: number; pos: number[]; diag: number[] };
  joints?: { name: string; range: number[] }[];
  geoms?: OfficialGeom[];
  sites?: { name: string; pos: number[] }[];
}
interface OfficialGeom {
  id: number;
  name: string;
  collides: boolean;
  type: string;
  size: number[];
  pos: number[];
  quat: number[];
  contype: number;
  conaffinity: number;
  condim: number;
  friction: number[];
  solref: number[];
  solimp: number[];
  margin: number;
}
interface Official {
  shared: OfficialBody[];
  scenes: Record<string, { bodies: OfficialBody[] }>;
}
const path = new URL("../fixtures/scenes.json.gz", import.meta.url);
const official: Official = JSON.parse(gunzipSync(readFileSync(path)).toString());
const engine = await loadEngine();

test("there is a scene for every official one", () => {
  const sources = Object.values(scenes).map(({ source }) => source);
  expect(sources.sort()).toEqual(Object.keys(official.scenes).sort());
});

describe.each(Object.keys(scenes) as SceneName[])("%s", (name) => {
  using sim = new Sim(engine, mjcf(compose(name)));
  const ours = sim.figures();
  const shared = new Map(official.shared.map((body) => [body.name, body]));
  const bodies = official.scenes[scenes[name].source].bodies.map((body) => {
    const whole = body.shared ? shared.get(body.name) : body;
    return { ...whole, id: body.id } as OfficialBody;
  });
  const at = (values: ArrayLike<number>, size: number, id: number) =>
    Array.from({ length: size }, (_, k) => values[size * id + k]);
  const close = (a: readonly number[], b: readonly number[], limit = 1e-9) =>
    a.length === b.length && a.every((x, k) => Math.abs(x - b[k]) < limit);
  const sameName = (a: string, b: string) => a === b || b === "emsc";

  test("has the official bodies, in order, where they stand", () => {
    const wrong = bodies.filter(
      ({ id, name, pos, quat }) =>
        !sameName(ours.bodies[id], name) ||
        !close(at(ours.bodyPlace, 3, id), pos) ||
        !close(at(ours.bodyQuaternion, 4, id), quat),
    );
    expect(wrong).toEqual([]);
    expect(ours.bodies.length).toBe(bodies.length + 1);
  });

  test("has the official masses wherever something can move", () => {
    const moves = (id: number): boolean => id > 0 && (ours.bodyMass[id] > 0 || moves(ours.bodyParent[id]));
    const wrong = bodies.filter(
      ({ id, inertial }) =>
        moves(id) &&
        ours.bodyMass[id] > 0 &&
        !(
          close([ours.bodyMass[id]], [inertial.mass]) &&
          close(at(ours.bodyInertia, 3, id), inertial.diag) &&
          close(at(ours.bodyInertiaPlace, 3, id), inertial.pos)
        ),
    );
    expect(wrong).toEqual([]);
  });

  test("has the official joints", () => {
    const joints = bodies.flatMap(({ joints }) => joints ?? []);
    expect(ours.joints.length).toBe(joints.length);
    expect(joints.filter((joint, j) => !sameName(ours.joints[j], joint.name))).toEqual([]);
    expect(joints.filter((joint, j) => !close(at(ours.jointRange, 2, j), joint.range))).toEqual([]);
  });

  test("has the official colliding shapes, in order", () => {
    const kinds = ["plane", "height field", "sphere", "capsule", "ellipsoid", "cylinder", "box", "mesh"];
    const theirs = bodies.flatMap(({ id, geoms }) =>
      (geoms ?? []).filter(({ collides }) => collides).map((geom) => ({ ...geom, body: id })),
    );
    const colliding = [...ours.geomType.keys()].filter(
      (id) => ours.geomBody[id] > 0 && (ours.geomContype[id] || ours.geomConaffinity[id]),
    );
    expect(colliding.map((id) => ours.geomBody[id])).toEqual(theirs.map(({ body }) => body));
    const wrong = theirs.filter((geom, k) => {
      const id = colliding[k];
      const isMesh = geom.type === "mesh";
      const sizes = isMesh || geom.type === "box" ? 3 : geom.type === "sphere" ? 1 : 2;
      return !(
        kinds[ours.geomType[id]] === geom.type &&
        (isMesh || sameName(ours.geoms[id], geom.name)) && // what is read of a mesh's frame is a site here
        close(at(ours.geomSize, 3, id).slice(0, sizes), geom.size.slice(0, sizes), isMesh ? 1e-8 : 1e-9) &&
        close(at(ours.geomPlace, 3, id), geom.pos) &&
        close(at(ours.geomQuaternion, 4, id), geom.quat) &&
        close(at(ours.geomFriction, 3, id), geom.friction) &&
        close(at(ours.geomSolref, 2, id), geom.solref) &&
        close(at(ours.geomSolimp, 5, id), geom.solimp) &&
        close(
          [ours.geomContype[id], ours.geomConaffinity[id], ours.geomCondim[id], ours.geomMargin[id]],
          [geom.contype, geom.conaffinity, geom.condim, geom.margin],
        )
      );
    });
    expect(wrong).toEqual([]);
  });

  test("has the official sites", () => {
    const wrong = bodies.flatMap(({ sites }) =>
      (sites ?? []).filter(({ name, pos }) => !close(at(ours.sitePlace, 3, ours.sites.indexOf(name)), pos)),
    );
    expect(wrong).toEqual([]);
  });
});
