import type { Question, ResultItem, Scan } from "../types";
import { isAskedOf, isRegionKind, type Mark, type Mask, newId, type Placed } from "./marks";
import { type Answers, detailsToWrite, emptySheet, frameTotal, locate, regionsOf, type Sheet } from "./sheet";

/**
 * The sheet as Label Studio's result JSON, in the order of the questions; what is said of a mark
 * follows the mark, under its id and with its shape, as Label Studio writes per-region results.
 */
export function toResult(
  sheet: Sheet,
  questions: readonly Question[],
  scans: readonly Scan[],
): ResultItem[] {
  return questions.flatMap((question) => {
    if (question.per_region) return [];
    if (!isRegionKind(question.kind)) return plainItems(sheet, question);
    return regionsOf(sheet)
      .filter((region) => region.question === question.name)
      .flatMap((region) => regionItems(sheet, region, question, questions, scans));
  });
}

function addressed(
  question: Question,
  id: string,
): Pick<ResultItem, "id" | "from_name" | "to_name"> {
  return { id, from_name: question.name, to_name: question.to_name };
}

function plainItems(sheet: Sheet, question: Question): ResultItem[] {
  const value = plainValue(sheet, question);
  return value ? [{ ...addressed(question, question.name), ...value }] : [];
}

function plainValue(answers: Answers, question: Question): Pick<ResultItem, "type" | "value"> | null {
  const chosen = answers.choices.get(question.name) ?? [];
  switch (question.kind) {
    case "single":
    case "multiple":
      return chosen.length > 0 ? { type: "choices", value: { choices: chosen } } : null;
    case "rating":
      return chosen.length > 0 ? { type: "rating", value: { rating: Number(chosen[0]) } } : null;
    case "number": {
      const number = answers.numbers.get(question.name);
      return number === undefined ? null : { type: "number", value: { number } };
    }
    case "text": {
      const text = (answers.texts.get(question.name) ?? "").trim();
      return text === "" ? null : { type: "textarea", value: { text: [text] } };
    }
    default:
      return null;
  }
}

function framed(
  item: number,
  scans: readonly Scan[],
): Pick<ResultItem, "original_width" | "original_height" | "image_rotation" | "item_index"> {
  const found = locate(scans, item);
  if (!found) throw new RangeError(`The task has no frame ${item}.`);
  return {
    original_width: found.scan.columns,
    original_height: found.scan.rows,
    image_rotation: 0,
    ...(frameTotal(scans) > 1 ? { item_index: item } : {}),
  };
}

function regionItems(
  sheet: Sheet,
  region: Mark | Mask,
  question: Question,
  questions: readonly Question[],
  scans: readonly Scan[],
): ResultItem[] {
  const frame = framed(region.item, scans);
  const { type, shape } = shapeOf(region);
  const own = { ...addressed(question, region.id), type, value: { ...shape, [type]: [region.label] }, ...frame };
  const details = sheet.details.get(region.id);
  if (!details) return [own];
  const said = questions.filter((asked) => isAskedOf(asked, region)).flatMap((asked) => {
    const answer = plainValue(details, asked);
    // A mask's pixels are written once: they are its bulk.
    const repeated = "rle" in region ? {} : shape;
    return answer
      ? [{ ...addressed(asked, region.id), type: answer.type, value: { ...repeated, ...answer.value }, ...frame }]
      : [];
  });
  return [own, ...said];
}

function shapeOf(region: Mark | Mask): { type: string; shape: Record<string, unknown> } {
  if ("rle" in region) return { type: "brushlabels", shape: { format: "rle", rle: region.rle } };
  switch (region.kind) {
    case "point": {
      const { x, y, width } = region;
      return { type: "keypointlabels", shape: { x, y, width } };
    }
    case "box": {
      const { x, y, width, height, rotation } = region;
      return { type: "rectanglelabels", shape: { x, y, width, height, rotation } };
    }
    case "ellipse": {
      const { x, y, radiusX, radiusY, rotation } = region;
      return { type: "ellipselabels", shape: { x, y, radiusX, radiusY, rotation } };
    }
    case "polygon":
      return { type: "polygonlabels", shape: { points: region.points, closed: true } };
  }
}

/** The sheet of a stored result. Entries of questions that the config no longer has are left out. */
export function fromResult(result: readonly ResultItem[], questions: readonly Question[]): Sheet {
  const sheet = emptySheet();
  const byName = new Map(questions.map((question) => [question.name, question]));
  for (const item of result) {
    const question = byName.get(item.from_name);
    if (!question) continue;
    if (isRegionKind(question.kind)) readRegion(sheet, question, item);
    else readPlain(question.per_region ? detailsToWrite(sheet, item.id) : sheet, question.name, item);
  }
  return sheet;
}

function readPlain(answers: Answers, name: string, { type, value }: ResultItem): void {
  switch (type) {
    case "choices":
      answers.choices.set(name, value["choices"] as string[]);
      break;
    case "rating":
      answers.choices.set(name, [String(value["rating"])]);
      break;
    case "number":
      answers.numbers.set(name, value["number"] as number);
      break;
    case "textarea":
      answers.texts.set(name, (value["text"] as string[]).join("\n"));
      break;
  }
}

function readRegion(sheet: Sheet, question: Question, item: ResultItem): void {
  const { id, type, value, item_index } = item;
  const label = (value[type] as string[] | undefined)?.[0] ?? "";
  // An id may stand twice in labels from elsewhere; here it is what tells marks apart.
  const isTaken = regionsOf(sheet).some((region) => region.id === id);
  const place: Placed = { id: id && !isTaken ? id : newId(), question: question.name, label, item: item_index ?? 0 };
  if (type === "brushlabels") {
    sheet.masks = [...sheet.masks, { ...place, rle: value["rle"] as number[] }];
    return;
  }
  const mark = markOf(place, type, value);
  if (mark) sheet.marks = [...sheet.marks, mark];
}

function markOf(place: Placed, type: string, value: Record<string, unknown>): Mark | undefined {
  const number = (key: string, otherwise = 0): number => (value[key] as number | undefined) ?? otherwise;
  const at = { ...place, x: number("x"), y: number("y") };
  const rotation = number("rotation");
  switch (type) {
    case "keypointlabels":
      return { ...at, kind: "point", width: number("width", POINT_WIDTH) };
    case "rectanglelabels":
      return { ...at, kind: "box", width: number("width"), height: number("height"), rotation };
    case "ellipselabels":
      return { ...at, kind: "ellipse", radiusX: number("radiusX"), radiusY: number("radiusY"), rotation };
    case "polygonlabels":
      return { ...place, kind: "polygon", points: value["points"] as [number, number][] };
    default:
      return undefined;
  }
}

/** The width of a point's dot in percent of the frame: Label Studio's own default. */
export const POINT_WIDTH = 0.25;
