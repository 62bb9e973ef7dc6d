export { formatOf, type ModelFormat, readModel, type StoredModel, saveModel } from "./model-folder.ts";
