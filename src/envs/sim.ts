/**
 * @file All of MuJoCo: one compiled scene and its state behind typed arrays and names. No other file knows the engine's interface.
 * Metres, radians, quaternions wxyz, matrices (9,) row by row; positions and poses are in the world frame.
 */

import type { MjData, MjModel } from "@mujoco/mujoco";
import { UserError } from "../base/index.ts";
import type { Engine } from "./engine.ts";
import { requireAlive } from "./lifecycle.ts";
import type { Quat, Vec3 } from "./mjcf.ts";
import { type Figures, figuresOf, type Ids, type Kind } from "./sim-figures.ts";

/** Windows on the engine's memory. They die when that memory grows, so they are read through `Sim.#views` only. */
interface Views {
  readonly qpos: Float64Array;
  readonly qvel: Float64Array;
  readonly ctrl: Float64Array;
  readonly mocapPos: Float64Array;
  readonly mocapQuat: Float64Array;
  readonly bodyPos: Float64Array;
  readonly bodyQuat: Float64Array;
  readonly bodyMat: Float64Array;
  readonly sitePos: Float64Array;
  readonly siteMat: Float64Array;
  readonly geomPos: Float64Array;
  readonly geomMat: Float64Array;
  readonly cameraPos: Float64Array;
  readonly cameraMat: Float64Array;
  readonly placedBodies: Float64Array;
  readonly placedSites: Float64Array;
}

/** A rotation, (9,), row by row. */
type Mat3 = readonly number[];

/** Per ray: distance of the nearest shape in metres, or -1 where nothing was hit, and the shape's id. */
export interface RayHits {
  readonly distance: Float64Array;
  readonly geom: Int32Array;
}

/** One compiled scene and its state. Holds engine memory until disposed: `using sim = ...`. */
export class Sim implements Disposable {
  /** Seconds per simulation step. */
  readonly timestep: number;
  readonly #engine: Engine;
  readonly #model: MjModel;
  readonly #data: MjData;
  readonly #ids: Ids;
  readonly #geomGroup: Int32Array;
  readonly #jointAddress: Int32Array;
  readonly #jointVelocityAddress: Int32Array;
  readonly #stateKind: number;
  readonly #stateSize: number;
  readonly #seenXml: string | undefined;
  #cached: Views;
  #seen: Sim | undefined;
  #disposed = false;

