import { fileURLToPath } from "node:url";

/** The packages are those of the reading page: this folder has none of its own. */
const installed = fileURLToPath(new URL("../../../annotator/viewer/package.json", import.meta.url));
interface Resolving {
  resolve: (source: string, importer: string, options: { skipSelf: boolean }) => Promise<unknown>;
}
const isPackage = /^[\w@]/;

export default {
  base: "./",
  plugins: [
    {
      name: "packages-of-the-reading-page",
      enforce: "pre",
      resolveId(this: Resolving, source: string, importer?: string) {
        if (!importer?.includes("/benchmarks/") || !isPackage.test(source)) return null;
        return this.resolve(source, installed, { skipSelf: true });
      },
    },
  ],
  worker: { format: "es" },
  build: { target: "es2022", emptyOutDir: true, chunkSizeWarningLimit: 10_000 },
};
