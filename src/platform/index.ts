export { AppendFile } from "./append-file.ts";
export { explained, isHidden, replaceFile, replaceJson, syncNames, syncTree } from "./files.ts";
export { readJson, readText, readVersioned } from "./json-file.ts";
export { encodeAnimation, encodePng } from "./png.ts";
export { locateTensors, readTensors, writeTensors } from "./safetensors-file.ts";
export { exitCodes, StopRequest, type StopSignal } from "./stop-request.ts";
export { startThread } from "./thread.ts";
