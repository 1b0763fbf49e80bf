import { useState } from "react";
import type { CheckedCall } from "../../wasm/zkml.js";
import { type Bounty, type ProofLog, encodeTerms, proofs, provenChunks, shown } from "../chain/bounty";
import { message } from "../chain/errors";
import { engine } from "../engine";
import { amount, count, same } from "../format";
import { fetchBlock } from "../ipfs";
import { type PackageSummary, placeOf, word } from "../package";
import { Bars } from "../parts/Bars";
import { Terms } from "../parts/fields";
import { StepButton, StepStatus, useStep } from "../parts/step";
import { link } from "../route";
import { useSession } from "../session";

type Row = ProofLog & { verdict: "valid" | "not valid" | "not checked"; why: string; correct: number };

type Verdicts = { setup: string; rows: Row[]; dataset: { good: boolean; text: string }; winner: { good: boolean; text: string } };

/** Whether who was paid has earned it, by the proofs that were verified here. */
function winnerOf(bounty: Bounty, rows: Row[]): Verdicts["winner"] {
  const { terms, winner, money } = bounty;
  if (!winner) return { good: true, text: "nobody was paid" };
  const of = (statement: ProofLog["statement"]) => rows.filter((row) => row.statement === statement && same(row.hunter, winner));
  const [accuracy, parts] = [of("accuracy"), of("delivery")];
  const paid = `${winner} was paid ${amount(terms.reward, money)}`;
  if ([...accuracy, ...parts].some((row) => row.verdict === "not checked")) return { good: true, text: `${paid}; not all of its proofs could be checked here` };
  const correct = accuracy.reduce((sum, row) => sum + row.correct, 0);
  const good =
    [...accuracy, ...parts].every((row) => row.verdict === "valid") &&
    accuracy.length === terms.chunks &&
    parts.length === terms.deliveryChunks &&
    correct >= terms.threshold;
  const better = terms.best ? bounty.hunters.filter((hunter) => hunter.correct > correct && provenChunks(hunter) === terms.chunks).length : 0;
  const others = better > 0 ? `; ${better} more accurate let their turn pass` : "";
  return {
    good,
    text: `${paid}: ${correct} correct in ${accuracy.length} of ${terms.chunks} chunks, ${terms.threshold} were asked for; ${parts.length} of ${terms.deliveryChunks} parts delivered${others}`,
  };
}

const said = (call: CheckedCall): string =>
  call.statement === "accuracy"
    ? `${call.correct} correct in chunk ${call.chunk}`
    : call.statement === "data"
      ? `chunk ${call.chunk}, group ${call.group} is the dataset's`
      : `part ${call.chunk} holds the committed weights`;

export function CheckTab({ bounty, pack, cid }: { bounty: Bounty; pack: PackageSummary | null; cid: string | null }) {
  const { client, config, gateway } = useSession();
  const state = useStep();
  const [verdicts, setVerdicts] = useState<Verdicts | null>(null);
  const { terms } = bounty;
  const share = new URL(link(bounty.address, "check", pack?.cid ?? cid), location.href).href;
  return (
    <section aria-labelledby="check">
      <h2 id="check">Check it yourself</h2>
      <p>
        Reads every transaction of the bounty, and verifies its proof in this page with public inputs that are computed here. Share this address:{" "}
        <a href={share} className="full">
          {share}
        </a>
      </p>
      {!pack && <p>Rebuild the package above first.</p>}
      <StepButton
        state={state}
        primary
        disabled={!pack}
        act={async (progress) => {
          if (!pack) return;
          const encoded = encodeTerms(terms);
          const setup = terms.development ? "keys of a single party, as the terms say: whoever made them can forge proofs" : `ceremonies, whose transcripts have the hash ${terms.setup}`;
          await engine.verifySetup(pack.cid, encoded, terms.development);
          const logs = await proofs(client, config, bounty.address);
          const rows: Row[] = [];
          for (const [i, log] of logs.entries()) {
            progress(i, logs.length, "proofs verified");
            if (!log.call) {
              rows.push({ ...log, verdict: "not checked", why: "it was sent through another contract; the bounty has verified it", correct: 0 });
              continue;
            }
            const hunter = bounty.hunters.find((other) => same(other.account, log.hunter));
            try {
              const call = await engine.check(pack.cid, encoded, placeOf(config, bounty), log.sender, hunter ? word(hunter.commitment) : null, log.call);
              rows.push({ ...log, verdict: "valid", why: said(call), correct: call.statement === "accuracy" ? call.correct : 0 });
            } catch (error) {
              rows.push({ ...log, verdict: "not valid", why: message(error), correct: 0 });
            }
          }
          const dataset = await datasetOf(progress);
          const winner = winnerOf(bounty, rows);
          setVerdicts({ setup, rows, dataset, winner });
          const bad = rows.filter((row) => row.verdict === "not valid").length + (dataset.good ? 0 : 1) + (winner.good ? 0 : 1);
          if (bad > 0) throw new Error(`${bad} of what was checked does not hold: see below`);
          return `all ${rows.length} proofs hold`;
        }}
      >
        Check all
      </StepButton>
      <StepStatus state={state} />
      {verdicts && (
        <>
          <Terms
            rows={[
              ["setup", verdicts.setup],
              ["dataset", <span key="dataset" className={verdicts.dataset.good ? "good" : "error"}>{verdicts.dataset.text}</span>],
              ["winner", <span key="winner" className={verdicts.winner.good ? "good" : "error"}>{verdicts.winner.text}</span>],
            ]}
          />
          <table>
            <caption>Proofs on the chain</caption>
            <thead>
              <tr>
                <th scope="col">statement</th>
                <th scope="col">verdict</th>
                <th scope="col">says</th>
                <th scope="col">transaction</th>
              </tr>
            </thead>
            <tbody>
              {verdicts.rows.map((row) => (
                <tr key={row.hash + row.label}>
                  <td>
                    {row.statement}, {row.label}
                  </td>
                  <td className={row.verdict === "valid" ? "good" : row.verdict === "not valid" ? "error" : ""}>{row.verdict}</td>
                  <td>{row.why}</td>
                  <td className="full">{row.hash}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <Bars title="Gas of each proof" rows={verdicts.rows.map((row) => ({ name: `${row.statement}, ${row.label}`, value: Number(row.gas), text: count(row.gas) }))} />
        </>
      )}
    </section>
  );

  /** Fetches what was shown: whether the files are there, and are those that were proven. */
  async function datasetOf(progress: (done: number, of: number, what: string) => void): Promise<Verdicts["dataset"]> {
    const groups = await shown(client, config, bounty.address);
    const all = terms.chunks * terms.groups;
    if (groups.length < all) return { good: true, text: `${groups.length} of ${all} groups are shown` };
    if (!pack) return { good: false, text: "there is no package" };
    const files = (await Promise.all(groups.map((group) => engine.named(pack.cid, group.items.map(word))))).flat();
    try {
      for (const [i, [file]] of files.entries()) {
        progress(i, files.length, "files fetched");
        await fetchBlock(gateway, file);
      }
      return { good: true, text: `0x${terms.dataset.toString(16)}: all groups are proven to be its, and ${files.length} files are those of their CIDs` };
    } catch (error) {
      return { good: false, text: `all groups are proven; a file can't be had: ${message(error)}` };
    }
  }
}
