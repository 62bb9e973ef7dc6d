export { exportLeRobot, type LeRobotExport } from "./lerobot.ts";
export { exportMinari, type MinariExport } from "./minari.ts";
export type { Episodes } from "./sizes.ts";
