import type { Task } from "../types";

/** For how long the task in hand is still the reader's. */
export class Hold {
  /** When it was last renewed, and how long it lasts from there, both in milliseconds. */
  private renewedAt = 0;
  private lasts = Infinity;

  begin({ claim }: Task): void {
    this.renew();
    this.lasts = Math.max(0, Date.parse(claim.expires_at) - this.renewedAt);
  }

  renew(): void {
    this.renewedAt = Date.now();
  }

  /** How much of it has passed, as a share. */
  get age(): number {
    return (Date.now() - this.renewedAt) / this.lasts;
  }
}
