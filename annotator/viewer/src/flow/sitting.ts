import type { ReadingClock } from "./clock";
import type { Room } from "./room";

const INPUTS = ["pointermove", "pointerdown", "wheel", "keydown", "touchstart"] as const;
const LOOK_EVERY_MS = 30_000;
/** A claim is renewed when a third of it has passed, so that one lost request does no harm. */
const RENEW_AFTER = 1 / 3;

/** Feeds the reading clock, saves when the page is left, and renews the claim of who is still reading. */
export function watchSitting(clock: ReadingClock, room: Room): void {
  for (const input of INPUTS) {
    window.addEventListener(input, () => clock.input(), { capture: true, passive: true });
  }
  document.addEventListener("visibilitychange", () => {
    const isVisible = document.visibilityState === "visible";
    clock.setVisible(isVisible);
    if (!isVisible) void room.drafts.save();
  });
  window.setInterval(() => {
    if (clock.isActive && room.state === "ready" && room.hold.age > RENEW_AFTER) void room.renew();
  }, LOOK_EVERY_MS);
}
