import { useState } from "react";
import { type Hex, bytesToHex, encodeFunctionData, hexToBytes, isAddress, isHex, zeroAddress } from "viem";
import { bountyAbi, tokenAbi } from "../chain/abi";
import { type Bounty, encodeTerms, provenChunks, read, requireDecimals, samplesOf, shown, thresholdLine, tokenLine } from "../chain/bounty";
import { message } from "../chain/errors";
import { deliveryGas } from "../chain/send";
import { type Reader, doubt, hasty, requireCommitting, requireTurn, timeFor } from "../chain/time";
import { engine } from "../engine";
import { amount, bytes, count, duration, same, save, time } from "../format";
import { fetchBlock } from "../ipfs";
import * as idb from "../kept";
import { standing } from "../next";
import { type PackageSummary, constraintsOf, ofSingleParty, placeOf, provingKey, requireKey, word } from "../package";
import { Bars } from "../parts/Bars";
import { useOpening, lockAndSave } from "../parts/Unlock";
import { Field, FileField, Terms } from "../parts/fields";
import { type Progress, StepButton, StepStatus, useStep } from "../parts/step";
import { useSession } from "../session";
import { AcceptSetup } from "./BountyPage";

/** What is proved in the page: a larger circuit takes more memory than a page has, and the command is shown. */
export const MAX_CONSTRAINTS = 500_000;

/** The names of files of proofs, which say what they are of. */
const PROOF = /^(accuracy|delivery)-\d+\.(proof|call\.json)$/;

/** Says of which file an error is. */
async function of<T>(file: File | undefined, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw file ? new Error(`${file.name}: ${message(error)}`, { cause: error }) : error;
  }
}

/** The call of a file `..call.json`. */
function parseCall(text: string): Hex {
  try {
    const { call } = JSON.parse(text) as { call: unknown };
    if (isHex(call)) return call;
  } catch {
    // The error below says it.
  }
  throw new Error('it has no call, expected {"call": "0x.."}');
}

type Score = { chunks: number[]; samples: number };

