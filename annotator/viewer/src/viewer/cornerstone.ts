import {
  cache,
  Enums,
  imageLoader,
  init as initCore,
  metaData,
  RenderingEngine,
} from "@cornerstonejs/core";
import { init as initTools } from "@cornerstonejs/tools";

import { loadFrame } from "./loader";
import { provideMetadata } from "./metadata";

/** What the scans in hand and ahead may take together; the frames themselves stay in HTTP's cache. */
export const CACHE_BYTES = 1.5 * 1024 ** 3;
const OURS_FIRST = 10_000;

/** Starts Cornerstone once and gives the engine that draws every viewport. */
export function startCornerstone(): RenderingEngine {
  initCore({
    rendering: {
      renderingEngineMode: Enums.RenderingEngineModeEnum.ContextPool,
      // Each WebGL context costs memory; a task shows two scans at most times.
      webGlContextCount: 2,
    },
    debug: { statsOverlay: false },
  });
  initTools();
  cache.setMaxCacheSize(CACHE_BYTES);
  metaData.addProvider(provideMetadata, OURS_FIRST);
  imageLoader.registerImageLoader("scout", loadFrame as Parameters<typeof imageLoader.registerImageLoader>[1]);
  return new RenderingEngine("reading-room");
}
