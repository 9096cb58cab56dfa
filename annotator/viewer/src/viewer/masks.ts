import { cache, eventTarget, imageLoader, type Types as Core } from "@cornerstonejs/core";
import { Enums, segmentation } from "@cornerstonejs/tools";

import { decodeMask, encodeMask } from "../answers/rle";
import { itemOf, locate, type Mask, newId } from "../answers/sheet";
import type { Scan } from "../types";
import type { Cell } from "./cell";
import { type RegionLabel, rgb } from "./labels";
import { sliceNumber } from "./order";
import { imageIds } from "./registry";

const OPACITY = 110;

/** Painted label maps, one a scan: Cornerstone's segmentation, told to the sheet as masks. */
export class Masks {
  private cells: readonly Cell[] = [];
  private scans: readonly Scan[] = [];
  /** What a draft paints is no change of the answer. */
  private isLoading = false;
  /** In the order of reading: Cornerstone pairs a stack with its label maps by their places. */
  private readonly maps = new Map<number, Core.IImage[]>();
  /** What has been coded, by frame; a stroke makes a frame's code stale. */
  private readonly coded = new Map<number, Mask[]>();
  private readonly stale = new Set<number>();
  private readonly labels: readonly RegionLabel[];
  onChange: () => void = () => undefined;

  constructor(labels: readonly RegionLabel[]) {
    this.labels = labels.filter(({ kind }) => kind === "masks");
    eventTarget.addEventListener(Enums.Events.SEGMENTATION_DATA_MODIFIED, ((
      event: CustomEvent<{ segmentationId: string }>,
    ) => this.painted(event.detail.segmentationId)) as EventListener);
  }

  get isUsed(): boolean {
    return this.labels.length > 0;
  }

  /** Makes empty label maps for the scans shown in `cells` and paints the masks of a draft. */
  load(cells: readonly Cell[], masks: readonly Mask[]): void {
    if (!this.isUsed) return;
    this.clear();
    this.cells = cells;
    this.scans = cells.map(({ scan }) => scan);
    for (const cell of cells) this.addMap(cell);
    for (const mask of masks) this.paint(mask);
    this.isLoading = true;
    for (const cell of cells) {
      segmentation.triggerSegmentationEvents.triggerSegmentationDataModified(mapId(cell.scan));
    }
    this.isLoading = false;
  }

  /** Makes a label the one that the brush paints with. */
  take(label: RegionLabel): void {
    for (const scan of this.scans) {
      segmentation.segmentIndex.setActiveSegmentIndex(mapId(scan), label.segment);
    }
  }

  masks(): Mask[] {
    for (const item of this.stale) this.coded.set(item, this.code(item));
    this.stale.clear();
    return [...this.coded].sort(([a], [b]) => a - b).flatMap(([, masks]) => masks);
  }

  /** Takes away everything painted with a label on one frame. */
  remove(mask: Mask): void {
    const label = this.labels.find(({ question, value }) => question === mask.question && value === mask.label);
    const pixels = this.pixels(mask.item);
    const place = locate(this.scans, mask.item);
    if (!label || !pixels || !place) return;
    for (let index = 0; index < pixels.length; index += 1) {
      if (pixels[index] === label.segment) pixels[index] = 0;
    }
    this.stale.add(mask.item);
    segmentation.triggerSegmentationEvents.triggerSegmentationDataModified(mapId(place.scan));
  }

  private clear(): void {
    segmentation.removeAllSegmentationRepresentations();
    segmentation.removeAllSegmentations();
    for (const images of this.maps.values()) {
      for (const { imageId } of images) cache.removeImageLoadObject(imageId, { force: true });
    }
    this.maps.clear();
    this.coded.clear();
    this.stale.clear();
  }

  private addMap(cell: Cell): void {
    const { scan } = cell;
    const images = imageLoader.createAndCacheDerivedLabelmapImages(imageIds(scan));
    this.maps.set(scan.id, images);
    const type = Enums.SegmentationRepresentations.Labelmap;
    segmentation.addSegmentations([
      {
        segmentationId: mapId(scan),
        representation: { type, data: { imageIds: images.map(({ imageId }) => imageId) } },
        config: {
          segments: Object.fromEntries(
            this.labels.map(({ segment, text }) => [segment, { segmentIndex: segment, label: text }]),
          ),
        },
      },
    ]);
    segmentation.addSegmentationRepresentations(cell.id, [{ segmentationId: mapId(scan), type }]);
    for (const { segment, colour } of this.labels) {
      segmentation.config.color.setSegmentIndexColor(cell.id, mapId(scan), segment, [
        ...rgb(colour),
        OPACITY,
      ]);
    }
  }

  private painted(segmentationId: string): void {
    const cell = this.cells.find(({ scan }) => mapId(scan) === segmentationId);
    if (!cell || this.isLoading) return;
    // The brush paints the frame on the screen and no other.
    this.stale.add(itemOf(this.scans, cell.scan, cell.shownFrame));
    this.onChange();
  }

  private pixels(item: number): Core.PixelDataTypedArray | undefined {
    const place = locate(this.scans, item);
    if (!place) return undefined;
    return this.maps.get(place.scan.id)?.[sliceNumber(place.scan, place.frame) - 1]?.getPixelData();
  }

  private paint(mask: Mask): void {
    const label = this.labels.find(({ question, value }) => question === mask.question && value === mask.label);
    const pixels = this.pixels(mask.item);
    const decoded = decodeMask(mask.rle);
    if (!label || !pixels || decoded.length !== pixels.length) return;
    for (let index = 0; index < decoded.length; index += 1) {
      if (decoded[index] !== 0) pixels[index] = label.segment;
    }
    this.coded.set(mask.item, [...(this.coded.get(mask.item) ?? []), mask]);
  }

  private code(item: number): Mask[] {
    const pixels = this.pixels(item);
    if (!pixels) return [];
    const before = this.coded.get(item) ?? [];
    return this.labels.flatMap(({ question, value, segment }) => {
      const mask = Uint8Array.from(pixels as ArrayLike<number>, (pixel) => Number(pixel === segment));
      if (!mask.includes(1)) return [];
      const known = before.find((other) => other.question === question && other.label === value);
      return [{ id: known?.id ?? newId(), question, label: value, item, rle: encodeMask(mask) }];
    });
  }
}

function mapId(scan: Scan): string {
  return `masks-${scan.id}`;
}