export function HunterTab({ bounty, pack, stale }: { bounty: Bounty; pack: PackageSummary | null; stale: boolean }) {
  const { account, client, config, gateway, step, settleDoubt } = useSession();
  const { terms, money, address } = bounty;
  const me = bounty.hunters.find((hunter) => same(hunter.account, account));
  const name = `${address} ${account ?? ""}`;
  const [opening, openingView] = useOpening("hunter", config.chain, address, account, !me);
  const [box, setBox] = useState<CryptoKey | null>(null);
  const [model, setModel] = useState<File | null>(null);
  const [divide, setDivide] = useState("255");
  const [accept, setAccept] = useState(false);
  const [commitment, setCommitment] = useState<Hex | null>(null);
  const [score, setScore] = useState<Score | null>(null);
  const [proofFiles, setProofFiles] = useState<File[]>([]);
  const [to, setTo] = useState("");
  const open = useStep();
  const commit = useStep();
  const fetching = useStep();
  const accuracy = useStep();
  const making = useStep();
  const delivery = useStep();
  const out = useStep();

  if (!account) return <p>Connect a wallet to take part. Nothing is sent by that.</p>;
  const encoded = encodeTerms(terms);
  const place = placeOf(config, bounty);
  const ready = commitment !== null && pack !== null;
  const dataShown = bounty.groupsProven === terms.chunks * terms.groups;

  /** Opens the model with the secrets, which are made if there are none; compares with what was committed to. */
  async function openModel(progress: Progress): Promise<string> {
    if (!pack) throw new Error("rebuild the package above first");
    if (!model) throw new Error("choose the file of the model: .onnx or .safetensors");
    progress(0, 0, "reading the model");
    let secrets: string;
    if (opening.hasFile) secrets = await opening.secrets();
    else {
      if (me) throw new Error("this account has committed from elsewhere: choose the key file that was saved then; without it nothing can be proven");
      secrets = await engine.hunterSecrets(encoded);
      await lockAndSave({ role: "hunter", chain: config.chain, bounty: address, account: account ?? zeroAddress }, secrets, opening.passphrase, opening.again);
    }
    const divisor = Number(divide);
    if (!(divisor > 0)) throw new Error(`pixels are divided by ${JSON.stringify(divide)}, expected a number above 0`);
    const found = await of(model, async () => engine.hunterOpen(name, secrets, pack.cid, encoded, new Uint8Array(await model.arrayBuffer()), divisor));
    if (me && BigInt(found) !== me.commitment)
      throw new Error(`the account has committed to ${word(me.commitment)}, this model and key are ${found}; choose the model and the key file of then, and the number that pixels were divided by`);
    if (me) opening.genuine();
    setBox(await idb.boxOf(secrets));
    setCommitment(found);
    return `the model fits; its commitment is ${found}`;
  }

  async function takeData(progress: Progress): Promise<string> {
    if (!pack) throw new Error("rebuild the package above first");
    const groups = await shown(client, config, address);
    const files: [string, number][] = [];
    for (const group of groups) files.push(...(await engine.named(pack.cid, group.items.map(word))));
    const contents: Uint8Array[] = [];
    for (const [i, [cid]] of files.entries()) {
      await fetchBlock(gateway, cid);
      contents.push(await engine.content(cid));
      progress(i + 1, files.length, "files fetched, compared with their CIDs");
    }
    await engine.hunterTake(name, pack.cid, encoded, word(groups[0]?.salt ?? 0n), contents, files.map(([, label]) => label));
    const found = await engine.hunterScore(name);
    setScore(found);
    const correct = found.chunks.reduce((sum, n) => sum + n, 0);
    return `${files.length} files, whose commitment is the bounty's; the model answers ${correct} of ${found.samples} correctly, ${terms.threshold} are asked for`;
  }

  /** The call with a proof: kept from before, of a file that was chosen, or made now. It is checked as the contract does. */
  async function callOf(part: "accuracy" | "delivery", index: number, progress: Progress): Promise<Hex> {
    if (!pack || !account || !box) throw new Error("rebuild the package above, and open the model, first");
    const strange = proofFiles.find((other) => !PROOF.test(other.name));
    if (strange) throw new Error(`${strange.name}: its name does not say what it proves, expected such as ${part}-${index}.proof or ${part}-${index}.call.json`);
    const key = `call:${config.chain}:${address}:${account}:${commitment}:${part}:${index}`.toLowerCase();
    const file = proofFiles.find((other) => other.name === `${part}-${index}.proof` || other.name === `${part}-${index}.call.json`);
    const check = async (made: Hex): Promise<Hex> => {
      const checked = await engine.check(pack.cid, encoded, place, account, commitment, made);
      if (checked.statement !== part || checked.chunk !== index) throw new Error(`the proof is of ${checked.statement} ${checked.chunk}, expected ${part} ${index}; choose another file`);
      const counted = score?.chunks[index];
      if (checked.statement === "accuracy" && checked.correct !== counted)
        throw new Error(`the proof says ${checked.correct} correct answers in chunk ${index}, the model has ${counted}; choose another file`);
      return made;
    };
    let call: Hex | undefined;
    if (file) {
      call = await of(file, async () => {
        if (file.name.endsWith(".json")) return check(parseCall(await file.text()));
        return check((await engine.hunterProven(name, pack.cid, encoded, place, account, part, index, new Uint8Array(await file.arrayBuffer()))).call);
      });
    } else {
      const kept = await idb.load(box, key);
      // What is damaged, or of another attempt, is made anew.
      call = kept && (await check(bytesToHex(kept)).catch(() => undefined));
    }
    if (!call) {
      const constraints = constraintsOf(pack, part);
      if (constraints > MAX_CONSTRAINTS)
        throw new Error(`the circuit has ${count(constraints)} constraints, more than a page has memory for; run the command below, and choose the proof that it keeps`);
      await provingKey(gateway, pack.cid, part, progress);
      progress(0, 0, `proving ${part} ${index}`);
      call = await check((await engine.hunterProve(name, pack.cid, encoded, place, account, part, index)).call);
    }
    await idb.save(box, key, Uint8Array.from(hexToBytes(call)));
    return call;
  }

  /** The calls of all parts that the chain does not have. */
  async function deliveryCalls(progress: Progress): Promise<[number, Hex][]> {
    const found = (await read(client, config, address)).hunters.find((hunter) => same(hunter.account, account));
    const calls: [number, Hex][] = [];
    for (let part = found?.delivered ?? 0; part < terms.deliveryChunks; part++) calls.push([part, await callOf("delivery", part, progress)]);
    return calls;
  }

  const single = pack ? ofSingleParty(pack) : terms.development;
  const short = hasty(terms, config);
  // The contract names turns of those who qualified when there are none any more, too.
  const turn = ["Committing", "Proving", "Delivering"].includes(bounty.state) ? me?.turn : null;
  const inTurn = !!me && !!turn && turn.from <= bounty.now && bounty.now + timeFor(terms.deliveryChunks - me.delivered, config) < turn.until;
  const toDeliver = !!me && me.delivered < terms.deliveryChunks && ["Committing", "Revealing", "Proving", "Delivering"].includes(bounty.state);
  const canProve = bounty.state === "Proving" || (bounty.state === "Committing" && dataShown);
  const allProven = !!me && provenChunks(me) === terms.chunks;
  const command = `zkml bounty prove accuracy ${address}${pack ? ` --package ${pack.cid}` : ""}${terms.development ? " --development" : ""}`;

  return (
    <>
      <section aria-labelledby="you">
        <h2 id="you">You</h2>
        <Terms
          rows={[
            ["account", account],
            ["standing", me ? standing(bounty, me) : "has not committed"],
            ["bond", me ? `${amount(terms.bond, money)}, ${me.bond}` : `${amount(terms.bond, money)} to be paid with the commitment`],
            ["can withdraw", amount(me?.credit ?? 0n, money)],
            ...(turn ? ([["turn to deliver", turn.from <= bounty.now ? `now, until ${time(turn.until)}` : `${time(turn.from)} to ${time(turn.until)}`]] as [string, string][]) : []),
          ]}
        />
      </section>

      <section aria-labelledby="model" className="card">
        <h2 id="model">1. Your model</h2>
        <p>It does not leave the page. The key file has the salt of its commitment: keep it, and the model, until you are paid.</p>
        <FileField label="Model (.onnx, .safetensors)" accept=".onnx,.safetensors" onFiles={([file]) => setModel(file ?? null)} />
        <Field label="Pixels are divided by" value={divide} onChange={setDivide} hint="of an ONNX file, where the bounty's network takes bytes; 1: as they are" />
        {openingView}
        <StepButton state={open} primary={!commitment} disabled={!pack} act={openModel}>
          {opening.hasFile ? "Open the model" : "Make a key file and open the model"}
        </StepButton>
        <StepStatus state={open} />
      </section>

      <section aria-labelledby="commit" className="card">
        <h2 id="commit">2. Commit</h2>
        {me ? (
          <p className="good">Committed, as number {me.index + 1}.</p>
        ) : (
          <>
            <p>
              The bond of {amount(terms.bond, money)} comes back if you prove all chunks, or nobody can be paid. It is destroyed if you do not prove all by {time(terms.proveUntil)}, where
              somebody has, or qualify and do not deliver.
            </p>
            {short && (
              <p role="alert" className="error">
                The bond would be lost: {short}. Do not commit.
              </p>
            )}
            <AcceptSetup single={single} label="I accept keys of a single party, who can forge proofs and take the reward" checked={accept} onChange={setAccept} />
            <StepButton
              state={commit}
              primary
              disabled={!ready || !accept || stale || short !== null || bounty.state !== "Committing"}
              act={async (progress) => {
                if (!pack || !commitment) return;
                await engine.verifySetup(pack.cid, encoded, terms.development);
                // The one that is used next is the one that stays.
                for (const part of ["delivery", "accuracy"] as const) {
                  await requireKey(gateway, pack.cid, part, constraintsOf(pack, part) <= MAX_CONSTRAINTS, progress);
                }
                progress(0, 0, "waiting for you");
                const ready = async (reader: Reader) => {
                  await requireCommitting(reader, config, address);
                  await requireDecimals(reader, "commit", money);
                };
                const checked = [
                  "the address is that of these terms; that the bounty is there, and its state, is the node's word, which the wallet's is compared with where it answers",
                  "the circuits are rebuilt, the terms name the hashes of the package's keys, and the keys to prove with can be had",
                  "the host's key is one of prime order",
                  "the terms leave time to prove and to deliver",
                ];
                if (terms.token !== zeroAddress && terms.bond > 0n) {
                  const allowed = await client.readContract({ address: terms.token, abi: tokenAbi, functionName: "allowance", args: [account, address] });
                  if (allowed < terms.bond) {
                    const data = encodeFunctionData({ abi: tokenAbi, functionName: "approve", args: [address, terms.bond] });
                    await step({ step: "approve the bond", to: terms.token, data, value: 0n, ready }, address, [["allows the bounty to take", amount(terms.bond, money)], ["bounty", address], tokenLine(money)], checked);
                  }
                }
                const data = encodeFunctionData({ abi: bountyAbi, functionName: "commit", args: [BigInt(commitment)] });
                const value = terms.token === zeroAddress ? terms.bond : 0n;
                await step(
                  { step: "commit", to: address, data, value, ready },
                  address,
                  [
                    ["commitment", commitment],
                    ["bond", amount(terms.bond, money)],
                    ["reward", amount(terms.reward, money)],
                    tokenLine(money),
                    thresholdLine(terms),
                    ["commit until", time(terms.commitUntil)],
                    ["reveal until", time(terms.revealUntil)],
                    ["prove until", `${time(terms.proveUntil)}; ${duration(terms.proveUntil - terms.revealUntil)} after the data is shown at the latest`],
                    ["deliver", `within ${duration(terms.deliveryWindow)}, in ${terms.deliveryChunks} parts`],
                  ],
                  checked,
                );
                return `committed; ${amount(terms.bond, money)} are held as the bond`;
              }}
            >
              Commit, with the bond
            </StepButton>
          </>
        )}
        <StepStatus state={commit} />
      </section>

      <section aria-labelledby="data" className="card">
        <h2 id="data">3. The data</h2>
        {!dataShown && <p>{terms.open ? "The host has not shown all of it yet." : `It is shown after the last commitment, from ${time(terms.commitUntil)} on.`}</p>}
        <StepButton state={fetching} primary={!score} disabled={!ready || !dataShown} act={takeData}>
          Fetch the data, and try the model
        </StepButton>
        <StepStatus state={fetching} />
        {score && (
          <Bars
            title="Correct answers of your model"
            max={samplesOf(terms)}
            mark={{ value: terms.threshold, text: `threshold ${terms.threshold}` }}
            rows={[{ name: "all chunks", value: score.chunks.reduce((a, b) => a + b, 0), text: `${score.chunks.reduce((a, b) => a + b, 0)} of ${score.samples}` }]}
          />
        )}
      </section>

      <section aria-labelledby="accuracy" className="card">
        <h2 id="accuracy">4. Submit</h2>
        <FileField label="Proofs that were made elsewhere (accuracy-N.proof, delivery-N.proof, ..call.json)" multiple accept=".proof,.json" onFiles={setProofFiles} />
        <details>
          <summary>Prove on the command line instead</summary>
          <p>With this account's key in the project, and the secrets of the key file as secrets.json in zkml/bounty/hunter-{address.toLowerCase()}, readable by you alone:</p>
          <pre className="full">{command}</pre>
          <StepButton
            state={out}
            act={async () => {
              save("secrets.json", await opening.secrets(), "application/json");
              return "saved: who has it can read what you encrypt, and test guesses of your weights";
            }}
          >
            Save secrets.json
          </StepButton>
        </details>
        <p>
          {pack &&
            `Proving in the page takes memory for ${bytes(Math.max(...pack.statements.map((statement) => statement.provingBytes)))} of keys. `}
          Each proof is verified here before it is sent.
        </p>
        <StepButton
          state={accuracy}
          primary={!allProven}
          disabled={!ready || !score || !me || !canProve || allProven}
          act={async (progress) => {
            if (!me || !score) return;
            const correct = score.chunks.reduce((a, b) => a + b, 0);
            const left = score.chunks.map((n, chunk) => [chunk, n] as const).filter(([chunk]) => ((me.proven >> BigInt(chunk)) & 1n) === 0n);
            for (const [chunk, n] of left) {
              const data = await callOf("accuracy", chunk, progress);
              progress(0, 0, "waiting for you");
              await step(
                { step: `prove accuracy ${chunk}`, to: address, data, value: 0n },
                address,
                [
                  ["says", `${n} correct answers in chunk ${chunk}`],
                  ["in all", `${correct} of ${score.samples}, ${terms.threshold} are asked for${correct < terms.threshold ? ": too few; the bond comes back with the last chunk" : ""}`],
                ],
                ["the proof is valid, for this bounty, account, dataset and commitment"],
              );
            }
            return correct >= terms.threshold ? "all chunks are proven: you qualify" : "all chunks are proven, below the threshold: the bond is credited to you";
          }}
        >
          Prove and submit the accuracy
        </StepButton>
        <StepStatus state={accuracy} />
        <p>
          The proofs of the delivery take minutes, and can be made before your turn: they are kept, encrypted, in this browser. Once a part is sent, whoever sees it and has the host's key has the
          weights in it: sign while there is time.
        </p>
        <StepButton
          state={making}
          disabled={!ready || !toDeliver}
          act={async (progress) => {
            const calls = await deliveryCalls(progress);
            return `${calls.length} ${calls.length === 1 ? "proof is" : "proofs are"} kept; nothing was sent`;
          }}
        >
          Make the proofs of the delivery
        </StepButton>
        <StepStatus state={making} />
        <StepButton
          state={delivery}
          primary={allProven}
          disabled={!ready || stale || !inTurn || !toDeliver}
          act={async (progress) => {
            if (!account) return;
            // All proofs are made before the first part is sent.
            const calls = await deliveryCalls(progress);
            for (const [part, data] of calls) {
              progress(0, 0, "waiting for you");
              const ready = (reader: Reader) => requireTurn(reader, config, address, terms, account, part);
              const { from, last } = await ready(client);
              if (part === calls[0]?.[0])
                await settleDoubt("deliver", doubt("your turn has begun", from, "If the node lies, the host would have your weights, and the contract would refuse the delivery."));
              await step(
                { step: `deliver part ${part}`, to: address, data, value: 0n, gas: deliveryGas(terms.deliveryElements), ready },
                address,
                [
                  ["hands over", `part ${part + 1} of ${terms.deliveryChunks} of the weights, encrypted for the host`],
                  ["pays", part + 1 === terms.deliveryChunks ? `${amount(terms.reward, money)} and the bond, to be withdrawn` : "nothing yet: with the last part"],
                  tokenLine(money),
                  ["sign before", time(last)],
                ],
                [
                  "the ciphertext holds the committed weights, for the host's key of the terms; no node has seen it yet, the wallet's will",
                  "it is your turn, with time for all parts, by the node and this computer's clock; both, and the wallet's node, are asked again before the wallet is",
                ],
              );
            }
            return `delivered: ${amount(terms.reward, money)} and the bond are credited to you`;
          }}
        >
          Deliver the weights
        </StepButton>
        {me && turn && !inTurn && bounty.now < turn.from && <p>Your turn begins in {duration(turn.from - bounty.now)}.</p>}
        <StepStatus state={delivery} />
      </section>

      <Withdraw bounty={bounty} credit={me?.credit ?? 0n} to={to} setTo={setTo} reclaim={!!me && me.bond === "held" && ["Paid", "Refundable", "Refunded", "Cancelled"].includes(bounty.state)} />
    </>
  );
}

