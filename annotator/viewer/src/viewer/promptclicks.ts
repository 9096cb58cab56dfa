import { Enums } from "@cornerstonejs/tools";

import type { Toolbox } from "./toolbox";

/**
 * Cornerstone holds a press back for 400 ms, until it cannot become a double click. But a click belongs
 * to the frame that it was made on: tools that leave something behind get theirs as the button rises,
 * and every other one is given before a key, the wheel or a press elsewhere changes what is shown.
 */
export class PromptClicks {
  /** The press on its way to Cornerstone, and the one that it holds back. */
  private coming: MouseEvent | null = null;
  private held: MouseEvent | null = null;

  constructor(stage: HTMLElement, private readonly toolbox: Toolbox) {
    const early = { capture: true, passive: true };
    stage.addEventListener("mousedown", (event) => this.pressed(event), early);
    stage.addEventListener("mousedown", (event) => {
      if (event === this.coming) this.held = event;
    });
    // Cornerstone's own events do not bubble; on their way down they pass the stage.
    for (const taken of [Enums.Events.MOUSE_DOWN, "dblclick"]) stage.addEventListener(taken, () => this.forget(), early);
    // In the bubbling phase: Cornerstone has heard of it by then.
    window.addEventListener("mouseup", () => {
      if (!toolbox.isLooking) this.give();
    });
    for (const input of ["keydown", "wheel"]) window.addEventListener(input, () => this.give(), early);
    window.addEventListener("pointerdown", ({ target }) => {
      if (viewportOf(target) !== viewportOf(this.held?.target)) this.give();
    }, early);
  }

  private pressed(event: MouseEvent): void {
    if (!event.isTrusted) return;
    this.coming = event;
    if (event.detail < 2 || this.toolbox.isLooking) return;
    // Of a double click the first press has set the last corner; the second sets none.
    event.stopPropagation();
    this.toolbox.finish();
  }

  private forget(): void {
    this.coming = this.held = null;
  }

  /**
   * For a press of other buttons Cornerstone waits no longer: it takes the new press, where the old one
   * was made. So the press is made once more, after the first has lost its buttons.
   */
  private give(): void {
    const { held } = this;
    this.forget();
    if (!held) return;
    const { buttons, clientX, clientY, altKey, ctrlKey, metaKey, shiftKey } = held;
    Object.defineProperty(held, "buttons", { value: 0 });
    const again = { buttons, clientX, clientY, altKey, ctrlKey, metaKey, shiftKey, bubbles: true };
    held.target?.dispatchEvent(new MouseEvent("mousedown", again));
  }
}

function viewportOf(target: EventTarget | null | undefined): Element | null {
  return target instanceof Element ? target.closest(".viewport") : null;
}
