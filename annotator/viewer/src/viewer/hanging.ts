import type { Scan } from "../types";

/** How many scans each layout has room for. */
const ROOM = { "1x1": 1, "1x2": 2, "2x2": 4, mpr: 1 } as const;

export type Layout = keyof typeof ROOM;
/** The edge of its cell that a breast's chest wall touches. */
export type Edge = "left" | "right";

/** What a cell asks of its scan; of several words one must hold. */
interface CellRule {
  modality?: string | string[];
  view?: string | string[];
  laterality?: string | string[];
  body_part?: string | string[];
  kind?: "image" | "volume";
  prior?: boolean;
  chest_wall?: Edge;
}

/** Applies where each of its cells finds a scan of its own. */
export interface Rule {
  layout: Layout;
  cells: CellRule[];
}

/** A scan in its cell. */
export interface Hung {
  scan: Scan;
  chestWall: Edge | null;
}

/** What is on the screen at a time. */
export interface Page {
  layout: Layout;
  cells: Hung[];
}

/**
 * The pages of a task: the first rule that applies hangs the first one, and again for what is left.
 * Scans that no rule takes stand side by side, a prior's on pages of their own.
 */
export function hang(scans: readonly Scan[], rules: readonly Rule[]): Page[] {
  const pages: Page[] = [];
  let left = [...scans];
  for (let page = nextPage(left, rules); page; page = nextPage(left, rules)) {
    pages.push(page);
    const taken = new Set(page.cells.map(({ scan }) => scan));
    left = left.filter((scan) => !taken.has(scan));
  }
  const plain = (isOf: (scan: Scan) => boolean): Page[] => arrange(left.filter(isOf).map(asItIs));
  return [...pages, ...plain((scan) => !isPrior(scan)), ...plain(isPrior)];
}

/** Scans one after the other, as many at a time as the layout has room for. */
export function arrange(hung: readonly Hung[], layout: Layout = fitting(hung.length)): Page[] {
  const room = ROOM[layout];
  return Array.from({ length: Math.ceil(hung.length / room) }, (_, page) => ({
    layout,
    cells: hung.slice(page * room, (page + 1) * room),
  }));
}

function nextPage(scans: readonly Scan[], rules: readonly Rule[]): Page | null {
  if (scans.length === 0) return null;
  for (const { layout, cells } of rules) {
    const hung = filled(scans, cells);
    if (hung) return { layout, cells: hung };
  }
  return null;
}

/** A scan for each cell, none twice; null where a cell finds none. */
function filled(scans: readonly Scan[], cells: readonly CellRule[]): Hung[] | null {
  const hung: Hung[] = [];
  for (const cell of cells) {
    const free = scans.filter((scan) => matches(scan, cell) && !hung.some((other) => other.scan === scan));
    // Of several, the one most like the scan beside it: the same view of the prior.
    const beside = hung.at(-1)?.scan;
    const best = Math.max(...free.map((scan) => likeness(scan, beside)));
    const scan = free.find((one) => likeness(one, beside) === best);
    if (!scan) return null;
    hung.push({ scan, chestWall: cell.chest_wall ?? null });
  }
  return hung;
}

function matches(scan: Scan, cell: CellRule): boolean {
  const { geometry } = scan;
  return (
    is(cell.modality, geometry.modality) &&
    is(cell.view, geometry.view) &&
    is(cell.laterality, geometry.laterality) &&
    is(cell.body_part, geometry.body_part) &&
    (cell.kind ?? scan.kind) === scan.kind &&
    (cell.prior ?? isPrior(scan)) === isPrior(scan)
  );
}

function is(asked: string | string[] | undefined, value: string | undefined): boolean {
  if (asked === undefined) return true;
  const words = typeof asked === "string" ? [asked] : asked;
  return words.some((word) => word.toUpperCase() === (value ?? "").toUpperCase());
}

function likeness({ geometry }: Scan, other: Scan | undefined): number {
  if (!other) return 0;
  const traits = ["view", "laterality", "body_part"] as const;
  return traits.filter((trait) => geometry[trait] === other.geometry[trait]).length;
}

function fitting(count: number): Layout {
  if (count <= 1) return "1x1";
  return count === 2 ? "1x2" : "2x2";
}

const isPrior = ({ prior_days }: Scan): boolean => (prior_days ?? null) !== null;
const asItIs = (scan: Scan): Hung => ({ scan, chestWall: null });
