/** @file Table of the formats that are written. A format is one record in a file of its own and one line here. */
import type { ExportFormat } from "./format.ts";
import { lerobot } from "./lerobot.ts";
import { minari } from "./minari.ts";
import { whole } from "./whole-folder.ts";

export const exportFormats = {
  lerobot: whole(lerobot),
  minari: whole(minari),
} as const satisfies Record<string, ExportFormat>;
