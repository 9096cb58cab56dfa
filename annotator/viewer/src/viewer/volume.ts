import { t } from "../i18n";
import type { Geometry, Scan } from "../types";
import type { ShownSamples } from "./pixels";
import type { Point } from "./plane";

export type PlaneName = "axial" | "coronal" | "sagittal";

export const PLANE_TEXT: Record<PlaneName, string> = { axial: t("Axial"), coronal: t("Coronal"), sagittal: t("Sagittal") };

/** One direction through a volume: its columns, its rows or its slices. */
interface Axis {
  /** Unit vector in patient coordinates (LPS), the way the numbers grow. */
  direction: Point;
  spacing: number;
  count: number;
}

/** An axis as a plane runs along it, perhaps against the numbers. */
interface Run {
  axis: 0 | 1 | 2;
  isReversed: boolean;
}

/** A plane through a volume across the slices: its frames are reformatted from theirs. */
export interface Plane {
  name: PlaneName;
  /** What the plane looks like to a viewport: a stack with a geometry of its own. */
  scan: Scan;
  across: Run;
  down: Run;
  /** From frame to frame. */
  through: Run;
}

export interface Planes {
  /** How the slices were acquired. */
  acquired: PlaneName;
  others: Plane[];
}

/** Planes are no scans of the archive; their numbers lie beyond. */
const PLANE_NUMBERS = 2 ** 48;
const SLICES = 2;
/** Of the distance between slices: a slice that lies further from its place bends the planes. */
const LEAST_STRAIGHT = 0.1;
/** Its slices are held in memory while planes are cut through them: 768 MB of 16 bits. */
const MOST_VOXELS = 384 * 1024 ** 2;
/** By the patient's axis that a plane stands across: to the left, to the back, to the head. */
const NAMES: readonly PlaneName[] = ["sagittal", "coronal", "axial"];
/** On the screen the patient's left is on the right, the back on the right or below, the feet below. */
const GROWS_ON_SCREEN = [1, 1, -1] as const;

/** The direction in which a stack's slices follow each other; null where that is unknown. */
export function normalOf({ geometry: { positions } }: Scan): Point | null {
  const [first, last] = [positions?.[0], positions?.at(-1)];
  if (!first || !last) return null;
  const away = difference(last, first);
  const length = Math.hypot(...away);
  return length > 0 ? scaled(away, 1 / length) : null;
}

/** The planes of a volume, or the sentence that says why there are none. */
export function planesOf(scan: Scan): Planes | string {
  const axes = axesOf(scan);
  if (typeof axes === "string") return axes;
  const patient = patientAxes(axes);
  const others = ([0, 1] as const).map((axis, nth) => plane(scan, axes, patient, axis, nth));
  return { acquired: NAMES[patient[SLICES]] as PlaneName, others };
}

/** A frame of a plane, from the slices that are here; where one is missing there is air. */
export function reformatted(
  { across, down, through }: Plane,
  slices: readonly (ShownSamples | undefined)[],
  columns: number,
  rows: number,
  frame: number,
  air: number,
): ShownSamples {
  const counts = [columns, rows, slices.length] as const;
  const at = (run: Run, place: number): number => (run.isReversed ? counts[run.axis] - 1 - place : place);
  const known = slices.find((slice) => slice !== undefined);
  if (!known) throw new Error("A plane needs at least one slice.");
  const [width, height] = [counts[across.axis], counts[down.axis]];
  const values = new (known.constructor as { new (length: number): ShownSamples })(width * height).fill(air);
  const steps = [1, columns] as const;
  const fixed = at(through, frame) * (steps[through.axis as 0 | 1] as number);
  const isDown = down.axis === SLICES;
  const other = isDown ? across : down;
  const step = steps[other.axis as 0 | 1] as number;
  const [ownStep, otherStep] = isDown ? [width, 1] : [1, width];
  for (let place = 0; place < slices.length; place += 1) {
    const slice = slices[at(isDown ? down : across, place)];
    if (!slice) continue;
    for (let along = 0; along < counts[other.axis]; along += 1) {
      values[place * ownStep + along * otherStep] = slice[fixed + at(other, along) * step] as number;
    }
  }
  return values;
}

