/** @file The tasks by name, with their experts, and the suites papers report on. */

import { lookup } from "../../base/index.ts";
import type { Expert } from "./expert.ts";
import type { Difficulty, Task } from "./task.ts";
import { assembly, assemblyExpert } from "./tasks/assembly.ts";
import { basketball, basketballExpert } from "./tasks/basketball.ts";
import { binPicking, binPickingExpert } from "./tasks/bin-picking.ts";
import { boxClose, boxCloseExpert } from "./tasks/box-close.ts";
import { buttonPress, buttonPressExpert } from "./tasks/button-press.ts";
import { buttonPressTopdown, buttonPressTopdownExpert } from "./tasks/button-press-topdown.ts";
import { buttonPressTopdownWall, buttonPressTopdownWallExpert } from "./tasks/button-press-topdown-wall.ts";
import { buttonPressWall, buttonPressWallExpert } from "./tasks/button-press-wall.ts";
import { coffeeButton, coffeeButtonExpert } from "./tasks/coffee-button.ts";
import { coffeePull, coffeePullExpert } from "./tasks/coffee-pull.ts";
import { coffeePush, coffeePushExpert } from "./tasks/coffee-push.ts";
import { dialTurn, dialTurnExpert } from "./tasks/dial-turn.ts";
import { disassemble, disassembleExpert } from "./tasks/disassemble.ts";
import { doorClose, doorCloseExpert } from "./tasks/door-close.ts";
import { doorLock, doorLockExpert } from "./tasks/door-lock.ts";
import { doorOpen, doorOpenExpert } from "./tasks/door-open.ts";
import { doorUnlock, doorUnlockExpert } from "./tasks/door-unlock.ts";
import { drawerClose, drawerCloseExpert } from "./tasks/drawer-close.ts";
import { drawerOpen, drawerOpenExpert } from "./tasks/drawer-open.ts";
import { faucetClose, faucetCloseExpert } from "./tasks/faucet-close.ts";
import { faucetOpen, faucetOpenExpert } from "./tasks/faucet-open.ts";
import { hammer, hammerExpert } from "./tasks/hammer.ts";
import { handInsert, handInsertExpert } from "./tasks/hand-insert.ts";
import { handlePress, handlePressExpert } from "./tasks/handle-press.ts";
import { handlePressSide, handlePressSideExpert } from "./tasks/handle-press-side.ts";
import { handlePull, handlePullExpert } from "./tasks/handle-pull.ts";
import { handlePullSide, handlePullSideExpert } from "./tasks/handle-pull-side.ts";
import { leverPull, leverPullExpert } from "./tasks/lever-pull.ts";
import { pegInsertSide, pegInsertSideExpert } from "./tasks/peg-insert-side.ts";
import { pegUnplugSide, pegUnplugSideExpert } from "./tasks/peg-unplug-side.ts";
import { pickOutOfHole, pickOutOfHoleExpert } from "./tasks/pick-out-of-hole.ts";
import { pickPlace, pickPlaceExpert } from "./tasks/pick-place.ts";
import { pickPlaceWall, pickPlaceWallExpert } from "./tasks/pick-place-wall.ts";
import { plateSlide, plateSlideExpert } from "./tasks/plate-slide.ts";
import { plateSlideBack, plateSlideBackExpert } from "./tasks/plate-slide-back.ts";
import { plateSlideBackSide, plateSlideBackSideExpert } from "./tasks/plate-slide-back-side.ts";
import { plateSlideSide, plateSlideSideExpert } from "./tasks/plate-slide-side.ts";
import { push, pushExpert } from "./tasks/push.ts";
import { pushBack, pushBackExpert } from "./tasks/push-back.ts";
import { pushWall, pushWallExpert } from "./tasks/push-wall.ts";
import { reach, reachExpert } from "./tasks/reach.ts";
import { reachWall, reachWallExpert } from "./tasks/reach-wall.ts";
import { shelfPlace, shelfPlaceExpert } from "./tasks/shelf-place.ts";
import { soccer, soccerExpert } from "./tasks/soccer.ts";
import { stickPull, stickPullExpert } from "./tasks/stick-pull.ts";
import { stickPush, stickPushExpert } from "./tasks/stick-push.ts";
import { sweep, sweepExpert } from "./tasks/sweep.ts";
import { sweepInto, sweepIntoExpert } from "./tasks/sweep-into.ts";
import { windowClose, windowCloseExpert } from "./tasks/window-close.ts";
import { windowOpen, windowOpenExpert } from "./tasks/window-open.ts";

export interface TaskAndExpert {
  readonly task: Task;
  readonly expert: Expert;
}

