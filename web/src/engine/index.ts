// The library's worker as asynchronous functions. It starts with the first call.
import type { Answered, Methods } from "./worker";

/** An error of the library: the message has what was found, what was expected, and the repair. */
export class EngineError extends Error {
  readonly kind: string;
  constructor(name: string, message: string, kind: string) {
    super(message);
    this.name = name;
    this.kind = kind;
  }
}

type Engine = { [M in keyof Methods]: (...args: Parameters<Methods[M]>) => Promise<ReturnType<Methods[M]>> };

let worker: Worker | undefined;
let next = 0;
const waiting = new Map<number, { done: (value: unknown) => void; failed: (error: Error) => void }>();

function start(): Worker {
  const started = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  started.onmessage = (event: MessageEvent<Answered>) => {
    const answer = event.data;
    const call = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ("error" in answer) call?.failed(new EngineError(answer.error.name, answer.error.message, answer.error.kind));
    else call?.done(answer.value);
  };
  started.onerror = (event) => {
    // Out of memory, or blocked: all that waits fails, and the next call starts another one.
    worker = undefined;
    for (const call of waiting.values()) call.failed(new EngineError("EngineError", `the library ended (${event.message || "without a word"}); is there memory left?`, ""));
    waiting.clear();
  };
  return started;
}

export const engine = new Proxy({} as Engine, {
  get:
    (_, method) =>
    (...args: unknown[]) =>
      new Promise((done, failed) => {
        // Nothing is to be closed where nothing was opened.
        if (method === "close" && !worker) return done(undefined);
        worker ??= start();
        const id = next++;
        waiting.set(id, { done, failed });
        worker.postMessage({ id, method, args });
      }),
});