export function Withdraw({ bounty, credit, to, setTo, reclaim }: { bounty: Bounty; credit: bigint; to: string; setTo: (to: string) => void; reclaim: boolean }) {
  const { account, step } = useSession();
  const { address, money, terms } = bounty;
  const back = useStep();
  const withdraw = useStep();
  return (
    <section aria-labelledby="withdraw" className="card">
      <h2 id="withdraw">Withdraw</h2>
      {reclaim && (
        <StepButton
          state={back}
          act={async () => {
            const data = encodeFunctionData({ abi: bountyAbi, functionName: "reclaim" });
            await step({ step: "reclaim the bond", to: address, data, value: 0n }, address, [["credits to you", amount(terms.bond, money)], tokenLine(money)], []);
            return `the bond of ${amount(terms.bond, money)} is credited to you`;
          }}
        >
          Reclaim the bond
        </StepButton>
      )}
      <StepStatus state={back} />
      <p data-testid="credit">{amount(credit, money)} are credited to you.</p>
      <Field label="To (your account, if left out)" value={to} onChange={setTo} />
      <StepButton
        state={withdraw}
        disabled={credit === 0n}
        act={async () => {
          const recipient = to.trim() || account;
          if (!recipient || !isAddress(recipient)) throw new Error(`found ${JSON.stringify(to)}, expected an address of 20 bytes`);
          const data = encodeFunctionData({ abi: bountyAbi, functionName: "withdraw", args: [recipient] });
          const lines: [string, string][] = [
            ["sends", amount(credit, money)],
            ["recipient", recipient],
            tokenLine(money),
          ];
          await step({ step: "withdraw", to: address, data, value: 0n }, address, lines, []);
          return `${amount(credit, money)} were sent to ${recipient}`;
        }}
      >
        Withdraw all
      </StepButton>
      <StepStatus state={withdraw} />
    </section>
  );
}
