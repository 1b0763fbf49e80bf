// A step: a button, its progress, and what became of the money if it fails.
import { type ReactNode, useCallback, useRef, useState } from "react";
import { Button, Label, ProgressBar } from "react-aria-components";
import { NOTHING_SENT, StepError, message } from "../chain/errors";
import { sendsSoFar } from "../chain/send";

export type Running = { text: string; done: number; of: number };
export type Progress = (done: number, of: number, what: string) => void;

export type StepState = {
  running: Running | null;
  error: { message: string; money: string } | null;
  result: string | null;
  run: (act: (progress: Progress) => Promise<string | void>) => Promise<void>;
};

export function useStep(): StepState {
  const [running, setRunning] = useState<Running | null>(null);
  const [error, setError] = useState<StepState["error"]>(null);
  const [result, setResult] = useState<string | null>(null);
  const busy = useRef<symbol | null>(null);
  const run = useCallback<StepState["run"]>(async (act) => {
    if (busy.current) return;
    const run = Symbol();
    busy.current = run;
    setError(null);
    setResult(null);
    setRunning({ text: "starting", done: 0, of: 0 });
    const before = sendsSoFar();
    try {
      // What still goes on after the step has failed says nothing any more.
      setResult((await act((done, of, text) => busy.current === run && setRunning({ text, done, of }))) ?? null);
    } catch (caught) {
      const money = caught instanceof StepError ? caught.money : NOTHING_SENT;
      const sent = sendsSoFar() - before;
      // A step of several transactions: the earlier ones stay.
      const stays = sent > 0 && money.startsWith(NOTHING_SENT);
      setError({ message: message(caught), money: stays ? `this one was not sent, and moved none; ${sent} ${sent === 1 ? "transaction was" : "transactions were"} sent before it since the step began: see the bounty's state` : money });
    } finally {
      busy.current = null;
      setRunning(null);
    }
  }, []);
  return { running, error, result, run };
}

/** What a step says: progress, what went wrong, or what was done. */
export function StepStatus({ state }: { state: StepState }) {
  const { running, error, result } = state;
  return (
    <div className="status">
      {running && (
        <ProgressBar {...(running.of ? { value: running.done, maxValue: running.of } : { isIndeterminate: true })} className="progress">
          <Label>{running.of ? `${running.text}: ${running.done} of ${running.of}` : running.text}</Label>
          <progress aria-hidden="true" {...(running.of ? { value: running.done, max: running.of } : {})} />
        </ProgressBar>
      )}
      <div role="alert">
        {error && (
          <p className="error">
            {error.message}
            {!error.message.includes(error.money) && (
              <>
                <br />
                <strong className="money">The money: {error.money}.</strong>
              </>
            )}
          </p>
        )}
      </div>
      <div role="status">{result && <p className="good">{result}</p>}</div>
    </div>
  );
}

export function StepButton({
  state,
  act,
  disabled,
  primary,
  children,
}: {
  state: StepState;
  act: (progress: Progress) => Promise<string | void>;
  disabled?: boolean;
  primary?: boolean;
  children: ReactNode;
}) {
  return (
    <Button className={primary ? "primary" : "plain"} isDisabled={disabled || state.running !== null} onPress={() => state.run(act)}>
      {children}
    </Button>
  );
}
