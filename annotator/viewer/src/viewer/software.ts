import { type StackViewport, updateCanvasSizeAndAspectRatio } from "@cornerstonejs/core";

import { transformOf } from "./camera";
import { address } from "./registry";
import { drawFrame } from "./resampling";
import { lookOf, samplesOf } from "./shownframe";

/** Names under which browsers offer a WebGL that draws on the processor. */
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

let isSoftware: boolean | null = null;

/**
 * The browser has no graphics card to draw with, as on a remote desktop: its WebGL works on the
 * processor, and takes several times as long there as drawing the picture directly.
 */
export function drawsInSoftware(): boolean {
  if (isSoftware === null) {
    const context = document.createElement("canvas").getContext("webgl2");
    const names = context?.getExtension("WEBGL_debug_renderer_info");
    const name = context?.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : context.RENDERER) as string | undefined;
    isSoftware = SOFTWARE.test(name ?? "");
    context?.getExtension("WEBGL_lose_context")?.loseContext();
  }
  return isSoftware;
}

/** From now on a viewport's picture is drawn directly; all that it knows and does is Cornerstone's as before. */
export function drawInSoftware(viewport: StackViewport): void {
  const { canvas, element, id: viewportId, renderingEngineId } = viewport;
  let picture: ImageData | null = null;
  const fit = (): void => {
    const size = (length: number): number => Math.max(1, Math.round(length * window.devicePixelRatio));
    viewport.sWidth = size(element.clientWidth);
    viewport.sHeight = size(element.clientHeight);
  };
  const draw = (): void => {
    const { sWidth, sHeight } = viewport;
    updateCanvasSizeAndAspectRatio(canvas, { width: sWidth, height: sHeight });
    if (picture?.width !== sWidth || picture.height !== sHeight) picture = new ImageData(sWidth, sHeight);
    if (drawImage(viewport, picture)) canvas.getContext("2d")?.putImageData(picture, 0, 0);
  };
  // Cornerstone asks these of viewports that it does not draw with WebGL.
  Object.assign(viewport, {
    getUseCustomRenderingPipeline: () => true,
    resize: fit,
    customRenderViewportToCanvas: () => {
      draw();
      const { viewportStatus } = viewport;
      return { canvas, element, viewportId, renderingEngineId, viewportStatus };
    },
  });
}

/** False where there is no image yet. */
function drawImage(viewport: StackViewport, picture: ImageData): boolean {
  const samples = samplesOf(viewport);
  const place = samples && address(viewport.getCornerstoneImage().imageId);
  if (!samples || !place) return false;
  const ratio = window.devicePixelRatio;
  const { a, b, c, d, e, f } = transformOf(viewport, place.scan, place.frame);
  const at = { a: a * ratio, b: b * ratio, c: c * ratio, d: d * ratio, e: e * ratio, f: f * ratio };
  drawFrame(picture, samples, at, lookOf(viewport));
  return true;
}
