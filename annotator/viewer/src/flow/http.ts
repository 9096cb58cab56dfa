import { t } from "../i18n";

const SIGNED_OUT = 401;
const NOTHING_TO_SAY = 204;

/** What the server answered when it did not do what was asked. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = "ApiError";
  }

  static async from(response: Response): Promise<ApiError> {
    let detail = "";
    try {
      const body: unknown = await response.json();
      if (typeof body === "object" && body !== null && "detail" in body) detail = String(body.detail);
    } catch {
      // Not JSON: a proxy's page, or nothing. The status is said instead.
    }
    if (response.status === SIGNED_OUT) detail = t("You have been logged out.");
    return new ApiError(response.status, detail || t("The server answered {status}.", { status: response.status }));
  }

  /** The same request may succeed later. */
  get isPassing(): boolean {
    return this.status >= 500 || this.status === 408 || this.status === 429;
  }
}

export function isPassing(error: unknown): boolean {
  // fetch throws a TypeError when the network gave no answer at all.
  return error instanceof TypeError || (error instanceof ApiError && error.isPassing);
}

function csrfToken(): string {
  return /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? "";
}

export async function send<Reply>(
  method: "POST" | "PUT" | "PATCH" | "DELETE",
  url: string,
  body: unknown = {},
): Promise<Reply> {
  const response = await fetch(url, {
    method,
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
    body: JSON.stringify(body),
  });
  // A redirect ends at the log-in page: the session is over.
  if (response.redirected) throw new ApiError(401, t("Your session has ended."));
  if (!response.ok) throw await ApiError.from(response);
  return (response.status === NOTHING_TO_SAY ? undefined : await response.json()) as Reply;
}

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Tries a read a few times; what is not passing, or does not pass, is thrown. */
export async function retried<Result>(attempt: () => Promise<Result>, tries = 4): Promise<Result> {
  for (let done = 1; ; done += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (done >= tries || !isPassing(error)) throw error;
      await pause(300 * 2 ** done);
    }
  }
}
