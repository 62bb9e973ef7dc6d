export type { Episode } from "./episode.ts";
