// What went wrong, and what became of the money: the second is said of every step.
import { BaseError, type Hex, UserRejectedRequestError, decodeErrorResult } from "viem";
import { bountyAbi, factoryAbi } from "./abi";

/** An error of a step that sends something. `money` says what became of it. */
export class StepError extends Error {
  readonly money: string;
  constructor(message: string, money: string, options?: ErrorOptions) {
    super(message, options);
    this.money = money;
  }
}

export const NOTHING_SENT = "nothing was sent, no money moved";

/** The causes of an error, from itself on. */
function* causes(error: unknown): Generator<unknown> {
  for (let at = error, depth = 0; at && depth < 12; depth++) {
    yield at;
    at = (at as { cause?: unknown }).cause;
  }
}

/** Whether the person said no in the wallet. */
export function rejected(error: unknown): boolean {
  return [...causes(error)].some((cause) => cause instanceof UserRejectedRequestError || (cause as { code?: unknown }).code === 4001);
}

function revertData(error: unknown): Hex | undefined {
  for (const cause of causes(error)) {
    const data = (cause as { data?: unknown }).data;
    const raw = typeof data === "object" && data !== null ? (data as { data?: unknown }).data : data;
    if (typeof raw === "string" && /^0x[0-9a-f]{8,}$/i.test(raw)) return raw as Hex;
  }
  return undefined;
}

const FOREIGN = "an error in words of its own, which are not shown";

/** An error of the contracts by its name and arguments; nothing if it is none. */
export function contractError(error: unknown): string | undefined {
  const data = revertData(error);
  if (!data) return undefined;
  const abi = [...bountyAbi, ...factoryAbi].filter((item) => item.type === "error");
  try {
    const { errorName, args } = decodeErrorResult({ abi, data });
    // The words of whoever wrote a contract, a token's for one, are none of this page's.
    if (String(errorName) === "Error") return FOREIGN;
    const inputs = abi.find((item) => item.name === errorName)?.inputs ?? [];
    const shown = ((args ?? []) as readonly unknown[]).map((value, i) => `${inputs[i]?.name ?? i}: ${String(value)}`);
    return shown.length ? `${errorName} (${shown.join(", ")})` : String(errorName);
  } catch {
    return `an unknown error, ${data.slice(0, 10)}`;
  }
}

/** Errors of the client that repeat a contract's, or a node's, words. */
const REVERTED = ["ContractFunctionRevertedError", "ContractFunctionZeroDataError", "ExecutionRevertedError"];

/** Whether a contract has refused, or has no such function. */
export const reverted = (error: unknown): boolean => [...causes(error)].some((cause) => REVERTED.includes((cause as Error).name));

/** What an error says, in one line. */
export function message(error: unknown): string {
  const refused = contractError(error);
  if (refused) return `the contract refuses it: ${refused}`;
  if (reverted(error)) return "the contract refuses it: no reason that is known here";
  if (error instanceof BaseError) return error.shortMessage.replace(/\.$/, "");
  return error instanceof Error ? error.message : String(error);
}

/** The error of a step that was not sent. */
export function unsent(step: string, error: unknown): StepError {
  if (error instanceof StepError) return error;
  if (rejected(error)) return new StepError(`${step}: rejected in the wallet`, NOTHING_SENT, { cause: error });
  return new StepError(`${step}: ${message(error)}`, NOTHING_SENT, { cause: error });
}
