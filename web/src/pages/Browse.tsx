import { useQuery } from "@tanstack/react-query";
import type { Address } from "viem";
import { message } from "../chain/errors";
import { type Bounty, browse, read, samplesOf } from "../chain/bounty";
import { amount, time } from "../format";
import { next } from "../next";
import { remembered } from "../package";
import { link } from "../route";
import { useSession } from "../session";

export function Browse() {
  const { client, config } = useSession();
  const all = useQuery({
    queryKey: ["browse"],
    // Each by itself: one that can't be read hides no other one.
    queryFn: async () => {
      const addresses = await browse(client, config);
      const found = await Promise.allSettled(addresses.map((address) => read(client, config, address)));
      return found.map((each, i) => ({ address: addresses[i] as Address, ...(each.status === "fulfilled" ? { bounty: each.value } : { error: message(each.reason) }) }));
    },
    refetchInterval: 4000,
  });
  return (
    <>
      <h1>Bounties</h1>
      <p>
        A host pays for a model that answers enough of its data correctly. What is shown here is read from the factory <span className="full">{config.factory}</span> on{" "}
        {config.name}.
      </p>
      {all.isPending && <p role="status">Reading the chain …</p>}
      {all.isError && (
        <p role="alert" className="error">
          {message(all.error)}
        </p>
      )}
      {all.data?.length === 0 && (
        <p>
          There is none yet. <a href="#/new">Create one.</a>
        </p>
      )}
      <ul className="cards">
        {all.data?.map(({ address, ...found }) => (
          <li key={address} className="card">
            <h2>
              <a href={link(address, "overview", remembered(address))} className="full">
                {address}
              </a>
            </h2>
            {"bounty" in found ? <Summary bounty={found.bounty} /> : <p className="error">It can't be read: {found.error}</p>}
          </li>
        ))}
      </ul>
    </>
  );
}

function Summary({ bounty }: { bounty: Bounty }) {
  return (
    <>
      <p>
        <strong className={`state ${bounty.state.toLowerCase()}`}>{bounty.state}</strong> {bounty.deadline > 0n && <>until {time(bounty.deadline)}</>}
      </p>
      <p>
        {amount(bounty.terms.reward, bounty.money)} for {bounty.terms.threshold} of {samplesOf(bounty.terms)} correct, {bounty.terms.open ? "open" : "sealed"}, {bounty.hunters.length}{" "}
        {bounty.hunters.length === 1 ? "hunter" : "hunters"}
        {bounty.terms.development && <>; keys of a single party</>}
      </p>
      <ul className="next">
        {next(bounty).map((item) => (
          <li key={item.who + item.what}>
            <span className="full">{item.who}</span>: {item.what}
            {item.until !== null && <>, until {time(item.until)}</>}
          </li>
        ))}
      </ul>
    </>
  );
}
