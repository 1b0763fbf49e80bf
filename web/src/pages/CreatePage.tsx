import { useEffect, useRef, useState } from "react";
import { type Address, encodeFunctionData, isAddress, zeroAddress } from "viem";
import type { BountyOffer } from "../../wasm/zkml.js";
import { factoryAbi, tokenAbi } from "../chain/abi";
import { addressOf } from "../chain/address";
import { type Terms, decodeTerms, moneyOf, requireDecimals, tokenLine } from "../chain/bounty";
import { NOTHING_SENT, StepError } from "../chain/errors";
import { type Reader, hasty } from "../chain/time";
import * as creating from "../creating";
import { type Data, keepData } from "../data";
import { engine } from "../engine";
import { amount, duration, parseAmount, parseDuration, parseThreshold, save, time } from "../format";
import { boxOf } from "../kept";
import { type PackageSummary, ofSingleParty, rebuild, remember, takeFolder } from "../package";
import { put } from "../ipfs";
import { AGAIN, lockAndSave } from "../parts/Unlock";
import { Choice, Field, FileField } from "../parts/fields";
import { StepButton, StepStatus, useStep } from "../parts/step";
import { link } from "../route";
import { useSession } from "../session";
import { AcceptSetup, PackageSummaryView } from "./BountyPage";
import { DataFields } from "./DataFields";

const DRAFT = "zkml:draft";

const EMPTY = {
  cid: "",
  token: "",
  reward: "",
  bond: "0",
  threshold: "0.8",
  mode: "sealed" as "sealed" | "open",
  winner: "first" as "first" | "best",
  commit: "7d",
  reveal: "1d",
  prove: "3d",
  deliver: "1d",
};
type Draft = typeof EMPTY;