export const tasks: Readonly<Record<string, TaskAndExpert>> = {
  assembly: { task: assembly, expert: assemblyExpert },
  basketball: { task: basketball, expert: basketballExpert },
  "bin-picking": { task: binPicking, expert: binPickingExpert },
  "box-close": { task: boxClose, expert: boxCloseExpert },
  "button-press": { task: buttonPress, expert: buttonPressExpert },
  "button-press-topdown": { task: buttonPressTopdown, expert: buttonPressTopdownExpert },
  "button-press-topdown-wall": { task: buttonPressTopdownWall, expert: buttonPressTopdownWallExpert },
  "button-press-wall": { task: buttonPressWall, expert: buttonPressWallExpert },
  "coffee-button": { task: coffeeButton, expert: coffeeButtonExpert },
  "coffee-pull": { task: coffeePull, expert: coffeePullExpert },
  "coffee-push": { task: coffeePush, expert: coffeePushExpert },
  "dial-turn": { task: dialTurn, expert: dialTurnExpert },
  disassemble: { task: disassemble, expert: disassembleExpert },
  "door-close": { task: doorClose, expert: doorCloseExpert },
  "door-lock": { task: doorLock, expert: doorLockExpert },
  "door-open": { task: doorOpen, expert: doorOpenExpert },
  "door-unlock": { task: doorUnlock, expert: doorUnlockExpert },
  "drawer-close": { task: drawerClose, expert: drawerCloseExpert },
  "drawer-open": { task: drawerOpen, expert: drawerOpenExpert },
  "faucet-close": { task: faucetClose, expert: faucetCloseExpert },
  "faucet-open": { task: faucetOpen, expert: faucetOpenExpert },
  hammer: { task: hammer, expert: hammerExpert },
  "hand-insert": { task: handInsert, expert: handInsertExpert },
  "handle-press": { task: handlePress, expert: handlePressExpert },
  "handle-press-side": { task: handlePressSide, expert: handlePressSideExpert },
  "handle-pull": { task: handlePull, expert: handlePullExpert },
  "handle-pull-side": { task: handlePullSide, expert: handlePullSideExpert },
  "lever-pull": { task: leverPull, expert: leverPullExpert },
  "peg-insert-side": { task: pegInsertSide, expert: pegInsertSideExpert },
  "peg-unplug-side": { task: pegUnplugSide, expert: pegUnplugSideExpert },
  "pick-out-of-hole": { task: pickOutOfHole, expert: pickOutOfHoleExpert },
  "pick-place": { task: pickPlace, expert: pickPlaceExpert },
  "pick-place-wall": { task: pickPlaceWall, expert: pickPlaceWallExpert },
  "plate-slide": { task: plateSlide, expert: plateSlideExpert },
  "plate-slide-back": { task: plateSlideBack, expert: plateSlideBackExpert },
  "plate-slide-back-side": { task: plateSlideBackSide, expert: plateSlideBackSideExpert },
  "plate-slide-side": { task: plateSlideSide, expert: plateSlideSideExpert },
  push: { task: push, expert: pushExpert },
  "push-back": { task: pushBack, expert: pushBackExpert },
  "push-wall": { task: pushWall, expert: pushWallExpert },
  reach: { task: reach, expert: reachExpert },
  "reach-wall": { task: reachWall, expert: reachWallExpert },
  "shelf-place": { task: shelfPlace, expert: shelfPlaceExpert },
  soccer: { task: soccer, expert: soccerExpert },
  "stick-pull": { task: stickPull, expert: stickPullExpert },
  "stick-push": { task: stickPush, expert: stickPushExpert },
  sweep: { task: sweep, expert: sweepExpert },
  "sweep-into": { task: sweepInto, expert: sweepIntoExpert },
  "window-close": { task: windowClose, expert: windowCloseExpert },
  "window-open": { task: windowOpen, expert: windowOpenExpert },
};

/**
 * A task's name in this table, of how Meta-World, LeRobot or 0.1 spell it: "drawer-open-v3", "Meta-World/drawer-open-v3",
 * "metaworld-drawer-open-v3", "drawer-open-v3-goal-observable", "drawer_open".
 */
export const canonicalTask = (task: string): string =>
  task
    .toLowerCase()
    .replace(/[_ ]/g, "-")
    .replace(/^meta-?world[-/]/, "")
    .replace(/-v3(-goal-(observable|hidden))?$/, "");

/** A task by its name, with or without "metaworld/" and "-v3". Throws UserError. */
export function findTask(name: string): TaskAndExpert {
  return lookup(tasks, canonicalTask(name.replace(/^metaworld\//, "")), "task");
}

/** Task names of a suite: "mt10", "mt50" or a difficulty. */
export const suites: Readonly<Record<"mt10" | "mt50" | Difficulty, readonly string[]>> = {
  mt10: [
    "reach",
    "push",
    "pick-place",
    "door-open",
    "drawer-open",
    "drawer-close",
    "button-press-topdown",
    "peg-insert-side",
    "window-open",
    "window-close",
  ],
  mt50: Object.keys(tasks),
  easy: ofDifficulty("easy"),
  medium: ofDifficulty("medium"),
  hard: ofDifficulty("hard"),
  "very-hard": ofDifficulty("very-hard"),
};

function ofDifficulty(difficulty: Difficulty): string[] {
  return Object.keys(tasks).filter((name) => tasks[name].task.difficulty === difficulty);
}
