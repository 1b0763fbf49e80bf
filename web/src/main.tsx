import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { http } from "viem";
import { WagmiProvider, createConfig } from "wagmi";
import { App } from "./App";
import { chainOf, load } from "./config";
import { SessionProvider } from "./session";
import "./style.css";

const root = createRoot(document.getElementById("root") as HTMLElement);

try {
  const config = await load();
  const chain = chainOf(config);
  // Wallets announce themselves in the browser (EIP-6963); there is no other way in, and no service between.
  const wagmi = createConfig({ chains: [chain], connectors: [], multiInjectedProviderDiscovery: true, transports: { [chain.id]: http(config.rpc) } });
  const queries = new QueryClient({ defaultOptions: { queries: { retry: 1, staleTime: 500 } } });
  root.render(
    <StrictMode>
      <WagmiProvider config={wagmi}>
        <QueryClientProvider client={queries}>
          <SessionProvider config={config}>
            <App />
          </SessionProvider>
        </QueryClientProvider>
      </WagmiProvider>
    </StrictMode>,
  );
} catch (error) {
  root.render(
    <main>
      <h1>The page is not configured</h1>
      <p role="alert">{(error as Error).message}</p>
    </main>,
  );
}
