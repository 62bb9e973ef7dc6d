/** @file Constant figures of a compiled scene: masses, sizes, materials, by object. */
import type { MainModule, MjModel } from "@mujoco/mujoco";

/** Kinds of objects that a scene's names stand for. */
export type Kind = "body" | "site" | "geom" | "joint" | "camera";

/** A scene's ids by kind and name. */
export type Ids = Readonly<Record<Kind, ReadonlyMap<string, number>>>;

/** Constant figures of a compiled scene; names "" where the scene gives none. */
export interface Figures {
  readonly bodies: readonly string[];
  readonly bodyParent: Int32Array;
  readonly bodyPlace: Float64Array;
  readonly bodyQuaternion: Float64Array;
  readonly bodyMass: Float64Array;
  readonly bodyInertia: Float64Array;
  readonly bodyInertiaPlace: Float64Array;
  readonly joints: readonly string[];
  readonly jointAddress: Int32Array;
  readonly jointRange: Float64Array;
  readonly damping: Float64Array;
  readonly geoms: readonly string[];
  readonly geomBody: Int32Array;
  readonly geomType: Int32Array;
  readonly geomSize: Float64Array;
  readonly geomPlace: Float64Array;
  readonly geomQuaternion: Float64Array;
  readonly geomContype: Int32Array;
  readonly geomConaffinity: Int32Array;
  readonly geomFriction: Float64Array;
  readonly geomSolref: Float64Array;
  readonly geomSolimp: Float64Array;
  readonly geomMargin: Float64Array;
  readonly geomCondim: Int32Array;
  readonly geomColor: Float32Array;
  /** Triangles of a mesh, (triangles, 3 corners, 3), in the shape's frame; empty for others. */
  readonly geomTriangles: readonly Float64Array[];
  readonly sites: readonly string[];
  readonly siteBody: Int32Array;
  readonly sitePlace: Float64Array;
  readonly weld: Float64Array;
}

/** Copies. */
export function figuresOf(engine: MainModule, m: MjModel, ids: Ids): Figures {
  return {
    bodies: named(ids.body, m.nbody),
    bodyParent: Int32Array.from(m.body_parentid as Int32Array),
    bodyPlace: Float64Array.from(m.body_pos as Float64Array),
    bodyQuaternion: Float64Array.from(m.body_quat as Float64Array),
    bodyMass: Float64Array.from(m.body_mass as Float64Array),
    bodyInertia: Float64Array.from(m.body_inertia as Float64Array),
    bodyInertiaPlace: Float64Array.from(m.body_ipos as Float64Array),
    joints: named(ids.joint, m.njnt),
    jointAddress: Int32Array.from(m.jnt_qposadr as Int32Array),
    jointRange: Float64Array.from(m.jnt_range as Float64Array),
    damping: Float64Array.from(m.dof_damping as Float64Array),
    geoms: named(ids.geom, m.ngeom),
    geomBody: Int32Array.from(m.geom_bodyid as Int32Array),
    geomType: Int32Array.from(m.geom_type as Int32Array),
    geomSize: Float64Array.from(m.geom_size as Float64Array),
    geomPlace: Float64Array.from(m.geom_pos as Float64Array),
    geomQuaternion: Float64Array.from(m.geom_quat as Float64Array),
    geomContype: Int32Array.from(m.geom_contype as Int32Array),
    geomConaffinity: Int32Array.from(m.geom_conaffinity as Int32Array),
    geomFriction: Float64Array.from(m.geom_friction as Float64Array),
    geomSolref: Float64Array.from(m.geom_solref as Float64Array),
    geomSolimp: Float64Array.from(m.geom_solimp as Float64Array),
    geomMargin: Float64Array.from(m.geom_margin as Float64Array),
    geomCondim: Int32Array.from(m.geom_condim as Int32Array),
    geomColor: Float32Array.from(m.geom_rgba as Float32Array),
    geomTriangles: Array.from({ length: m.ngeom }, (_, id) => trianglesOf(engine, m, id)),
    sites: named(ids.site, m.nsite),
    siteBody: Int32Array.from(m.site_bodyid as Int32Array),
    sitePlace: Float64Array.from(m.site_pos as Float64Array),
    weld: Float64Array.from(m.eq_data as Float64Array),
  };
}

function named(ids: ReadonlyMap<string, number>, count: number): string[] {
  const names = new Array<string>(count).fill("");
  for (const [name, id] of ids) names[id] = name;
  return names;
}

function trianglesOf(engine: MainModule, m: MjModel, geom: number): Float64Array {
  if (m.geom_type[geom] !== engine.mjtGeom.mjGEOM_MESH.value) return new Float64Array();
  const mesh = m.geom_dataid[geom];
  const corners = m.mesh_vert.subarray(3 * m.mesh_vertadr[mesh]) as Float32Array;
  const first = 3 * m.mesh_faceadr[mesh];
  const faces = m.mesh_face.subarray(first, first + 3 * m.mesh_facenum[mesh]) as Int32Array;
  return Float64Array.from([...faces].flatMap((corner) => [...corners.subarray(3 * corner, 3 * corner + 3)]));
}
