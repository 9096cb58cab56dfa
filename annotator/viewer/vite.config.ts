import { fileURLToPath } from "node:url";

import { defineConfig } from "vitest/config";

// The page's template names the entry and the style sheet, so those two keep their names; Django's
// static storage adds the hash. Chunks are found relative to the entry, wherever that is served.
export default defineConfig({
  base: "./",
  resolve: {
    alias: [
      {
        find: /^.*\/registerComputeWorker(\.js)?$/,
        replacement: fileURLToPath(new URL("src/viewer/nocompute.ts", import.meta.url)),
      },
    ],
  },
  build: {
    outDir: "../static/viewer",
    emptyOutDir: true,
    target: "es2022",
    chunkSizeWarningLimit: 5000,
    rolldownOptions: {
      input: "src/main.ts",
      output: {
        entryFileNames: "reading-room.js",
        chunkFileNames: "chunks/[name]-[hash].js",
        assetFileNames: (asset) =>
          asset.names.some((name) => name.endsWith(".css"))
            ? "reading-room.css"
            : "assets/[name]-[hash][extname]",
      },
    },
  },
  test: { environment: "happy-dom", include: ["test/**/*.test.ts"] },
});
