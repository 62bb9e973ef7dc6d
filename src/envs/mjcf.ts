/**
 * @file Scenes as data, and the MJCF text MuJoCo compiles. Metres, kilograms, radians, quaternions wxyz.
 * Only what our scenes need of MJCF is here; inertias are always stated, never derived from shapes.
 */

export type Vec3 = readonly [number, number, number];
export type Quat = readonly [number, number, number, number];

/** A scene: bodies in order (it decides contact order), plus what belongs to the world body itself. */
export interface Scene {
  readonly bodies: readonly Body[];
  /** Settings of the simulation; MuJoCo's defaults where absent. */
  readonly simulation?: Simulation;
  readonly geoms?: readonly Geom[];
  readonly sites?: readonly Site[];
  readonly cameras?: readonly Camera[];
  /** Position servos on joints. */
  readonly servos?: readonly {
    readonly joint: string;
    readonly gain: number;
    readonly range: readonly [number, number];
  }[];
  /** Softly glues `body` to the pose of `to`. */
  readonly welds?: readonly {
    readonly body: string;
    readonly to: string;
    readonly relativeQuat: Quat;
    readonly torqueScale: number;
  }[];
}

export interface Simulation {
  /** Attributes of MJCF's <option>, by MuJoCo's names: { timestep: 0.002, solver: "Newton" }. */
  readonly option?: Readonly<Record<string, Attribute>>;
  /** Of its <flag>: { multiccd: "disable" }. */
  readonly flag?: Readonly<Record<string, "enable" | "disable">>;
  /** Bytes of each environment's arena, as in MJCF's <size memory>: "1M". MuJoCo itself reserves 15 MiB. */
  readonly memory?: string;
}

export interface Body {
  readonly name?: string;
  readonly pos?: Vec3;
  readonly quat?: Quat;
  /** Moved by the program, not by forces. */
  readonly mocap?: boolean;
  /** Left out for bodies that cannot move or that carry no mass of their own. */
  readonly inertia?: {
    readonly mass: number;
    readonly pos?: Vec3;
    readonly quat?: Quat;
    readonly diagonal: Vec3;
  };
  /** Colour of the body's shapes and of its descendants' unless they say otherwise. */
  readonly rgba?: readonly number[];
  readonly joints?: readonly Joint[];
  readonly geoms?: readonly Geom[];
  readonly sites?: readonly Site[];
  readonly cameras?: readonly Camera[];
  readonly bodies?: readonly Body[];
}

interface Joint {
  readonly name?: string;
  readonly type: "free" | "hinge" | "slide";
  readonly axis?: Vec3;
  readonly pos?: Vec3;
  /** Limits, rad or m; unlimited if absent. */
  readonly range?: readonly [number, number];
  readonly damping?: number;
  readonly armature?: number;
  readonly stiffness?: number;
  readonly springref?: number;
  readonly frictionloss?: number;
}

/** Contact parameters of a shape; MuJoCo's defaults where absent. */
export interface Surface {
  readonly condim?: 1 | 3 | 4 | 6;
  readonly friction?: Vec3;
  readonly solref?: readonly [number, number];
  readonly solimp?: readonly [number, number, number];
  readonly margin?: number;
}

export interface Geom extends Surface {
  readonly name?: string;
  readonly type: "plane" | "sphere" | "capsule" | "cylinder" | "box" | "mesh";
  /** Half extents (box, plane), radius (sphere), radius and half length (capsule, cylinder). */
  readonly size?: readonly number[];
  /** Corners of a shape of type "mesh". It collides as their convex hull. */
  readonly vertices?: readonly Vec3[];
  /**
   * Triangles between the corners; those of the convex hull if absent. From their centre MuJoCo looks for contacts,
   * which decides where on a flat side they are.
   */
  readonly faces?: readonly (readonly [number, number, number])[];
  /** Ends of a capsule's axis, instead of place and length. */
  readonly fromTo?: readonly [Vec3, Vec3];
  readonly pos?: Vec3;
  readonly quat?: Quat;
  readonly rgba?: readonly number[];
  /** Seen, never touched. */
  readonly visual?: boolean;
  readonly contype?: number;
  readonly conaffinity?: number;
}

export interface Site {
  readonly name: string;
  readonly pos?: Vec3;
  readonly quat?: Quat;
}

