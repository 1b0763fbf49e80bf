// For Node.js: the library is read and compiled while it is imported. `await init()` does nothing more, so that programs are the same as for browsers.
import { readFileSync } from "node:fs";
import { initSync } from "./zkml.js";

initSync({ module: readFileSync(new URL("./zkml_bg.wasm", import.meta.url)) });

export * from "./index.js";
export { default } from "./zkml.js";
