import { itemOf, locate, type Mask } from "../../answers/sheet";
import type { Scan } from "../../types";
import type { RegionLabel } from "../labels";
import { cutLayer } from "./cutlayer";
import { Layer } from "./layer";
import type { Shown } from "./raster";

/**
 * Everything painted on a task, on the screen or off it. Only frames that carry paint take memory:
 * one byte a pixel and question.
 */
export class Layers {
  private readonly layers = new Map<string, Layer>();
  private scans: readonly Scan[] = [];

  constructor(private readonly labels: readonly RegionLabel[]) {}

  /** Shows these masks and no others; what is painted already as they say is left as it is. */
  load(scans: readonly Scan[], masks: readonly Mask[]): void {
    const isOther = scans.map(({ id }) => id).join() !== this.scans.map(({ id }) => id).join();
    if (isOther) this.layers.clear();
    this.scans = scans;
    const wanted = new Map<Layer, Mask[]>([...this.layers.values()].map((layer) => [layer, []]));
    for (const mask of masks) {
      const layer = this.at(mask.item, mask.question);
      if (layer) wanted.set(layer, [...(wanted.get(layer) ?? []), mask]);
    }
    for (const [layer, its] of wanted) layer.load(its);
  }

  /** The layer of a question on a frame, made where there is none; undefined off the task. */
  at(item: number, question: string): Layer | undefined {
    const key = `${item}/${question}`;
    const known = this.layers.get(key);
    const place = locate(this.scans, item);
    const labels = this.labels.filter((label) => label.question === question);
    if (known || !place || labels.length === 0) return known;
    const layer = new Layer(item, question, place.scan.rows, place.scan.columns, labels);
    this.layers.set(key, layer);
    return layer;
  }

  /** The layers of a frame, in the order of the questions. */
  of(item: number): Layer[] {
    const questions = [...new Set(this.labels.map(({ question }) => question))];
    return questions.flatMap((question) => this.layers.get(`${item}/${question}`) ?? []);
  }

  /** What a plane through one of the task's volumes shows, in the order of the questions. */
  cut(plane: Scan, frame: number): Shown[] {
    // A plane is told from its volume by its number alone.
    const volume = this.scans.find(({ frame_url }) => frame_url === plane.frame_url);
    if (!volume || volume.frame_count < 2) return [];
    const start = itemOf(this.scans, volume, 0);
    const all = Array.from({ length: volume.frame_count }, (_, number) => this.of(start + number)).flat();
    return [...new Set(all.map(({ question }) => question))].map((question) => {
      const its = new Map(all.filter((layer) => layer.question === question).map((layer) => [layer.item - start, layer]));
      const version = [...its.values()].reduce((sum, layer) => sum + layer.version, 0);
      return cutLayer(volume, plane, frame, question, version, (number) => its.get(number));
    });
  }

  /** The frames that hold a label. */
  painted(label: RegionLabel): number[] {
    return [...this.layers.values()]
      .filter((layer) => layer.question === label.question && layer.holds(label.segment))
      .map(({ item }) => item);
  }

  /** All masks in the order of the frames. `before`: what the sheet holds of them keeps its words. */
  masks(before: readonly Mask[]): Mask[] {
    const kept = new Map(before.map((mask) => [mask.id, mask]));
    return [...this.layers.values()]
      .sort((one, other) => one.item - other.item)
      .flatMap((layer) => layer.masks())
      .map((mask) => {
        const known = kept.get(mask.id);
        return known?.rle === mask.rle && known.label === mask.label ? known : { ...known, ...mask };
      });
  }
}
