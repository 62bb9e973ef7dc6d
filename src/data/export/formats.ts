/** @file Table of the formats that are written. A format is one record in a file of its own and one line here. */
import type { ExportFormat } from "./format.ts";
import { lerobot } from "./lerobot.ts";
import { minari } from "./minari.ts";

export const exportFormats = { lerobot, minari } as const satisfies Record<string, ExportFormat>;
