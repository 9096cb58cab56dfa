// The map of the scans: what lies under the pointer is named, a click or Enter opens it, and arrow
// keys go from case to case. The page exchanges the map now and then, so that all is listened for
// on the document.

const REACH = 14; // pixels of the drawing
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
let colour = "state";
let chosen = "";

const mapOf = (target) => target.closest?.("[data-map]");
const placeOf = (spot) => [Number(spot.getAttribute("cx")), Number(spot.getAttribute("cy"))];

function nearest(map, x, y, reach) {
  let best = null;
  let least = reach * reach;
  for (const spot of map.querySelectorAll(".spot")) {
    const [cx, cy] = placeOf(spot);
    const far = (cx - x) ** 2 + (cy - y) ** 2;
    if (far <= least) [best, least] = [spot, far];
  }
  return best;
}

function underPointer(map, event) {
  const svg = map.querySelector("svg");
  const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  return nearest(map, point.x, point.y, REACH);
}

function choose(map, spot) {
  map.querySelector(".spot-chosen")?.classList.remove("spot-chosen");
  spot?.classList.add("spot-chosen");
  chosen = spot?.dataset.task ?? "";
  if (spot) map.querySelector("[data-map-said]").textContent = spot.dataset.said;
}

function open(map) {
  if (chosen) window.location.assign(`${map.dataset.case}${chosen}/`);
}

// The nearest case in the direction of the key; what lies aside of it counts double.
function next(map, [right, down]) {
  const spots = [...map.querySelectorAll(".spot")];
  const from = spots.find((spot) => spot.dataset.task === chosen);
  if (!from) return spots[0] ?? null;
  const [x, y] = placeOf(from);
  let best = null;
  let least = Infinity;
  for (const spot of spots) {
    const [cx, cy] = placeOf(spot);
    const ahead = (cx - x) * right + (cy - y) * down;
    const aside = Math.abs((cx - x) * down) + Math.abs((cy - y) * right);
    if (ahead > 0 && ahead + 2 * aside < least) [best, least] = [spot, ahead + 2 * aside];
  }
  return best ?? from;
}

document.addEventListener("pointermove", (event) => {
  const map = mapOf(event.target);
  if (map && event.target.closest("svg")) choose(map, underPointer(map, event));
});
document.addEventListener("click", (event) => {
  const map = mapOf(event.target);
  if (!map || !event.target.closest("svg")) return;
  choose(map, underPointer(map, event));
  open(map);
});
document.addEventListener("keydown", (event) => {
  const map = mapOf(event.target);
  if (!map || !event.target.closest("svg")) return;
  if (event.key === "Enter") open(map);
  else if (STEPS[event.key]) choose(map, next(map, STEPS[event.key]));
  else return;
  event.preventDefault();
});
document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-map-colour]")) return;
  colour = event.target.value;
  for (const map of document.querySelectorAll("[data-map]")) map.dataset.by = colour;
});
document.addEventListener("htmx:afterSettle", () => {
  for (const map of document.querySelectorAll("[data-map]")) map.dataset.by = colour;
  for (const select of document.querySelectorAll("[data-map-colour]")) select.value = colour;
});
