import { cache, Enums, imageLoader, init, RenderingEngine, type StackViewport } from "@cornerstonejs/core";
import { init as initLoader } from "@cornerstonejs/dicom-image-loader";
import { addTool, Enums as Tools, init as initTools, ToolGroupManager, WindowLevelTool } from "@cornerstonejs/tools";

/** A viewer as Cornerstone's examples have it: one stack viewport that fetches DICOM files. */
init();
initLoader();
initTools();
const element = document.getElementById("viewport") as HTMLDivElement;
const engine = new RenderingEngine("plain");
engine.enableElement({ viewportId: "plain", type: Enums.ViewportType.STACK, element });
const viewport = engine.getViewport("plain") as StackViewport;
addTool(WindowLevelTool);
const tools = ToolGroupManager.createToolGroup("plain");
tools?.addTool(WindowLevelTool.toolName);
tools?.setToolActive(WindowLevelTool.toolName, { bindings: [{ mouseButton: Tools.MouseBindings.Primary }] });
tools?.addViewport("plain", "plain");

/** Milliseconds until a series of files is on the screen at its middle, and until all of it is there. */
async function show(files: string[]): Promise<{ first: number; whole: number }> {
  const began = performance.now();
  const ids = files.map((file) => `wadouri:${new URL(file, location.href).href}`);
  const drawn = new Promise((resolve) => {
    element.addEventListener(Enums.Events.IMAGE_RENDERED, resolve, { once: true });
  });
  const middle = Math.floor(ids.length / 2);
  await imageLoader.loadAndCacheImage(ids[middle] as string);
  await viewport.setStack(ids, middle);
  viewport.render();
  await drawn;
  const first = performance.now() - began;
  await Promise.all(ids.map((id) => imageLoader.loadAndCacheImage(id)));
  return { first, whole: performance.now() - began };
}

/** The memory of the last series is given back before the next is opened. */
function forget(): void {
  cache.purgeCache();
}

Object.assign(window, { plain: { show, forget } });
