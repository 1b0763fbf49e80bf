import { type ReactNode, useEffect, useRef } from "react";
import { Button } from "react-aria-components";
import { useConnect, useConnection, useConnectors, useDisconnect, useSwitchChain } from "wagmi";
import { message, rejected } from "./chain/errors";
import { BountyPage } from "./pages/BountyPage";
import { Browse } from "./pages/Browse";
import { CreatePage } from "./pages/CreatePage";
import { Boundary } from "./parts/Boundary";
import { Choice } from "./parts/fields";
import { useRoute } from "./route";
import { useSession } from "./session";

function Wallet() {
  const { config } = useSession();
  const { address, chainId, isConnected } = useConnection();
  const connectors = useConnectors();
  const connect = useConnect();
  const disconnect = useDisconnect();
  const change = useSwitchChain();
  const error = connect.error ?? change.error;
  return (
    <div className="wallet">
      {isConnected ? (
        <>
          <span className="full" data-testid="account">
            {address}
          </span>
          <Button onPress={() => disconnect.mutate()}>Disconnect</Button>
        </>
      ) : connectors.length === 0 ? (
        <span>No wallet is in this browser. Everything can be read and checked without one.</span>
      ) : (
        connectors.map((connector) => (
          <span key={connector.uid}>
            <Button onPress={() => connect.mutate({ connector })}>Connect {connector.name}</Button>{" "}
            {/* A name is a wallet's own choice. */}
            <small className="full">{connector.id}</small>
          </span>
        ))
      )}
      {isConnected && chainId !== config.chain && (
        <p role="alert" className="error">
          The wallet is on chain {chainId}, expected {config.chain} ({config.name}). Nothing can be sent from here meanwhile.{" "}
          <Button onPress={() => change.mutate({ chainId: config.chain as never })}>Switch the wallet</Button>
        </p>
      )}
      {error && (
        <p role="alert" className="error">
          {rejected(error) ? "rejected in the wallet; nothing was sent" : message(error)}
        </p>
      )}
    </div>
  );
}

function Told() {
  const { told } = useSession();
  return (
    <div role="status" aria-live="polite" className="told">
      {told.map((item) => (
        <p key={item.step} className={item.failed ? "error" : item.done ? "good" : ""}>
          <strong>{item.step}</strong>: {item.text}{" "}
          {item.stop && !item.done && <Button onPress={item.stop}>Stop waiting</Button>}
        </p>
      ))}
    </div>
  );
}

function Page(): ReactNode {
  const route = useRoute();
  switch (route.page) {
    case "browse":
      return <Browse />;
    case "new":
      return <CreatePage />;
    case "bounty":
      return <BountyPage key={route.address} route={route} />;
    case "unknown":
      return (
        <>
          <h1>Nothing here</h1>
          <p>
            There is no page {route.found}. <a href="#/">All bounties</a>
          </p>
        </>
      );
  }
}

export function App() {
  const { config, gateway, setGateway } = useSession();
  const main = useRef<HTMLElement>(null);
  const route = useRoute();
  // Whoever does not see that the page changed is at its beginning.
  const where = route.page === "bounty" ? route.address + route.tab : route.page;
  const first = useRef(true);
  useEffect(() => {
    if (first.current) first.current = false;
    else main.current?.focus();
  }, [where]);
  return (
    <>
      <a href="#main" className="skip" onClick={(event) => (event.preventDefault(), main.current?.focus())}>
        To the content
      </a>
      <header>
        <nav aria-label="Site">
          <a href="#/" aria-current={route.page === "browse" ? "page" : undefined}>
            Bounties
          </a>
          <a href="#/new" aria-current={route.page === "new" ? "page" : undefined}>
            New bounty
          </a>
        </nav>
        <Wallet />
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        <Boundary key={route.page === "bounty" ? route.address : route.page}>
          <Page />
        </Boundary>
      </main>
      <Told />
      <footer>
        <Choice label="IPFS gateway" value={gateway} options={config.gateways.map((url) => [url, url])} onChange={setGateway} />
        <p>
          Chain {config.chain} over {config.rpc}. What comes from a gateway is compared with its CID in this page. Nothing else is asked for, and nothing is sent anywhere else.
        </p>
      </footer>
    </>
  );
}
