import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  // Static files, of any folder of any server.
  base: "./",
  plugins: [react()],
  worker: { format: "es" },
  build: {
    target: "es2023",
    // Nothing as a `data:` address: the policy allows none.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1000,
  },
});
