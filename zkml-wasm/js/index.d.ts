export { default } from "./zkml.js";
export { Circuit, Model, ProvingKey, VerifyingKey, fileKind, initSync } from "./zkml.js";
export type {
  ExpectedValue,
  FileKind,
  InputRange,
  ModelOptions,
  Opening,
  Provenance,
  Proved,
  PublicValue,
  Statement,
  System,
  Visible,
} from "./zkml.js";
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
