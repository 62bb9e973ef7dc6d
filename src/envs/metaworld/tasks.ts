/** @file The tasks by name, with their experts. */

import type { Expert } from "./expert.ts";
import type { Task } from "./task.ts";
import { buttonPressTopdown, buttonPressTopdownExpert } from "./tasks/button-press-topdown.ts";
import { doorOpen, doorOpenExpert } from "./tasks/door-open.ts";
import { drawerClose, drawerCloseExpert } from "./tasks/drawer-close.ts";
import { drawerOpen, drawerOpenExpert } from "./tasks/drawer-open.ts";
import { pegInsertSide, pegInsertSideExpert } from "./tasks/peg-insert-side.ts";
import { pickPlace, pickPlaceExpert } from "./tasks/pick-place.ts";
import { push, pushExpert } from "./tasks/push.ts";
import { reach, reachExpert } from "./tasks/reach.ts";
import { windowClose, windowCloseExpert } from "./tasks/window-close.ts";
import { windowOpen, windowOpenExpert } from "./tasks/window-open.ts";

export const tasks: Readonly<Record<string, { readonly task: Task; readonly expert: Expert }>> = {
  "button-press-topdown": { task: buttonPressTopdown, expert: buttonPressTopdownExpert },
  "door-open": { task: doorOpen, expert: doorOpenExpert },
  "drawer-close": { task: drawerClose, expert: drawerCloseExpert },
  "drawer-open": { task: drawerOpen, expert: drawerOpenExpert },
  "peg-insert-side": { task: pegInsertSide, expert: pegInsertSideExpert },
  "pick-place": { task: pickPlace, expert: pickPlaceExpert },
  push: { task: push, expert: pushExpert },
  reach: { task: reach, expert: reachExpert },
  "window-close": { task: windowClose, expert: windowCloseExpert },
  "window-open": { task: windowOpen, expert: windowOpenExpert },
};