export function CreatePage() {
  const { config, client, account, gateway, step } = useSession();
  const [draft, setDraft] = useState<Draft>(() => {
    try {
      return { ...EMPTY, ...(JSON.parse(localStorage.getItem(DRAFT) ?? "{}") as Partial<Draft>) };
    } catch {
      return EMPTY;
    }
  });
  const [pack, setPack] = useState<PackageSummary | null>(null);
  const [folder, setFolder] = useState<File[]>([]);
  const [data, setData] = useState<Data | null>(null);
  const [accept, setAccept] = useState(false);
  const [passphrase, setPassphrase] = useState("");
  const [again, setAgain] = useState("");
  const [open, setOpen] = useState<creating.Creation | null>(null);
  const [made, setMade] = useState<creating.Creation | null>(null);
  const packing = useStep();
  const creation = useStep();
  const set = (field: keyof Draft) => (value: string) => {
    const next = { ...draft, [field]: value };
    setDraft(next);
    // A reload loses no word of it. Nothing in it is secret.
    localStorage.setItem(DRAFT, JSON.stringify(next));
  };
  const single = pack !== null && ofSingleParty(pack);
  // What was typed is of the account that it was typed for.
  const typedFor = useRef(account);
  useEffect(() => {
    if (typedFor.current === account) return;
    typedFor.current = account;
    setPassphrase("");
    setAgain("");
  }, [account]);

  async function create(): Promise<string> {
    if (!pack || !data) throw new Error("rebuild the package, and choose the data, first");
    if (!account) throw new Error("no wallet is connected; connect the host's");
    const earlier = creating.begun(config.chain, account);
    if (earlier) {
      const found = await client.readContract({ address: config.factory, abi: factoryAbi, functionName: "isBounty", args: [earlier.bounty] });
      if (!found) {
        setOpen(earlier);
        throw new StepError(
          `create: the wallet was given an earlier creation, of bounty ${earlier.bounty}, whose end this page has not seen`,
          "nothing new was sent; the earlier one may still take its reward: look into the wallet's history, and wait for it, or cancel it there and forget it here",
        );
      }
      return done(earlier, `bounty ${earlier.bounty} was made by the earlier creation; no other one was sent`);
    }
    const token: Address | null = draft.token.trim() === "" ? null : (draft.token.trim() as Address);
    if (token !== null && !isAddress(token)) throw new Error(`the token is ${JSON.stringify(draft.token)}, expected an address, or nothing for ether`);
    const money = await moneyOf(client, config, token ?? zeroAddress);
    const { timestamp } = await client.getBlock();
    const commitUntil = Number(timestamp) + parseDuration("commit", draft.commit);
    const revealUntil = commitUntil + parseDuration("reveal", draft.reveal);
    const proveUntil = revealUntil + parseDuration("prove", draft.prove);
    const reward = parseAmount("the reward", draft.reward, money.decimals);
    const offer: BountyOffer = {
      token,
      reward: `${reward}`,
      bond: `${parseAmount("the bond", draft.bond, money.decimals)}`,
      threshold: parseThreshold(draft.threshold, data.files.length),
      open: draft.mode === "open",
      best: draft.winner === "best",
      commitUntil,
      revealUntil,
      proveUntil,
      deliveryWindow: parseDuration("deliver", draft.deliver),
      development: single,
    };
    const secrets = await engine.hostSecrets();
    let terms: Terms;
    try {
      await engine.hostOpen("new", secrets);
      await engine.hostTake("new", pack.cid, data.files, data.labels);
      terms = decodeTerms(await engine.hostTerms("new", pack.cid, offer, account));
    } finally {
      await engine.hostClose("new");
    }
    const short = hasty(terms, config);
    if (short) throw new Error(`no hunter can take part: ${short}; give more time`);
    // A function of the terms: known before there is a bounty.
    const bounty = addressOf(config.factory, terms);
    await lockAndSave({ role: "host", chain: config.chain, bounty, account }, secrets, passphrase, again);
    await keepData(await boxOf(secrets), config.chain, bounty, data);
    remember(bounty, pack.cid);
    const checked = [
      "the circuits are rebuilt, and the terms name the hashes of the package's keys",
      "the data is of the package's format",
      "the key file opens with the passphrase, is saved, and kept in this browser",
      "the bounty's address is that of these terms",
    ];
    const counts = (reader: Reader) => requireDecimals(reader, "create", money);
    if (token) {
      const allowed = await client.readContract({ address: token, abi: tokenAbi, functionName: "allowance", args: [account, config.factory] });
      if (allowed < reward) {
        const approve = encodeFunctionData({ abi: tokenAbi, functionName: "approve", args: [config.factory, reward] });
        await step({ step: "approve the reward", to: token, data: approve, value: 0n, ready: counts }, bounty, [["allows the factory to take", amount(reward, money)], ["factory", config.factory], tokenLine(money)], checked);
      }
    }
    const call = encodeFunctionData({ abi: factoryAbi, functionName: "create", args: [terms] });
    const made: creating.Creation = { bounty, package: pack.cid };
    const begun = () => creating.begin(config.chain, account, made);
    await step(
      { step: "create", to: config.factory, data: call, value: token ? 0n : reward, keep: begun, ready: counts },
      bounty,
      [
        ["bounty", bounty],
        ["reward", amount(terms.reward, money)],
        ["bond of each hunter", amount(terms.bond, money)],
        tokenLine(money),
        ["threshold", `${terms.threshold} of ${data.files.length} correct`],
        ["data", terms.open ? "open: shown from the start" : "sealed: shown after the last commitment"],
        ["commit until", time(terms.commitUntil)],
        ["reveal until", time(terms.revealUntil)],
        ["prove until", time(terms.proveUntil)],
        ["deliver", `${duration(terms.deliveryWindow)} each`],
        ["dataset", `0x${terms.dataset.toString(16)}`],
      ],
      checked,
    ).catch((error: unknown) => {
      if (error instanceof StepError && error.money === NOTHING_SENT) creating.end(config.chain, account);
      throw error;
    });
    return done(made, `bounty ${bounty} holds ${amount(reward, money)}`);
  }

  function done(creation: creating.Creation, text: string): string {
    if (account) creating.end(config.chain, account);
    setOpen(null);
    setMade(creation);
    localStorage.removeItem(DRAFT);
    return text;
  }

  return (
    <>
      <h1>New bounty</h1>
      <section aria-labelledby="circuits" className="card">
        <h2 id="circuits">1. Circuits and keys</h2>
        <p>
          Made by <code>zkml ceremony --bounty</code> (or <code>zkml bounty setup</code>, for development) and <code>zkml bounty package</code>.
        </p>
        <Field label="CID of the package" value={draft.cid} onChange={set("cid")} />
        <FileField label="Or the package's folder (zkml/bounty/store)" folder onFiles={setFolder} hint={config.ipfsApi ? "it is put to IPFS, too" : "publish it yourself: hunters fetch it from the gateway"} />
        <StepButton
          state={packing}
          primary={!pack}
          act={async (progress) => {
            if (folder.length > 0) {
              const cids = await takeFolder(folder, progress);
              if (config.ipfsApi) {
                for (const [i, cid] of cids.entries()) {
                  progress(i, cids.length, "blocks put to IPFS");
                  await put(config.ipfsApi, await engine.content(cid), !cid.startsWith("bafkrei"));
                }
              }
            }
            setPack(await rebuild(gateway, draft.cid.trim(), progress));
          }}
        >
          Fetch and rebuild
        </StepButton>
        <StepStatus state={packing} />
        {pack && <PackageSummaryView pack={pack} />}
        {pack && <AcceptSetup single={single} label="For development: I accept keys of a single party, who can forge proofs" checked={accept} onChange={setAccept} />}
      </section>
      <section aria-labelledby="data" className="card">
        <h2 id="data">2. Data</h2>
        <p>Committed to now, and shown later. This browser keeps it until then.</p>
        <DataFields key={pack?.cid ?? ""} pack={pack} onData={setData} />
        <Choice
          label="When it is shown"
          value={draft.mode}
          options={[
            ["sealed", "sealed: after the last commitment"],
            ["open", "open: from the start (a model may be a table of the answers)"],
          ]}
          onChange={set("mode")}
        />
      </section>
      <section aria-labelledby="offer" className="card">
        <h2 id="offer">3. Offer</h2>
        <div className="grid">
          <Field label="Reward" value={draft.reward} onChange={set("reward")} required hint={draft.token ? "in the token" : `in ${config.symbol}`} />
          <Field label="Bond of each hunter" value={draft.bond} onChange={set("bond")} />
          <Field label="Token (ERC-20), nothing for ether" value={draft.token} onChange={set("token")} />
          <Field label="Threshold" value={draft.threshold} onChange={set("threshold")} hint="correct answers, or a fraction of them" />
          <Choice
            label="Who wins"
            value={draft.winner}
            options={[
              ["first", "the first committed that reaches the threshold"],
              ["best", "the most accurate"],
            ]}
            onChange={set("winner")}
          />
          <Field label="Time to commit" value={draft.commit} onChange={set("commit")} hint="30m, 12h, 7d" />
          <Field label="Time to show the data" value={draft.reveal} onChange={set("reveal")} />
          <Field label="Time to prove" value={draft.prove} onChange={set("prove")} />
          <Field label="Time to deliver, each" value={draft.deliver} onChange={set("deliver")} />
        </div>
      </section>
      <section aria-labelledby="create" className="card">
        <h2 id="create">4. Key and creation</h2>
        <p>A new key is made, for which the weights will be encrypted. Its file is encrypted with a passphrase, and saved. Without both, what is delivered can't be read.</p>
        <Field label="Passphrase of the key file" type="password" value={passphrase} onChange={setPassphrase} hint="at least 8 characters" />
        <Field label={AGAIN} type="password" value={again} onChange={setAgain} hint="the file is opened with it before anything is sent" />
        <StepButton state={creation} primary={!!pack} disabled={!pack || !data || !account || !accept} act={create}>
          Create and fund the bounty
        </StepButton>
        <StepStatus state={creation} />
        {open && account && (
          <StepButton
            state={creation}
            act={async () => {
              creating.end(config.chain, account);
              setOpen(null);
              return `the creation of ${open.bounty} is forgotten here; if it takes place all the same, the bounty is in the list`;
            }}
          >
            It is cancelled in the wallet: forget the earlier creation
          </StepButton>
        )}
        {made && (
          <>
            <p>
              Publish this address: <a href={link(made.bounty, "overview", made.package)}>the bounty</a>
            </p>
            <StepButton
              state={packing}
              act={async () => save("bounty.json", JSON.stringify({ bounty: made.bounty, chain: config.chain, factory: config.factory, package: made.package }, null, 2), "application/json")}
            >
              Save bounty.json
            </StepButton>
          </>
        )}
      </section>
    </>
  );
}