export interface Camera {
  readonly name: string;
  readonly mode?: "fixed" | "track";
  /** Vertical field of view, degrees. */
  readonly fovy: number;
  readonly pos: Vec3;
  readonly quat: Quat;
}

/** The geom group of shapes that are seen and never touched. */
export const visualGroup = 1;

/** `body`, placed. */
export function place(body: Body, pos: Vec3 = [0, 0, 0], quat?: Quat): Body {
  return quat === undefined ? { ...body, pos } : { ...body, pos, quat };
}

/** MJCF text of a scene. */
export function mjcf(scene: Scene): string {
  const meshes: string[] = [];
  const world = [
    ...(scene.cameras ?? []).map(cameraXml),
    ...(scene.geoms ?? []).map((geom) => geomXml(geom, undefined, meshes)),
    ...scene.bodies.map((body) => bodyXml(body, undefined, meshes)),
    ...(scene.sites ?? []).map(siteXml),
  ];
  return [
    "<mujoco>",
    '<compiler angle="radian" inertiafromgeom="false" autolimits="true"/>',
    simulationXml(scene.simulation ?? {}),
    `<asset>${meshes.join("")}</asset>`,
    `<worldbody>${world.join("")}</worldbody>`,
    `<actuator>${(scene.servos ?? []).map(servoXml).join("")}</actuator>`,
    `<equality>${(scene.welds ?? []).map(weldXml).join("")}</equality>`,
    "</mujoco>",
  ].join("\n");
}

function simulationXml({ option = {}, flag, memory }: Simulation): string {
  const flags = flag === undefined ? "" : element("flag", flag);
  return element("option", option, flags) + (memory === undefined ? "" : element("size", { memory }));
}

/** Collected while the bodies are written: `meshes` receives an asset for every convex shape. */
function bodyXml(body: Body, color: readonly number[] | undefined, meshes: string[]): string {
  const rgba = body.rgba ?? color;
  const { inertia } = body;
  const content = [
    ...(body.cameras ?? []).map(cameraXml),
    ...(inertia === undefined
      ? []
      : [
          element("inertial", {
            mass: inertia.mass,
            pos: inertia.pos ?? [0, 0, 0],
            quat: inertia.quat,
            diaginertia: inertia.diagonal,
          }),
        ]),
    ...(body.joints ?? []).map((joint) => element("joint", { ...joint })),
    ...(body.geoms ?? []).map((geom) => geomXml(geom, rgba, meshes)),
    ...(body.sites ?? []).map(siteXml),
    ...(body.bodies ?? []).map((child) => bodyXml(child, rgba, meshes)),
  ];
  const { name, pos, quat, mocap } = body;
  return element("body", { name, pos, quat, mocap }, content.join(""));
}

function geomXml(geom: Geom, color: readonly number[] | undefined, meshes: string[]): string {
  const { visual, vertices, faces, fromTo, ...stated } = geom;
  const attributes = { ...stated, fromto: fromTo?.flat() };
  const contact = visual ? { contype: 0, conaffinity: 0, group: visualGroup } : { group: 0 };
  const rgba = geom.rgba ?? color;
  if (vertices === undefined) return element("geom", { ...attributes, ...contact, rgba });
  const mesh = `mesh${meshes.length}`;
  meshes.push(element("mesh", { name: mesh, vertex: vertices.flat(), face: faces?.flat() }));
  return element("geom", { ...attributes, ...contact, rgba, mesh });
}

function siteXml(site: Site): string {
  return element("site", { ...site, size: [0.01] });
}

function cameraXml(camera: Camera): string {
  return element("camera", { ...camera });
}

function servoXml(servo: NonNullable<Scene["servos"]>[number]): string {
  return element("position", {
    joint: servo.joint,
    kp: servo.gain,
    ctrllimited: true,
    ctrlrange: servo.range,
  });
}

function weldXml(weld: NonNullable<Scene["welds"]>[number]): string {
  return element("weld", {
    body1: weld.to,
    body2: weld.body,
    anchor: [0, 0, 0],
    relpose: [0, 0, 0, ...weld.relativeQuat],
    torquescale: weld.torqueScale,
    solref: [0.02, 1],
  });
}

type Attribute = string | number | boolean | readonly number[] | undefined;

function element(tag: string, attributes: Readonly<Record<string, Attribute>>, content = ""): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${Array.isArray(value) ? value.join(" ") : value}"`);
  return `<${tag}${written.join("")}${content === "" ? "/>" : `>${content}</${tag}>`}`;
}
