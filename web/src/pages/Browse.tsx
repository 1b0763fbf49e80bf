import { useQuery } from "@tanstack/react-query";
import { message } from "../chain/errors";
import { browse, read, samplesOf } from "../chain/bounty";
import { amount, time } from "../format";
import { next } from "../next";
import { remembered } from "../package";
import { link } from "../route";
import { useSession } from "../session";

export function Browse() {
  const { client, config } = useSession();
  const all = useQuery({
    queryKey: ["browse"],
    queryFn: async () => Promise.all((await browse(client, config)).map((address) => read(client, config, address))),
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
        {all.data?.map((bounty) => (
          <li key={bounty.address} className="card">
            <h2>
              <a href={link(bounty.address, "overview", remembered(bounty.address))} className="full">
                {bounty.address}
              </a>
            </h2>
            <p>
              <strong className={`state ${bounty.state.toLowerCase()}`}>{bounty.state}</strong> {bounty.deadline > 0n && <>until {time(bounty.deadline)}</>}
            </p>
            <p>
              {amount(bounty.terms.reward, bounty.money)} for {bounty.terms.threshold} of {samplesOf(bounty.terms)} correct, {bounty.terms.open ? "open" : "sealed"},{" "}
              {bounty.hunters.length} {bounty.hunters.length === 1 ? "hunter" : "hunters"}
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
          </li>
        ))}
      </ul>
    </>
  );
}
