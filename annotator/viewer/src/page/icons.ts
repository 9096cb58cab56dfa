const SVG = "http://www.w3.org/2000/svg";

/** Strokes on a grid of 16. */
const PATHS: Readonly<Record<string, string>> = {
  window: "M2 13.5h12M2 13.5V11M14 13.5V2.5L2 11",
  zoom: "M6.7 11.4a4.7 4.7 0 1 0 0-9.4 4.7 4.7 0 0 0 0 9.4zM10.2 10.2 14 14M4.7 6.7h4M6.7 4.7v4",
  scroll: "M3.5 5.5h9v8h-9zM5 5.5V3.8h9.2v7.7h-1.7M6.5 3.8V2.2h9v7",
  length: "M2 11.2 11.2 2l2.8 2.8L4.8 14zM4.6 8.6l1.5 1.5M6.8 6.4l1.5 1.5M9 4.2l1.5 1.5",
  angle: "M13.5 13H2L11 3M6.6 13a5.5 5.5 0 0 0-1.3-3.7",
  eraser: "M6 13.5 2.5 10 9.8 2.7l3.6 3.6-7.2 7.2zM5.8 6.7l3.6 3.6M6 13.5h8",
  threshold: "M2 14V9M5 14V5M8 14V2.5M11 14V7M14 14v-3M1 9.5h14",
  segment: "M4 3.5c3-2.2 8-1 9.3 2 1.2 3-1 7-4.6 7.6-3.4.5-6-1.4-6.4-4.4C2 6.5 2.6 4.5 4 3.5M8 5.5v5M5.5 8h5",
  oneUp: "M2 2.5h12v11H2zM2 5.5h12",
  link: "M6.8 9.2a2.6 2.6 0 0 1 0-3.7l2-2a2.6 2.6 0 0 1 3.7 3.7l-1 1M9.2 6.8a2.6 2.6 0 0 1 0 3.7l-2 2a2.6 2.6 0 0 1-3.7-3.7l1-1",
  invert: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zm0 0v12M8 5h3.9M8 8h6M8 11h3.9",
  pan: "M8 1.5v13M1.5 8h13M6 3.5l2-2 2 2M6 12.5l2 2 2-2M3.5 6l-2 2 2 2M12.5 6l2 2-2 2",
  fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  rotate: "M13.2 8.6a5.3 5.3 0 1 1-1.7-4.5M13 1.5v3.4H9.6",
  flipHorizontally: "M8 1.5v13M6 4 1.5 12H6zM10 4l4.5 8H10z",
  flipVertically: "M1.5 8h13M4 6l8-4.5V6zM4 10l8 4.5V10z",
  cine: "M4.5 2.5v11L13 8z",
  magnify: "M7 13a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM11 11l3.5 3.5M4 7.5A3 3 0 0 1 7 4.5",
  smooth: "M2.5 2.5h11v11h-11zM2.5 8h11M8 2.5v11",
};

/** A command's picture; null for commands that are named as briefly. */
export function icon(command: string): SVGSVGElement | null {
  const strokes = PATHS[command];
  if (!strokes) return null;
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", strokes);
  svg.append(path);
  return svg;
}
