/** @file The 36 scenes: which parts stand where. Body order is that of the official models, because it decides contact order. */

import { type Body, type Camera, mjcf, place, type Scene, type Simulation, type Site } from "../../mjcf.ts";
import {
  basket,
  buttonBox,
  coffeeMachine,
  dial,
  door,
  drawer,
  faucet,
  goalBin,
  handlePress,
  lever,
  lockedDoor,
  lowWall,
  nailBlock,
  openBox,
  pegBox,
  pit,
  plateGoal,
  plugBox,
  shelf,
  soccerGoal,
  startBin,
  thermos,
  uprightPeg,
  wall,
  window,
} from "./fixtures.ts";
import {
  basketball,
  binCube,
  block,
  deepPuck,
  mug,
  plate,
  pluggedBlock,
  puck,
  pushBackBlock,
  reachWallPuck,
  soccerBall,
  sweepCube,
} from "./loose.ts";
import { quicken, withoutVisuals } from "./quicken.ts";
import { mocap, sawyer } from "./robot.ts";
import { retainingWall, table, tableWithHole } from "./tables.ts";
import { boxLid, hammer, peg, plug, roundNut, stick } from "./tools.ts";

/** Heights and names as in the official scenes; the fixtures' places are defaults that a task's reset changes. */
interface Setting {
  /** The official model whose figures these are. */
  readonly source: string;
  readonly bodies: readonly Body[];
  readonly sites?: readonly Site[];
}

const robot = [place(sawyer), place(mocap)];
const workplace = [place(table, [0, 0.6, 0]), place(retainingWall, [0, 0.6, 0.06]), ...robot];

