import { describe, expect, it } from "vitest";

import { ReadingClock } from "../src/flow/clock";

function setUp(isVisible = true) {
  const time = { now: 1000 };
  const clock = new ReadingClock(() => time.now, isVisible);
  const pass = (seconds: number): void => {
    time.now += seconds * 1000;
  };
  return { clock, pass };
}

describe("reading time", () => {
  it("counts while the reader is active", () => {
    const { clock, pass } = setUp();
    pass(20);
    clock.input();
    pass(30);
    expect(clock.seconds()).toBe(50);
  });

  it("stops a minute after the last input", () => {
    const { clock, pass } = setUp();
    pass(600);
    expect(clock.seconds()).toBe(60);
    expect(clock.isActive).toBe(false);
    clock.input();
    pass(5);
    expect(clock.seconds()).toBe(65);
    expect(clock.isActive).toBe(true);
  });

  it("leaves out the time in another tab", () => {
    const { clock, pass } = setUp();
    pass(10);
    clock.setVisible(false);
    pass(500);
    clock.setVisible(true);
    pass(7);
    expect(clock.seconds()).toBe(17);
  });

  it("counts nothing in a tab that was opened in the background", () => {
    const { clock, pass } = setUp(false);
    pass(30);
    expect(clock.seconds()).toBe(0);
    clock.setVisible(true);
    pass(3);
    expect(clock.seconds()).toBe(3);
  });

  it("goes on from a draft's seconds", () => {
    const { clock, pass } = setUp();
    pass(40);
    clock.restart(12.5);
    pass(2);
    expect(clock.seconds()).toBe(14.5);
  });
});
