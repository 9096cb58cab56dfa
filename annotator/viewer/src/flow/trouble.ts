import { t } from "../i18n";
import type { Frame } from "../page/frame";
import type { Notice } from "../page/notice";
import { isSessionEnd } from "./outbox";

/** Says what went wrong, what is safe, and what to do. */
export class Trouble {
  constructor(
    private readonly frame: Frame,
    private readonly notice: Notice,
    private readonly again: () => void,
  ) {}

  sessionEnded({ message }: Error): void {
    this.notice.say(`${message} ${t("Your answer is kept on this computer.")}`, "bad", {
      text: t("Log in again"),
      act: window.location.href,
    });
  }

  /** Never the last scan behind an error about the next. */
  notShown(message: string): void {
    this.frame.cover(t("This scan could not be shown."));
    this.notice.say(`${message} ${t("Your answers are safe.")}`, "bad", {
      text: t("Try again"),
      act: this.again,
    });
  }

  draftRefused(error: Error): void {
    if (isSessionEnd(error)) return this.sessionEnded(error);
    this.notice.say(`${error.message} ${t("Your draft is kept on this computer.")}`, "warning", {
      text: t("Next scan"),
      act: this.again,
    });
  }

  answerRefused(message: string): void {
    this.notice.say(`${t("This answer was not taken and is a draft again:")} ${message}`, "warning");
  }

  storageFull(): void {
    this.notice.say(
      t(
        "This computer has no room left to keep your work. It is saved on the server alone: stay connected, and close other pages or free some space.",
      ),
      "warning",
    );
  }

  /** The reader has read all that was fetched; `retry` sends at once. */
  nothingFetched(retry: () => void): void {
    this.frame.coverWith(
      t("No connection, and no further scan has been fetched. Your answers are kept on this computer; reading goes on by itself."),
      t("Try now"),
      retry,
    );
  }

  elsewhere(readHere: () => void): void {
    this.notice.clear();
    this.frame.coverWith(t("The reading room is open in another tab."), t("Read here"), readHere);
  }
}
