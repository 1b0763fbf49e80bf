// For browsers: `await init()` fetches and compiles the library, once.
export { default } from "./zkml.js";
export { Circuit, Model, ProvingKey, VerifyingKey, fileKind, initSync } from "./zkml.js";
export {
  ArgumentError,
  CircuitError,
  FileError,
  InputError,
  ModelError,
  PlanError,
  VerifyError,
  ZkmlError,
} from "./errors.js";