function axesOf(scan: Scan): [Axis, Axis, Axis] | string {
  const { geometry, frame_count, rows, columns } = scan;
  const { orientation, positions, spacing, samples } = geometry;
  const normal = normalOf(scan);
  if (frame_count < 2) return t("One image has no planes: they are cut through a volume.");
  if (samples === 3) return t("Planes are cut through grey volumes alone.");
  if (!orientation || !spacing || !positions || !normal) {
    return t("The file does not say where its slices lie: no planes can be cut.");
  }
  if (frame_count * rows * columns > MOST_VOXELS) {
    return t("This volume is too large to cut planes through.");
  }
  const [first, last] = [positions[0] as number[], positions.at(-1) as number[]];
  const step = Math.hypot(...difference(last, first)) / (frame_count - 1);
  const isStraight = positions.every((position, frame) => {
    const place = scaled(normal, frame * step).map((value, axis) => value + (first[axis] ?? 0));
    return Math.hypot(...difference(position, place)) <= step * LEAST_STRAIGHT;
  });
  const [across, down] = [orientation.slice(0, 3) as Point, orientation.slice(3, 6) as Point];
  const isUpright = Math.max(Math.abs(dot(across, normal)), Math.abs(dot(down, normal))) < 0.02;
  if (!isStraight || !isUpright) {
    return t("The slices are not an even, straight stack: planes through them would be bent.");
  }
  return [
    { direction: across, spacing: spacing[1], count: columns },
    { direction: down, spacing: spacing[0], count: rows },
    { direction: normal, spacing: step, count: frame_count },
  ];
}

/** For each axis of the volume the patient's axis that it runs along most, none of them twice. */
function patientAxes(axes: readonly [Axis, Axis, Axis]): [number, number, number] {
  const orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] as [number, number, number][];
  const fit = (order: readonly number[]): number =>
    axes.reduce((sum, { direction }, axis) => sum + Math.abs(direction[order[axis] ?? 0] ?? 0), 0);
  return orders.reduce((best, order) => (fit(order) > fit(best) ? order : best));
}

function plane(
  scan: Scan, axes: readonly [Axis, Axis, Axis], patient: readonly [number, number, number], through: 0 | 1, nth: number,
): Plane {
  const run = (axis: 0 | 1 | 2, grows: number): Run => {
    const component = axes[axis].direction[patient[axis]] ?? 0;
    return { axis, isReversed: Math.sign(component) !== grows };
  };
  const rest = ([0, 1, 2] as const).filter((axis) => axis !== through).sort((a, b) => patient[a] - patient[b]);
  const [across, down] = rest.map((axis) => run(axis, GROWS_ON_SCREEN[patient[axis] as 0 | 1 | 2])) as [Run, Run];
  const deep = run(through, 1);
  const start = [across, down, deep].reduce((point, { axis, isReversed }) => {
    const { direction, spacing, count } = axes[axis];
    const away = scaled(direction, isReversed ? spacing * (count - 1) : 0);
    return sum(point, away);
  }, scan.geometry.positions?.[0] as Point);
  const way = ({ axis, isReversed }: Run): Point => scaled(axes[axis].direction, isReversed ? -1 : 1);
  const of = ({ axis }: Run): Axis => axes[axis];
  const geometry: Geometry = {
    ...scan.geometry,
    rows: of(down).count,
    columns: of(across).count,
    frame_count: of(deep).count,
    spacing: [of(down).spacing, of(across).spacing],
    slice_spacing: of(deep).spacing,
    slice_thickness: null,
    orientation: [...way(across), ...way(down)],
    positions: Array.from({ length: of(deep).count }, (_, frame) => sum(start, scaled(way(deep), frame * of(deep).spacing))),
  };
  const { rows, columns, frame_count } = geometry;
  return {
    name: NAMES[patient[through]] as PlaneName,
    scan: { ...scan, id: PLANE_NUMBERS + scan.id * 2 + nth, rows, columns, frame_count, geometry },
    across,
    down,
    through: deep,
  };
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((total, value, axis) => total + value * (b[axis] ?? 0), 0);
}

function difference(a: readonly number[], b: readonly number[]): Point {
  return [0, 1, 2].map((axis) => (a[axis] ?? 0) - (b[axis] ?? 0)) as Point;
}

function sum(a: readonly number[], b: readonly number[]): Point {
  return [0, 1, 2].map((axis) => (a[axis] ?? 0) + (b[axis] ?? 0)) as Point;
}

function scaled(vector: readonly number[], by: number): Point {
  // Adding 0 makes of -0 what it is.
  return [0, 1, 2].map((axis) => (vector[axis] ?? 0) * by + 0) as Point;
}
