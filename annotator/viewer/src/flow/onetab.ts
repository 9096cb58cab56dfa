/** A tab that does not answer, frozen or crashed, is not waited for longer. */
const ANSWER_WITHIN_MS = 3000;
const HAND_OVER = "hand over";

/**
 * One tab of a reader reads in a project at a time. The one that reads holds a lock of the browser;
 * another asks it to hand over, and takes the lock from a tab that does not answer.
 */
export class OneTab {
  private readonly channel: BroadcastChannel;
  private release: (() => void) | null = null;
  /** Another tab takes over: keep what is unfinished, then let go. */
  onTaken: () => Promise<void> = () => Promise.resolve();

  constructor(private readonly name: string) {
    this.channel = new BroadcastChannel(name);
    this.channel.onmessage = ({ data }) => {
      if (data === HAND_OVER) void this.handOver();
    };
  }

  /** True when this tab is the one that reads. */
  enter(): Promise<boolean> {
    return this.request({ ifAvailable: true });
  }

  /** Resolves when the room is this tab's. */
  async takeOver(): Promise<void> {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), ANSWER_WITHIN_MS);
    const asked = this.request({ signal: patience.signal });
    this.channel.postMessage(HAND_OVER);
    const isMine = await asked.catch(() => false);
    clearTimeout(timer);
    if (!isMine) await this.request({ steal: true });
  }

  private request(options: LockOptions): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const held = navigator.locks.request(this.name, options, (lock) => {
        resolve(lock !== null);
        if (!lock) return undefined;
        return new Promise<void>((release) => {
          this.release = release;
        });
      });
      // Rejected when the lock was not to be had in time, and when it is stolen.
      held.catch((error: unknown) => {
        reject(error);
        void this.handOver();
      });
    });
  }

  private async handOver(): Promise<void> {
    const { release } = this;
    this.release = null;
    if (!release) return;
    await this.onTaken();
    release();
  }
}
