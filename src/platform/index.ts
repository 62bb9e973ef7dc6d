export { AppendFile } from "./append-file.ts";
export { AskedThread, answerRequests } from "./asked-thread.ts";
export { digestOfFile } from "./digest.ts";
export {
  explained,
  isHidden,
  makeFolder,
  replaceFile,
  replaceJson,
  syncNames,
  syncTree,
  writeWhole,
} from "./files.ts";
export { encodeGif } from "./gif.ts";
export { hold } from "./hold.ts";
export { readJson, readText, readVersioned, replaceSealed } from "./json-file.ts";
export { encodeAnimation, encodePng } from "./png.ts";
export { locateTensors, readTensors, writeTensors } from "./safetensors-file.ts";
export { exitCodes, StopRequest, type StopSignal } from "./stop-request.ts";
export { startThread } from "./thread.ts";
