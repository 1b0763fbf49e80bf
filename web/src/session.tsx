// What all of the page shares: the configuration, the node, the gateway, and how a step is sent.
import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, createContext, useCallback, useContext, useEffect, useMemo, useRef, useState } from "react";
import { type Address, type PublicClient, createPublicClient, http } from "viem";
import { useConnection, useConfig } from "wagmi";
import { getWalletClient } from "wagmi/actions";
import { StepError } from "./chain/errors";
import { type Call, type Estimated, type Pending, type Settled, estimate, pending, send, settle } from "./chain/send";
import { type Config, chainOf } from "./config";
import { ReviewDialog } from "./parts/ReviewDialog";

/** What a person reads before signing. */
export type Review = {
  call: Estimated;
  /** What the contract takes, pays or fixes, in words. */
  lines: [string, string][];
  /** What was checked in this page. */
  checked: string[];
};

export type Told = { step: string; text: string; done: boolean; failed: boolean };

type Session = {
  config: Config;
  client: PublicClient;
  gateway: string;
  setGateway: (gateway: string) => void;
  account: Address | undefined;
  chainId: number | undefined;
  /** Estimates, shows, sends, and waits until it counts. */
  step: (call: Call, bounty: Address, lines: [string, string][], checked: string[]) => Promise<Settled>;
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
  const [asked, setAsked] = useState<{ review: Review; answer: (yes: boolean) => void } | null>(null);
  const [told, setTold] = useState<Told[]>([]);

  const tell = useCallback((next: Told) => setTold((all) => [...all.filter((other) => other.step !== next.step), next].slice(-4)), []);

  const wait = useCallback(
    async (sent: Pending) => {
      const { step } = sent;
      try {
        const settled = await settle(client, config, sent, (text) => tell({ step, text, done: false, failed: false }));
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
      if (!account) throw new StepError(`${call.step}: no wallet is connected`, "nothing was sent, no money moved");
      if (chainId !== config.chain) {
        throw new StepError(
          `${call.step}: the wallet is on chain ${chainId}, expected ${config.chain} (${config.name}); switch it`,
          "nothing was sent, no money moved",
        );
      }
      const estimated = await estimate(client, config.chain, account, call);
      const yes = await new Promise<boolean>((answer) => setAsked({ review: { call: estimated, lines, checked }, answer }));
      setAsked(null);
      if (!yes) throw new StepError(`${call.step}: not confirmed`, "nothing was sent, no money moved");
      const wallet = await getWalletClient(wagmi);
      tell({ step: call.step, text: "confirm it in the wallet", done: false, failed: false });
      try {
        const sent = await send(client, wallet, estimated, bounty);
        return await wait(sent);
      } catch (error) {
        tell({ step: call.step, text: error instanceof StepError ? `${error.message}; ${error.money}` : String(error), done: true, failed: true });
        throw error;
      }
    },
    [account, chainId, client, config, tell, wagmi, wait],
  );

  // A review is about one account on one chain: another one is another step.
  useEffect(() => {
    setAsked((now) => {
      now?.answer(false);
      return null;
    });
  }, [account, chainId]);

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
      told,
    }),
    [config, client, gateway, account, chainId, step, told],
  );
  return (
    <Context value={session}>
      {children}
      {asked && <ReviewDialog review={asked.review} answer={asked.answer} />}
    </Context>
  );
}
