import { describe, expect, it } from "vitest";

import { Echo } from "../src/flow/echo";

function at(): { echo: Echo; go: (milliseconds: number) => void } {
  let now = 1000;
  return { echo: new Echo(() => now), go: (milliseconds) => (now += milliseconds) };
}

describe("a press that repeats the one before it", () => {
  it("is heard for half a second", () => {
    const { echo, go } = at();
    expect(echo.isHeard).toBe(false);
    echo.given();
    go(499);
    expect(echo.isHeard).toBe(true);
    go(1);
    expect(echo.isHeard).toBe(false);
  });

  it("is heard until a case that came late has been seen", () => {
    const { echo, go } = at();
    echo.opened();
    expect(echo.isHeard).toBe(false);
    echo.given();
    go(2000);
    echo.opened();
    go(299);
    expect(echo.isHeard).toBe(true);
    go(1);
    expect(echo.isHeard).toBe(false);
  });

  it("is none once the reader has worked on the case", () => {
    const { echo } = at();
    echo.given();
    echo.worked();
    echo.opened();
    expect(echo.isHeard).toBe(false);
  });
});
