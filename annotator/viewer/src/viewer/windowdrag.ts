import { BaseTool } from "@cornerstonejs/tools";

import type { Cell } from "./cell";

interface DragEvent {
  detail: { element: HTMLDivElement; deltaPoints: { canvas: [number, number] } };
}

/** The cells by their elements: Cornerstone's tools are told of elements alone. */
const cells = new WeakMap<HTMLElement, Cell>();

export function followWindowDrags(cell: Cell): void {
  cells.set(cell.element, cell);
}

/**
 * Window by dragging. Cornerstone's own tool never goes below a width of 1, and so cannot window
 * scans whose values are fractions.
 */
export class WindowDragTool extends BaseTool {
  static override toolName = "WindowDrag";

  constructor(
    toolProps = {},
    defaults = { supportedInteractionTypes: ["Mouse", "Touch"], configuration: {} },
  ) {
    super(toolProps, defaults as ConstructorParameters<typeof BaseTool>[1]);
  }

  mouseDragCallback(event: DragEvent): void {
    const [x, y] = event.detail.deltaPoints.canvas;
    cells.get(event.detail.element)?.dragWindow(x, y);
  }

  touchDragCallback(event: DragEvent): void {
    this.mouseDragCallback(event);
  }
}