  /**
   * Compiles MJCF text. Throws what MuJoCo says about it.
   * seenXml: the same scene with all that is only seen, if `xml` lacks it: every step would place those shapes
   */
  constructor(engine: Engine, xml: string, seenXml?: string) {
    this.#engine = engine;
    this.#seenXml = seenXml;
    this.#model = engine.MjModel.from_xml_string(xml);
    this.#data = new engine.MjData(this.#model);
    this.timestep = this.#model.opt.timestep;
    const object = engine.mjtObj;
    this.#ids = {
      body: this.#names(object.mjOBJ_BODY.value, this.#model.nbody),
      site: this.#names(object.mjOBJ_SITE.value, this.#model.nsite),
      geom: this.#names(object.mjOBJ_GEOM.value, this.#model.ngeom),
      joint: this.#names(object.mjOBJ_JOINT.value, this.#model.njnt),
      camera: this.#names(object.mjOBJ_CAMERA.value, this.#model.ncam),
    };
    this.#geomGroup = Int32Array.from(this.#model.geom_group as Int32Array);
    this.#jointAddress = Int32Array.from(this.#model.jnt_qposadr as Int32Array);
    this.#jointVelocityAddress = Int32Array.from(this.#model.jnt_dofadr as Int32Array);
    this.#stateKind = engine.mjtState.mjSTATE_INTEGRATION.value;
    this.#stateSize = engine.mj_stateSize(this.#model, this.#stateKind);
    this.#cached = this.#readViews();
  }

  /** Joint coordinates, (nq,). A live window: read or write at once, do not keep. */
  get qpos(): Float64Array {
    return this.#views.qpos;
  }
  /** Joint velocities, (nv,). A live window. */
  get qvel(): Float64Array {
    return this.#views.qvel;
  }
  /** Servo targets, (nu,). A live window. */
  get control(): Float64Array {
    return this.#views.ctrl;
  }
  /** Positions of the mocap bodies in the scene's order, (bodies, 3). A live window. */
  get mocapPositions(): Float64Array {
    return this.#views.mocapPos;
  }
  /** Their orientations, (bodies, 4), normalised by the engine. A live window. */
  get mocapQuaternions(): Float64Array {
    return this.#views.mocapQuat;
  }

  bodyPosition(name: string): Vec3 {
    return triple(this.#views.bodyPos, this.#id("body", name));
  }
  bodyQuaternion(name: string): Quat {
    const at = 4 * this.#id("body", name);
    const q = this.#views.bodyQuat;
    return [q[at], q[at + 1], q[at + 2], q[at + 3]];
  }
  bodyMatrix(name: string): Mat3 {
    return nine(this.#views.bodyMat, this.#id("body", name));
  }
  sitePosition(name: string): Vec3 {
    return triple(this.#views.sitePos, this.#id("site", name));
  }
  siteMatrix(name: string): Mat3 {
    return nine(this.#views.siteMat, this.#id("site", name));
  }
  geomPosition(name: string): Vec3 {
    return triple(this.#views.geomPos, this.#id("geom", name));
  }
  geomMatrix(name: string): Mat3 {
    return nine(this.#views.geomMat, this.#id("geom", name));
  }
  cameraPosition(name: string): Vec3 {
    this.#placeCameras();
    return triple(this.#views.cameraPos, this.#id("camera", name));
  }
  cameraMatrix(name: string): Mat3 {
    this.#placeCameras();
    return nine(this.#views.cameraMat, this.#id("camera", name));
  }
  /** Cameras follow their bodies only when somebody asks: a step needs none. */
  #placeCameras(): void {
    this.#alive();
    this.#engine.mj_camlight(this.#model, this.#data);
  }
  /** Vertical field of view, degrees. */
  cameraFovy(name: string): number {
    return (this.#model.cam_fovy as Float64Array)[this.#id("camera", name)];
  }
  /** Places of all shapes, (geoms, 3). A live window. */
  get geomPositions(): Float64Array {
    return this.#views.geomPos;
  }
  /** Orientations of all shapes, (geoms, 9). A live window. */
  get geomMatrices(): Float64Array {
    return this.#views.geomMat;
  }

  /** A joint's coordinate: rad (hinge), metres (slide). */
  joint(name: string): number {
    return this.#views.qpos[this.#jointAddress[this.#id("joint", name)]];
  }
  /** Puts a hinge or slide at a coordinate; poses follow with the next `updatePoses` or `step`. */
  setJoint(name: string, value: number): void {
    this.#views.qpos[this.#jointAddress[this.#id("joint", name)]] = value;
  }
  /** Velocity of a hinge or slide, rad/s or m/s. */
  setJointVelocity(name: string, value: number): void {
    this.#views.qvel[this.#jointVelocityAddress[this.#id("joint", name)]] = value;
  }

  /** Place of a body in its parent's frame. Poses follow with the next `updatePoses` or `step`; `reset` keeps it. */
  placedBody(name: string): Vec3 {
    return triple(this.#views.placedBodies, this.#id("body", name));
  }
  placeBody(name: string, position: Vec3): void {
    this.#views.placedBodies.set(position, 3 * this.#id("body", name));
  }
  /** As `placeBody`, for a site. A site compiled at its body's origin ignores this, as in MuJoCo. */
  placeSite(name: string, position: Vec3): void {
    this.#views.placedSites.set(position, 3 * this.#id("site", name));
  }

  /** Initial coordinates, zero velocities, zero time. */
  reset(): void {
    this.#alive();
    this.#engine.mj_resetData(this.#model, this.#data);
  }

  /** Computes the poses of the present coordinates. How the simulation goes on does not depend on it, to the bit. */
  updatePoses(): void {
    this.#alive();
    this.#engine.mj_kinematics(this.#model, this.#data);
  }

  /** Advances `count` simulation steps. False if the state blew up and the engine reset it. */
  step(count: number): boolean {
    this.#alive();
    const { mj_step } = this.#engine;
    const before = this.#data.time;
    for (let i = 0; i < count; i++) mj_step(this.#model, this.#data);
    return this.#data.time - before > (count - 0.5) * this.timestep;
  }

  /** All that decides how the simulation goes on, except where bodies and sites were placed. */
  save(): Float64Array {
    this.#alive();
    const buffer = new this.#engine.DoubleBuffer(this.#stateSize);
    this.#engine.mj_getState(this.#model, this.#data, buffer, this.#stateKind);
    const state = Float64Array.from(buffer.GetView() as Float64Array);
    buffer.delete();
    return state;
  }

  /** Back to a state saved from the same scene; poses follow with the next `updatePoses` or `step`. */
  restore(state: Float64Array): void {
    this.#alive();
    if (state.length !== this.#stateSize) {
      throw new UserError(`A saved state of this scene has ${this.#stateSize} numbers, got ${state.length}.`);
    }
    this.#engine.mj_setState(this.#model, this.#data, state as unknown as number[], this.#stateKind);
  }

  /** Result of `look` after `count` more simulation steps. The simulation itself stays where it is, poses current. */
  foresee<T>(count: number, look: () => T): T {
    const state = this.save();
    this.step(count);
    this.updatePoses();
    const seen = look();
    this.restore(state);
    this.updatePoses();
    return seen;
  }

  /** The scene as it stands, poses current, with all that is only seen: what pictures are taken of, valid until a step. */
  seen(): Sim {
    this.updatePoses();
    if (this.#seenXml === undefined) return this;
    this.#seen ??= new Sim(this.#engine, this.#seenXml);
    const [from, to] = [this.#views, this.#seen.#views];
    for (const name of ["qpos", "mocapPos", "mocapQuat", "placedBodies", "placedSites"] as const)
      to[name].set(from[name]);
    this.#seen.updatePoses();
    return this.#seen;
  }

  /** The group a shape was put in, by its id. */
  group(geom: number): number {
    return this.#geomGroup[geom];
  }

  /**
   * Calls `visit` for every present contact: the two shapes' ids and the normal force in newtons. Contacts, forces and
   * poses are computed for it, a simulation step's work; as with `updatePoses`, the simulation goes on as without.
   */
  eachContact(visit: (geomA: number, geomB: number, normalForce: number) => void): void {
    this.#alive();
    this.#engine.mj_forward(this.#model, this.#data);
    if (this.#data.ncon === 0) return;
    const forces = this.#data.efc_force as Float64Array;
    const contacts = this.#data.contact;
    for (let i = 0; i < contacts.size(); i++) {
      const contact = contacts.get(i);
      if (contact === undefined) continue;
      const [a, b] = contact.geom as Int32Array;
      visit(a, b, contact.efc_address >= 0 ? forces[contact.efc_address] : 0);
      contact.delete();
    }
    contacts.delete();
  }

  /** Summed normal force between two shapes, newtons. */
  contactForce(geomA: string, geomB: string): number {
    const a = this.#id("geom", geomA);
    const b = this.#id("geom", geomB);
    let sum = 0;
    this.eachContact((x, y, force) => {
      if ((x === a && y === b) || (x === b && y === a)) sum += force;
    });
    return sum;
  }

  /**
   * Casts rays from one point.   origin: (3,) metres   directions: (rays, 3) unit vectors
   * Shapes farther than `cutoff` metres are not seen.
   */
  castRays(origin: Vec3, directions: Float64Array, cutoff = 10): RayHits {
    this.#alive();
    const rays = directions.length / 3;
    const distances = new this.#engine.DoubleBuffer(rays);
    const geoms = new this.#engine.IntBuffer(rays);
    const cast = this.#engine.mj_multiRay as (...args: readonly unknown[]) => void;
    const groups = [1, 1, 1, 1, 1, 1];
    cast(this.#model, this.#data, origin, directions, groups, true, -1, geoms, distances, null, rays, cutoff);
    const hits = {
      distance: (distances.GetView() as Float64Array).slice(),
      geom: (geoms.GetView() as Int32Array).slice(),
    };
    distances.delete();
    geoms.delete();
    return hits;
  }

  /** Constant figures, for pictures and checks. Copies. */
  figures(): Figures {
    this.#alive();
    return figuresOf(this.#engine, this.#model, this.#ids);
  }

  /** The same as its disposal, for who has no `using`. */
  close(): void {
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#seen?.[Symbol.dispose]();
    this.#data.delete();
    this.#model.delete();
  }

  get #views(): Views {
    this.#alive();
    if (this.#cached.qpos.byteLength === 0) this.#cached = this.#readViews();
    return this.#cached;
  }

  #readViews(): Views {
    const d = this.#data;
    const m = this.#model;
    return {
      qpos: d.qpos,
      qvel: d.qvel,
      ctrl: d.ctrl,
      mocapPos: d.mocap_pos,
      mocapQuat: d.mocap_quat,
      bodyPos: d.xpos,
      bodyQuat: d.xquat,
      bodyMat: d.xmat,
      sitePos: d.site_xpos,
      siteMat: d.site_xmat,
      geomPos: d.geom_xpos,
      geomMat: d.geom_xmat,
      cameraPos: d.cam_xpos,
      cameraMat: d.cam_xmat,
      placedBodies: m.body_pos,
      placedSites: m.site_pos,
    };
  }

  #names(type: number, count: number): ReadonlyMap<string, number> {
    const ids = new Map<string, number>();
    for (let id = 0; id < count; id++) {
      const name = this.#engine.mj_id2name(this.#model, type, id);
      if (name) ids.set(name, id);
    }
    return ids;
  }

  #id(kind: Kind, name: string): number {
    const id = this.#ids[kind].get(name);
    if (id !== undefined) return id;
    throw new UserError(`Unknown ${kind} "${name}". Known: ${[...this.#ids[kind].keys()].join(", ")}.`);
  }

  #alive(): void {
    requireAlive(this.#disposed);
  }
}

function triple(values: Float64Array, id: number): Vec3 {
  return [values[3 * id], values[3 * id + 1], values[3 * id + 2]];
}

/** Number by number: `slice` takes 25 times as long. */
function nine(values: Float64Array, id: number): Mat3 {
  const at = 9 * id;
  return [
    values[at],
    values[at + 1],
    values[at + 2],
    values[at + 3],
    values[at + 4],
    values[at + 5],
    values[at + 6],
    values[at + 7],
    values[at + 8],
  ];
}
