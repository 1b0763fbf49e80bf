// What all of the page shares: the configuration, the node, the gateway, and how a step is sent.
import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { type Address, type PublicClient, createPublicClient, http } from "viem";
import { useConnection, useConfig } from "wagmi";
import { getWalletClient } from "wagmi/actions";
import { NOTHING_SENT, StepError } from "./chain/errors";
import { type Call, type Estimated, type Pending, type Settled, estimate, pending, send, settle } from "./chain/send";
import { type Config, chainOf } from "./config";
import { engine } from "./engine";
import { ReviewDialog } from "./parts/ReviewDialog";
import { Questions } from "./questions";

/** What a person reads before signing. */
export type Review = {
  kind: "review";
  call: Estimated;
  /** What the contract takes, pays or fixes, in words. */
  lines: [string, string][];
  /** What was checked in this page. */
  checked: string[];
};

/** What only a person can decide. */
export type Doubt = { kind: "doubt"; title: string; text: string };

export type Asked = Review | Doubt;

export type Told = { step: string; text: string; done: boolean; failed: boolean; stop?: () => void };

type Session = {
  config: Config;
  client: PublicClient;
  gateway: string;
  setGateway: (gateway: string) => void;
  account: Address | undefined;
  chainId: number | undefined;
  /** Estimates, shows, sends, and waits until it counts. */
  step: (call: Call, bounty: Address, lines: [string, string][], checked: string[]) => Promise<Settled>;
  /** Asks the person to go on, where there is a doubt. */
  settleDoubt: (step: string, doubt: { title: string; text: string } | null) => Promise<void>;
  told: Told[];
};

const Context = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(Context);
  if (!session) throw new Error("outside of the session");
  return session;
}

export function SessionProvider({ config, children }: { config: Config; children: ReactNode }) {
  const wagmi = useConfig();
  const queries = useQueryClient();
  const { address: account, chainId } = useConnection();
  const client = useMemo(() => createPublicClient({ chain: chainOf(config), transport: http(config.rpc, { retryCount: 2 }), pollingInterval: 500 }), [config]);
  const [gateway, setGateway] = useState(() => {
    const kept = localStorage.getItem("zkml:gateway");
    return kept && config.gateways.includes(kept) ? kept : (config.gateways[0] ?? "");
  });
  const [questions] = useState(() => new Questions<Asked>());
  const asked = useSyncExternalStore(questions.subscribe, questions.first);
  const [told, setTold] = useState<Told[]>([]);

  const tell = useCallback((next: Told) => setTold((all) => [...all.filter((other) => other.step !== next.step), next].slice(-4)), []);

  const wait = useCallback(
    async (sent: Pending) => {
      const { step } = sent;
      const stopping = new AbortController();
      const stop = () => stopping.abort();
      try {
        const settled = await settle(client, config, sent, (text) => tell({ step, text, done: false, failed: false, stop }), stopping.signal);
        tell({ step, text: `done in block ${settled.block}: ${settled.gas.toLocaleString("en")} gas`, done: true, failed: false });
        return settled;
      } catch (error) {
        tell({ step, text: error instanceof StepError ? `${error.message}; ${error.money}` : String(error), done: true, failed: true });
        throw error;
      } finally {
        await queries.invalidateQueries();
      }
    },
    [client, config, queries, tell],
  );

  // What was sent before a reload is waited for again.
  const resumed = useRef(false);
  useEffect(() => {
    if (resumed.current) return;
    resumed.current = true;
    for (const sent of pending(config.chain)) wait(sent).catch(() => undefined);
  }, [config, wait]);

  const step = useCallback(
    async (call: Call, bounty: Address, lines: [string, string][], checked: string[]) => {
      if (!account) throw new StepError(`${call.step}: no wallet is connected`, NOTHING_SENT);
      if (chainId !== config.chain) {
        throw new StepError(
          `${call.step}: the wallet is on chain ${chainId}, expected ${config.chain} (${config.name}); switch it`,
          NOTHING_SENT,
        );
      }
      const estimated = await estimate(client, config.chain, account, call);
      const yes = await questions.ask({ kind: "review", call: estimated, lines, checked });
      if (!yes) throw new StepError(`${call.step}: not confirmed`, NOTHING_SENT);
      const wallet = await getWalletClient(wagmi);
      tell({ step: call.step, text: "confirm it in the wallet", done: false, failed: false });
      try {
        const sent = await send(client, wallet, config, estimated, bounty);
        return await wait(sent);
      } catch (error) {
        tell({ step: call.step, text: error instanceof StepError ? `${error.message}; ${error.money}` : String(error), done: true, failed: true });
        throw error;
      }
    },
    [account, chainId, client, config, questions, tell, wagmi, wait],
  );

  const settleDoubt = useCallback(
    async (name: string, doubt: { title: string; text: string } | null) => {
      if (doubt && !(await questions.ask({ kind: "doubt", ...doubt }))) throw new StepError(`${name}: not gone on with`, NOTHING_SENT);
    },
    [questions],
  );

  // A review is about one account on one chain: another one is another step.
  useEffect(() => () => questions.drop(), [questions, account, chainId]);

  // Keys and weights are of one account, too: the next one does not find them in this page.
  useEffect(
    () => () => {
      void engine.close();
    },
    [account],
  );

  const session = useMemo<Session>(
    () => ({
      config,
      client,
      gateway,
      setGateway: (next) => {
        localStorage.setItem("zkml:gateway", next);
        setGateway(next);
      },
      account,
      chainId,
      step,
      settleDoubt,
      told,
    }),
    [config, client, gateway, account, chainId, step, settleDoubt, told],
  );
  return (
    <Context value={session}>
      {children}
      {asked && <ReviewDialog key={asked.id} asked={asked.item} answer={(yes) => questions.answer(asked.id, yes)} />}
    </Context>
  );
}
