import { describe, expect, it } from "vitest";

import { Echo } from "../src/flow/echo";

describe("a second press after a submission", () => {
  it("is an echo within half a second, unless the next case has been worked on", () => {
    let now = 1000;
    const echo = new Echo(() => now);
    expect(echo.isHeard).toBe(false);
    echo.given();
    now = 1499;
    expect(echo.isHeard).toBe(true);
    now = 1500;
    expect(echo.isHeard).toBe(false);
    echo.given();
    echo.worked();
    expect(echo.isHeard).toBe(false);
  });
});
