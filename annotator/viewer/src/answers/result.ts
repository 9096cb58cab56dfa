import type { Question, ResultItem, Scan } from "../types";
import { type Box, emptySheet, frameTotal, locate, type Mask, newId, type Sheet } from "./sheet";

/** The sheet as Label Studio's result JSON, in the order of the questions. */
export function toResult(
  sheet: Sheet,
  questions: readonly Question[],
  scans: readonly Scan[],
): ResultItem[] {
  return questions.flatMap((question) => {
    const value = plainValue(sheet, question);
    if (value) return [{ ...addressed(question, question.name), ...value }];
    if (question.kind === "boxes") {
      return sheet.boxes
        .filter((box) => box.question === question.name)
        .map((box) => boxItem(box, question, scans));
    }
    return sheet.masks
      .filter((mask) => mask.question === question.name)
      .map((mask) => maskItem(mask, question, scans));
  });
}

function addressed(
  question: Question,
  id: string,
): Pick<ResultItem, "id" | "from_name" | "to_name"> {
  return { id, from_name: question.name, to_name: question.to_name };
}

function plainValue(sheet: Sheet, question: Question): Pick<ResultItem, "type" | "value"> | null {
  const chosen = sheet.choices.get(question.name) ?? [];
  switch (question.kind) {
    case "single":
    case "multiple":
      return chosen.length > 0 ? { type: "choices", value: { choices: chosen } } : null;
    case "rating":
      return chosen.length > 0 ? { type: "rating", value: { rating: Number(chosen[0]) } } : null;
    case "number": {
      const number = sheet.numbers.get(question.name);
      return number === undefined ? null : { type: "number", value: { number } };
    }
    case "text": {
      const text = (sheet.texts.get(question.name) ?? "").trim();
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

function boxItem(box: Box, question: Question, scans: readonly Scan[]): ResultItem {
  const { x, y, width, height } = box;
  return {
    ...addressed(question, box.id),
    type: "rectanglelabels",
    value: { x, y, width, height, rotation: 0, rectanglelabels: [box.label] },
    ...framed(box.item, scans),
  };
}

function maskItem(mask: Mask, question: Question, scans: readonly Scan[]): ResultItem {
  return {
    ...addressed(question, mask.id),
    type: "brushlabels",
    value: { format: "rle", rle: mask.rle, brushlabels: [mask.label] },
    ...framed(mask.item, scans),
  };
}

/** The sheet of a stored result. Entries of questions that the config no longer has are left out. */
export function fromResult(result: readonly ResultItem[], questions: readonly Question[]): Sheet {
  const sheet = emptySheet();
  const byName = new Map(questions.map((question) => [question.name, question]));
  for (const item of result) {
    const question = byName.get(item.from_name);
    if (question) readItem(sheet, question, item);
  }
  return sheet;
}

function readItem(sheet: Sheet, question: Question, item: ResultItem): void {
  const { value } = item;
  const name = question.name;
  const place = { id: item.id || newId(), question: name, item: item.item_index ?? 0 };
  switch (item.type) {
    case "choices":
      sheet.choices.set(name, value["choices"] as string[]);
      break;
    case "rating":
      sheet.choices.set(name, [String(value["rating"])]);
      break;
    case "number":
      sheet.numbers.set(name, value["number"] as number);
      break;
    case "textarea":
      sheet.texts.set(name, (value["text"] as string[]).join("\n"));
      break;
    case "rectanglelabels": {
      const { x, y, width, height } = value as Record<"x" | "y" | "width" | "height", number>;
      const label = (value["rectanglelabels"] as string[])[0] ?? "";
      sheet.boxes.push({ ...place, label, x, y, width, height });
      break;
    }
    case "brushlabels": {
      const label = (value["brushlabels"] as string[])[0] ?? "";
      sheet.masks.push({ ...place, label, rle: value["rle"] as number[] });
      break;
    }
  }
}
