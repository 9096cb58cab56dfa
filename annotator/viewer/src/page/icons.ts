const SVG = "http://www.w3.org/2000/svg";

/** Strokes on a grid of 16, for commands that a picture says better than a word. */
const PATHS: Readonly<Record<string, string>> = {
  invert: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zm0 0v12M8 5h3.9M8 8h6M8 11h3.9",
  pan: "M8 1.5v13M1.5 8h13M6 3.5l2-2 2 2M6 12.5l2 2 2-2M3.5 6l-2 2 2 2M12.5 6l2 2-2 2",
  fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  rotate: "M13.2 8.6a5.3 5.3 0 1 1-1.7-4.5M13 1.5v3.4H9.6",
  flipHorizontally: "M8 1.5v13M6 4 1.5 12H6zM10 4l4.5 8H10z",
  flipVertically: "M1.5 8h13M4 6l8-4.5V6zM4 10l8 4.5V10z",
  cine: "M4.5 2.5v11L13 8z",
  magnify: "M6.7 11.4a4.7 4.7 0 1 0 0-9.4 4.7 4.7 0 0 0 0 9.4zM10.2 10.2 14 14M4.7 6.7h4M6.7 4.7v4",
  smooth: "M2.5 2.5h11v11h-11zM2.5 8h11M8 2.5v11",
};

/** A command's picture; null for commands that have none. */
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
