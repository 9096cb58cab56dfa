/**
 * After a click on a button the keyboard is with the image again: Enter submits, and does not press
 * the button once more. Who walks the buttons with the keyboard stays where they are.
 */
export function returnFocus(root: HTMLElement, stage: HTMLElement): void {
  root.addEventListener("click", (event) => {
    const pressed = event.target instanceof Element && event.target.closest("button, summary");
    const isByPointer = event.detail > 0;
    if (pressed && isByPointer && document.activeElement === pressed) stage.focus({ preventScroll: true });
  });
}
