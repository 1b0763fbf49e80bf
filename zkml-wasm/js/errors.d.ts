/** What all errors of zkml are: the message has what was found, what was expected, and the repair. */
export class ZkmlError extends Error {
  /** The name of the case, such as `Checksum`. */
  readonly kind: string;
  /** The messages of what is behind it, from the nearest cause to the first. */
  readonly causes: string[];
}
/** An argument that is none of those that are taken. */
export class ArgumentError extends ZkmlError {}
/** A model that can't be read, or is not supported: by node and operator. */
export class ModelError extends ZkmlError {}
/** A plan that can't be read or used. */
export class PlanError extends ZkmlError {}
/** A circuit or a proof that can't be made. */
export class CircuitError extends ZkmlError {}
/** An input of another shape or range than the model's. */
export class InputError extends ZkmlError {}
/** A key or a proof that can't be read. */
export class FileError extends ZkmlError {}
/** A proof that does not hold, is not of this key, or says something else than expected. */
export class VerifyError extends ZkmlError {}
/** What of a bounty does not fit, or does not hold (feature `bounty`). */
export class BountyError extends ZkmlError {}