export const scenes = {
  assembly: {
    source: "sawyer_assembly_peg",
    bodies: [
      ...workplace,
      place(roundNut, [0.1, 0.6, 0.02], [0.7071067811865475, 0, 0, 0.7071067811865475]),
      place(uprightPeg, [0.1, 0.8, 0.05]),
    ],
  },
  basketball: {
    source: "sawyer_basketball",
    bodies: [...workplace, place(basketball, [0, 0.6, 0.03]), place(basket, [0, 0.9, 0])],
  },
  "bin-picking": {
    source: "sawyer_bin_picking",
    bodies: [
      ...workplace,
      place(binCube, [-0.12, 0.7, 0.04]),
      place(startBin, [-0.12, 0.7, 0]),
      place(goalBin, [0.12, 0.7, 0]),
    ],
  },
  box: {
    source: "sawyer_box",
    bodies: [
      ...workplace,
      place(openBox, [0, 0.8, 0]),
      place(boxLid, [0, 0.8, 0], [0.7071067811865475, 0, 0, 0.7071067811865475]),
    ],
    sites: [{ name: "goal", pos: [0, 0.7, 0.05] }],
  },
  "button-press": { source: "sawyer_button_press", bodies: [...workplace, place(buttonBox, [0, 0.9, 0.12])] },
  "button-press-topdown": {
    source: "sawyer_button_press_topdown",
    bodies: [...workplace, place(buttonBox, [0, 0.85, 0.12], [0.7073882691671998, -0.706825181105366, 0, 0])],
  },
  "button-press-topdown-wall": {
    source: "sawyer_button_press_topdown_wall",
    bodies: [
      ...workplace,
      place(buttonBox, [0, 0.85, 0.12], [0.7073882691671998, -0.706825181105366, 0, 0]),
      place(lowWall, [0.1, 0.7, 0]),
    ],
  },
  "button-press-wall": {
    source: "sawyer_button_press_wall",
    bodies: [...workplace, place(buttonBox, [0, 0.9, 0.12]), place(lowWall, [0.1, 0.6, 0])],
  },
  coffee: {
    source: "sawyer_coffee",
    bodies: [
      place(table, [0, 0.6, 0]),
      place(retainingWall, [0, 0.6, 0.06]),
      place(mug, [0, 0.6, 0.1]),
      ...robot,
      place(coffeeMachine, [0, 0.9, 0]),
    ],
    sites: [{ name: "mug_goal", pos: [0, 0.6, 0.02] }],
  },
  dial: {
    source: "sawyer_dial",
    bodies: [...workplace, place(dial, [0, 0.7, 0])],
    sites: [{ name: "goal", pos: [0, 0.74, 0.07] }],
  },
  "door-lock": {
    source: "sawyer_door_lock",
    bodies: [...workplace, place(lockedDoor, [0, 0.9, 0.15])],
    sites: [
      { name: "goal_lock", pos: [0, 0.74, 0.12] },
      { name: "goal_unlock", pos: [0.09, 0.74, 0.211] },
    ],
  },
  door: {
    source: "sawyer_door_pull",
    bodies: [...workplace, place(door, [0, 0.9, 0.15])],
    sites: [{ name: "goal", pos: [-0.49, 0.46, 0.15] }],
  },
  drawer: {
    source: "sawyer_drawer",
    bodies: [...workplace, place(drawer, [0, 0.9, 0])],
    sites: [{ name: "goal", pos: [0, 0.74, 0.05] }],
  },
  faucet: {
    source: "sawyer_faucet",
    bodies: [...workplace, place(faucet, [0, 0.8, 0])],
    sites: [
      { name: "goal_open", pos: [0.175, 0.785, 0.125] },
      { name: "goal_close", pos: [-0.175, 0.785, 0.125] },
    ],
  },
  hammer: {
    source: "sawyer_hammer",
    bodies: [...workplace, place(hammer, [0, 0.6, 0.02]), place(nailBlock, [0.24, 0.85, 0])],
  },
  "handle-press": { source: "sawyer_handle_press", bodies: [...workplace, place(handlePress, [0, 0.88, 0])] },
  "handle-press-side": {
    source: "sawyer_handle_press_sideways",
    bodies: [...workplace, place(handlePress, [-0.4, 0.6, 0], [0.7073882691671998, 0, 0, 0.706825181105366])],
  },
  "lever-pull": {
    source: "sawyer_lever_pull",
    bodies: [...workplace, place(lever, [0, 0.88, 0])],
    sites: [{ name: "goal", pos: [0.12, 0.88, 0.05] }],
  },
  "peg-insert-side": {
    source: "sawyer_peg_insertion_side",
    bodies: [
      ...workplace,
      place(peg, [0, 0.6, 0.03]),
      place(pegBox, [-0.3, 0.6, 0], [0.7073882691671998, 0, 0, 0.706825181105366]),
    ],
    sites: [{ name: "goal", pos: [0, 0.6, 0.05] }],
  },
  "peg-unplug-side": {
    source: "sawyer_peg_unplug_side",
    bodies: [...workplace, place(plug, [-0.252, 0.6, 0.131]), place(plugBox, [-0.3, 0.6, 0])],
    sites: [{ name: "goal", pos: [0, 0.6, 0.05] }],
  },
  "pick-out-of-hole": {
    source: "sawyer_pick_out_of_hole",
    bodies: [...workplace, place(deepPuck, [0, 0.6, 0.02]), place(pit, [0, 0.6, 0])],
    sites: [{ name: "goal", pos: [0, 0.84, 0.02] }],
  },
  "pick-place": {
    source: "sawyer_pick_place_v3",
    bodies: [...workplace, place(puck, [0, 0.6, 0.02])],
    sites: [{ name: "goal", pos: [0.1, 0.8, 0.2] }],
  },
  "pick-place-wall": {
    source: "sawyer_pick_place_wall_v3",
    bodies: [...workplace, place(puck, [0, 0.6, 0.02]), place(wall, [0.1, 0.75, 0.06])],
    sites: [{ name: "goal", pos: [0.1, 0.8, 0.2] }],
  },
  "plate-slide": {
    source: "sawyer_plate_slide",
    bodies: [...workplace, place(plate, [0, 0.6, 0.015]), place(plateGoal, [0, 0.85, 0])],
    sites: [{ name: "goal", pos: [0, 0.85, 0.02] }],
  },
  "plate-slide-side": {
    source: "sawyer_plate_slide_sideway",
    bodies: [
      ...workplace,
      place(plate, [0, 0.6, 0.015]),
      place(plateGoal, [-0.3, 0.6, 0], [0.7073882691671998, 0, 0, 0.706825181105366]),
    ],
    sites: [{ name: "goal", pos: [-0.3, 0.6, 0] }],
  },
  "push-back": {
    source: "sawyer_push_back_v3",
    bodies: [...workplace, place(pushBackBlock, [0, 0.6, 0.02])],
    sites: [{ name: "goal", pos: [0.1, 0.6, 0.02] }],
  },
  push: {
    source: "sawyer_push_v3",
    bodies: [...workplace, place(puck, [0, 0.6, 0.02])],
    sites: [{ name: "goal", pos: [0.1, 0.8, 0.02] }],
  },
  "push-wall": {
    source: "sawyer_push_wall_v3",
    bodies: [...workplace, place(puck, [0, 0.6, 0.02]), place(wall, [0.1, 0.75, 0.06])],
    sites: [{ name: "goal", pos: [0.1, 0.8, 0.02] }],
  },
  reach: {
    source: "sawyer_reach_v3",
    bodies: [...workplace, place(puck, [0, 0.6, 0.02])],
    sites: [{ name: "goal", pos: [-0.1, 0.8, 0.2] }],
  },
  "reach-wall": {
    source: "sawyer_reach_wall_v3",
    bodies: [...workplace, place(reachWallPuck, [0, 0.6, 0.02]), place(wall, [0.1, 0.75, 0.06])],
    sites: [{ name: "goal", pos: [-0.1, 0.8, 0.2] }],
  },
  shelf: {
    source: "sawyer_shelf_placing",
    bodies: [...workplace, place(block, [0, 0.6, 0.02]), place(shelf, [0, 0.8, 0])],
  },
  soccer: {
    source: "sawyer_soccer",
    bodies: [...workplace, place(soccerBall, [0, 0.6, 0.03]), place(soccerGoal, [0, 0.9, 0])],
    sites: [{ name: "goal", pos: [0, 0.9, 0.02] }],
  },
  stick: {
    source: "sawyer_stick_obj",
    bodies: [...workplace, place(stick, [-0.15, 0.75, 0.02]), place(thermos, [0.2, 0.6, 0])],
    sites: [{ name: "goal", pos: [0.35, 0.75, 0.02] }],
  },
  sweep: {
    source: "sawyer_sweep_v3",
    bodies: [...workplace, place(sweepCube, [0, 0.6, 0.02])],
    sites: [{ name: "hand-goal-site" }, { name: "goal" }],
  },
  "table-with-hole": {
    source: "sawyer_table_with_hole",
    bodies: [place(tableWithHole, [0, 0.6, 0]), ...robot, place(pluggedBlock, [0, 0.6, 0.02])],
    sites: [{ name: "goal", pos: [0, 0.84, 0.02] }],
  },
  window: {
    source: "sawyer_window_horizontal",
    bodies: [...workplace, place(window, [-0.1, 0.785, 0.202])],
    sites: [{ name: "goal", pos: [0, 0.7, 0.27] }],
  },
} as const satisfies Record<string, Setting>;

