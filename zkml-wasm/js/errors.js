// What is thrown: one class for each step.

/** What all errors of zkml are. */
export class ZkmlError extends Error {
  constructor(message, kind = "", causes = []) {
    super(message);
    this.kind = kind;
    this.causes = causes;
  }
  get name() {
    return this.constructor.name;
  }
}

export class ArgumentError extends ZkmlError {}
export class ModelError extends ZkmlError {}
export class PlanError extends ZkmlError {}
export class CircuitError extends ZkmlError {}
export class InputError extends ZkmlError {}
export class FileError extends ZkmlError {}
export class VerifyError extends ZkmlError {}
/** Of the feature `bounty`. */
export class BountyError extends ZkmlError {}

const CLASSES = {
  Argument: ArgumentError,
  Model: ModelError,
  Plan: PlanError,
  Circuit: CircuitError,
  Input: InputError,
  File: FileError,
  Verify: VerifyError,
  Bounty: BountyError,
};

/** The error of a step: what the compiled library calls. */
export function make(step, message, kind, causes) {
  return new CLASSES[step](message, kind, causes);
}
