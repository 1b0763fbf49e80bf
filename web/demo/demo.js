// `node demo.js FOLDER [PORT]`: the chain, the store and the page of the demonstration; see demo.sh.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { configure } from "../configure.js";
import { serve } from "../serve.js";
import { chain as start } from "../tests/chain.js";
import { project as sample } from "../tests/project.js";
import { store } from "./store.js";

const here = dirname(fileURLToPath(import.meta.url));

export async function demo(folder, port, command) {
  mkdirSync(folder, { recursive: true });
  const project = sample(command, join(folder, "project"));
  const chain = await start();
  const files = await store(project.blocks);
  const dist = join(folder, "dist");
  rmSync(dist, { recursive: true, force: true });
  cpSync(resolve(here, "../dist"), dist, { recursive: true });
  configure(dist, chain.config(files.url));
  // Wallets of the demonstration: the page itself has none.
  const html = readFileSync(join(dist, "index.html"), "utf8");
  writeFileSync(join(dist, "index.html"), html.replace("</body>", '<script type="module" src="./wallet.js"></script></body>'));
  cpSync(join(here, "wallet.js"), join(dist, "wallet.js"));
  writeFileSync(join(dist, "demo.json"), JSON.stringify({ rpc: chain.rpc, accounts: chain.accounts.slice(1, 3) }));
  const server = await serve(dist, port);
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    project,
    chain,
    async stop() {
      for (const each of [server, files.server]) {
        each.close();
        each.closeAllConnections();
      }
      await chain.stop();
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, port = "8000"] = process.argv.slice(2);
  const command = process.env.ZKML_COMMAND;
  if (!folder || !command) {
    console.error("usage: ZKML_COMMAND=zkml node demo.js FOLDER [PORT]");
    process.exit(2);
  }
  const { url, project, stop } = await demo(resolve(folder), Number(port), command);
  console.log(`
${url}

  package        ${project.cid}
  data           ${dirname(project.data[0])}/ (all files), labels ${project.labels}
  model          ${project.model}

1. Connect "Demo host", and create a bounty with package, data and labels; reward 5, threshold 0.75,
   an hour for each time ("1h").
2. Open the page in another window, connect "Demo hunter", open the bounty, its view "Hunter": the model, and commit.
3. "Let an hour pass", as often as it takes, until it is Revealing. The host shows the data; the hunter proves its accuracy.
   (It asks: by this computer's clock that hour has not passed. Go on.)
4. "Let an hour pass", as often as it takes, until it is Delivering. The hunter delivers, and withdraws. The host decrypts the weights.
`);
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.once(signal, async () => {
      await stop();
      process.exit(0);
    });
  }
}