export type SceneName = keyof typeof scenes;

const cameras: readonly Camera[] = [
  { name: "topview", fovy: 45, pos: [0, 0.5, 1.5], quat: [1, 0, 0, 0] },
  {
    name: "corner",
    fovy: 45,
    pos: [-1.1, -0.4, 0.6],
    quat: [0.30520839440433395, -0.23085589745955107, -0.5573354386006607, 0.7368382451210597],
  },
  {
    name: "corner2",
    fovy: 60,
    pos: [1.3, -0.2, 1.1],
    quat: [-0.39503823089303436, 0.26266733956017996, -0.4349370357280407, 0.7653629464596412],
  },
  {
    name: "corner3",
    fovy: 45,
    pos: [0.9, 0, 1.5],
    quat: [-0.494553794386258, 0.10573747186627633, -0.2559441061066511, 0.823849953602445],
  },
  {
    name: "corner4",
    fovy: 60,
    pos: [0.75, 0.075, 0.7],
    quat: [-0.39503823089303436, 0.26266733956017996, -0.4349370357280407, 0.7653629464596412],
  },
];

/** Meta-World's solver settings; `multiccd` is off as in the engine version it pins. */
const simulation: Simulation = {
  option: {
    timestep: 0.0025,
    iterations: 50,
    tolerance: 1e-10,
    solver: "Newton",
    jacobian: "dense",
    cone: "elliptic",
  },
  flag: { multiccd: "disable" },
  memory: "1M",
};

/** Everything MuJoCo needs to know about a scene. */
export function compose(name: SceneName): Scene {
  const setting: Setting = scenes[name];
  return {
    simulation,
    bodies: setting.bodies,
    sites: setting.sites ?? [],
    geoms: [
      { name: "floor", type: "plane", size: [4, 4, 0.1], pos: [0, 0, -0.913], rgba: [0.35, 0.37, 0.4, 1] },
    ],
    cameras,
    servos: [
      { joint: "r_close", gain: 400, range: [-1, 1] },
      { joint: "l_close", gain: 400, range: [-1, 1] },
    ],
    welds: [{ body: "hand", to: "mocap", relativeQuat: [-1, 0, 0, 0], torqueScale: 5 }],
  };
}

/** MJCF text of a scene: what is simulated, and the same with all that is only seen. */
export function sceneXml(name: SceneName): { readonly simulated: string; readonly seen: string } {
  const scene = compose(name);
  return { simulated: mjcf(quicken(withoutVisuals(scene))), seen: mjcf(quicken(scene)) };
}
