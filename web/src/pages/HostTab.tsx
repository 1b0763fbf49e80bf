import { useState } from "react";
import { encodeFunctionData } from "viem";
import { bountyAbi } from "../chain/abi";
import { type Bounty, delivered, encodeTerms, settledTime, tokenLine } from "../chain/bounty";
import { doubt } from "../chain/time";
import { type Data, keptData } from "../data";
import { engine } from "../engine";
import { amount, duration, same, save, time } from "../format";
import { put } from "../ipfs";
import { boxOf } from "../kept";
import { type PackageSummary, placeOf, provingKey, word } from "../package";
import { useOpening } from "../parts/Unlock";
import { StepButton, StepStatus, useStep } from "../parts/step";
import { Terms } from "../parts/fields";
import { useSession } from "../session";
import { DataFields } from "./DataFields";
import { Withdraw } from "./HunterTab";

export function HostTab({ bounty, pack, stale }: { bounty: Bounty; pack: PackageSummary | null; stale: boolean }) {
  const { account, client, config, step, settleDoubt } = useSession();
  const { terms, money, address } = bounty;
  const [opening, openingView] = useOpening("host", config.chain, address, account, false);
  const [data, setData] = useState<Data | null>(null);
  const [to, setTo] = useState("");
  const revealing = useStep();
  const receiving = useStep();
  const refunding = useStep();
  const { gateway } = useSession();
  const mine = same(account, terms.host);
  const all = terms.chunks * terms.groups;
  const encoded = encodeTerms(terms);
  const name = address;

  const refund = (
    <section aria-labelledby="refund" className="card">
      <h2 id="refund">Refund</h2>
      <p>
        {bounty.state === "Committing" && bounty.hunters.length === 0
          ? "Nobody has committed: the host may cancel."
          : bounty.state === "Refundable"
            ? "Nobody can earn the reward any more: anyone may have it credited to the host."
            : "The reward goes back once nobody can earn it any more."}
      </p>
      {(["cancel", "refund"] as const).map((what) => (
        <StepButton
          key={what}
          state={refunding}
          disabled={what === "cancel" ? !mine || bounty.state !== "Committing" || bounty.hunters.length > 0 : !account || bounty.state !== "Refundable"}
          act={async () => {
            const call = encodeFunctionData({ abi: bountyAbi, functionName: what });
            const lines: [string, string][] = [
              ["credits to the host", amount(terms.reward, money)],
              ["host", terms.host],
              tokenLine(money),
            ];
            await step({ step: what, to: address, data: call, value: 0n }, address, lines, []);
            return `${amount(terms.reward, money)} are credited to the host`;
          }}
        >
          {what === "cancel" ? "Cancel the bounty" : "Refund the reward"}
        </StepButton>
      ))}
      <StepStatus state={refunding} />
    </section>
  );
  if (!mine) {
    return (
      <>
        <p>
          {account ? `Your account is ${account}.` : "No wallet is connected."} The host is <span className="full">{terms.host}</span>.
        </p>
        {refund}
      </>
    );
  }

  /** Opens the key, which must be that of the terms; returns the key of what is kept beside it. */
  async function openKey(): Promise<CryptoKey> {
    const secrets = await opening.secrets();
    await engine.hostOpen(name, secrets);
    const [x, y] = await engine.hostKey(name);
    if (BigInt(x) !== terms.hostKeyX || BigInt(y) !== terms.hostKeyY) throw new Error("the key file is of another bounty than this; choose the one that was saved when it was created");
    opening.genuine();
    return boxOf(secrets);
  }

  /** Whoever sees the data could still commit, if the chain took back the blocks after the last commitment. */
  async function requireSealed(): Promise<void> {
    if (terms.open) return;
    const now = await settledTime(client, config);
    if (now < BigInt(terms.commitUntil))
      throw new Error(
        `by the blocks that count, which have ${config.confirmations} confirmations, it is open to commitments for ${duration(BigInt(terms.commitUntil) - now)} more; no file was published: wait for them`,
      );
  }

  /** Published files can't be taken back: one clock alone does not say that they may be. */
  const requireAgreement = () =>
    terms.open
      ? Promise.resolve()
      : settleDoubt("show the data", doubt("the last commitment is over", BigInt(terms.commitUntil), "If the node lies, somebody could see the data and still commit: the reward would be theirs."));

  return (
    <>
      <section aria-labelledby="key" className="card">
        <h2 id="key">Your key</h2>
        <p>Weights are encrypted for it. It is opened in this page, and leaves it only as the encrypted key file that you keep.</p>
        {openingView}
      </section>

      <section aria-labelledby="reveal" className="card">
        <h2 id="reveal">Show the data</h2>
        {bounty.groupsProven === all ? (
          <p className="good">All {all} groups are shown.</p>
        ) : (
          <>
            <p>
              {terms.open ? "From now" : `From ${time(terms.commitUntil)}`} until {time(terms.revealUntil)}: the files go to IPFS, and a proof for each group of them says that they are the
              dataset. If it is not done in time, reward and bonds go back.
            </p>
            {!terms.open && bounty.state === "Committing" && <p className="warning">Not before the last commitment is final: who sees the data in a pool could still commit.</p>}
            <details>
              <summary>Choose the data again (this browser keeps it from when the bounty was created)</summary>
              <DataFields pack={pack} onData={setData} />
            </details>
            <StepButton
              state={revealing}
              primary
              disabled={!pack || stale || !(bounty.state === "Revealing" || (terms.open && bounty.state === "Committing"))}
              act={async (progress) => {
                if (!pack) return;
                const box = await openKey();
                await requireSealed();
                await requireAgreement();
                const taken = data ?? (await keptData(box, config.chain, address));
                if (!taken) throw new Error("this browser does not have the data: choose files and labels, in the order of then");
                const root = await engine.hostTake(name, pack.cid, taken.files, taken.labels);
                if (BigInt(root) !== terms.dataset) throw new Error(`these files and labels have the commitment ${root}, the bounty's is ${word(terms.dataset)}; choose those of then, in their order`);
                for (const [i, file] of taken.files.entries()) {
                  progress(i, taken.files.length, config.ipfsApi ? "files put to IPFS" : "files saved");
                  const cid = await engine.cidOf(file, pack.dagPb);
                  if (config.ipfsApi) await put(config.ipfsApi, file, pack.dagPb);
                  else save(cid, file.slice());
                }
                await provingKey(gateway, pack.cid, "data", progress);
                for (let index = 0; index < all; index++) {
                  const [chunk, group] = [Math.floor(index / terms.groups), index % terms.groups];
                  if (await client.readContract({ address, abi: bountyAbi, functionName: "groupProven", args: [chunk, group] })) continue;
                  progress(index, all, "groups proven");
                  const call = await engine.hostShow(name, pack.cid, encoded, placeOf(config, bounty), index);
                  await engine.check(pack.cid, encoded, placeOf(config, bounty), terms.host, null, call);
                  await requireSealed();
                  await step(
                    { step: `prove data ${chunk}.${group}`, to: address, data: call, value: 0n },
                    address,
                    [["shows", `group ${group} of chunk ${chunk}: the CIDs and labels of ${terms.items} files`]],
                    ["the proof is valid: these files and labels are the dataset's"],
                  );
                }
                return `all ${all} groups are shown`;
              }}
            >
              Publish and prove the data
            </StepButton>
          </>
        )}
        <StepStatus state={revealing} />
      </section>

      <section aria-labelledby="receive" className="card">
        <h2 id="receive">Receive the weights</h2>
        <p>{bounty.state === "Paid" ? "Decrypted in this page, and compared with the winner's commitment." : "Once a hunter has delivered and was paid."}</p>
        <StepButton
          state={receiving}
          primary
          disabled={!pack || bounty.state !== "Paid"}
          act={async (progress) => {
            const winner = bounty.hunters.find((hunter) => same(hunter.account, bounty.winner));
            if (!pack || !winner) return;
            await openKey();
            const parts = await delivered(client, config, address, winner.account);
            progress(0, 0, "decrypting");
            const given = parts.map((part) => ({ ephemeral: [word(part.ephemeral[0]), word(part.ephemeral[1])] as [`0x${string}`, `0x${string}`], ct: part.ct.map(word) }));
            const weights = await engine.hostReceive(name, pack.cid, given, word(winner.commitment));
            save("weights.safetensors", weights.slice());
            return `weights.safetensors: ${weights.length} bytes, with the commitment ${word(winner.commitment)} of ${winner.account}`;
          }}
        >
          Decrypt and save
        </StepButton>
        <StepStatus state={receiving} />
      </section>
      {refund}
      <Withdraw bounty={bounty} credit={bounty.hostCredit} to={to} setTo={setTo} reclaim={false} />
      <Terms rows={[["host", terms.host]]} />
    </>
  );
}
