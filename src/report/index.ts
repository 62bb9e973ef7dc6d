export { writeDataCard } from "./data-card.ts";
export { pngOf } from "./png.ts";
export { type Replay, replaySideBySide } from "./replay.ts";
export { type Score, writeReport } from "./report.ts";
