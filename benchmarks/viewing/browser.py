"""A page in headless Chromium, and what it shows, how soon, and what it takes."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page

from benchmarks.reading import percentile

PATIENCE_SECONDS = 120
# In the page: when Enter was pressed, when the next case had been drawn, how many drawings there
# were, and every task of the main thread that held it up for more than 50 ms.
WATCH = """() => {
  if (window.bench) return;
  const bench = { pressed: 0, shown: [], drawn: 0, stalls: [] };
  window.bench = bench;
  performance.setResourceTimingBufferSize(100000);
  addEventListener('keydown', (event) => {
    if (event.key === 'Enter') bench.pressed = event.timeStamp;
  }, true);
  addEventListener('CORNERSTONE_IMAGE_RENDERED', () => { bench.drawn += 1; }, true);
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) bench.stalls.push(duration);
  }).observe({ entryTypes: ['longtask'] });
  const root = document.getElementById('reading-room');
  if (root) new MutationObserver(() => {
    if (root.dataset.imageShown) bench.shown.push(performance.now() - bench.pressed);
  }).observe(root, { attributeFilter: ['data-image-shown'] });
}"""
FETCHED = "performance.getEntriesByType('resource').filter(one => /frames/.test(one.name)).length"


@dataclass
class Watched:
    """A page, the bytes that came over the line for it, and its line's speed."""

    page: Page
    session: CDPSession
    received: dict[str, int] = field(default_factory=dict)  # by request
    names: dict[str, str] = field(default_factory=dict)

    def bytes_of(self, part: str) -> list[int]:
        """Of each answer whose address holds `part`, as it came over the line."""
        return [length for request, length in self.received.items() if part in self.names[request]]

    def set_line(self, megabits: float | None) -> None:
        """Bits a second of an emulated line, in millions; None for no limit."""
        speed = -1 if megabits is None else megabits * 1e6 / 8
        self.session.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": 0 if megabits is None else 2,
                "downloadThroughput": speed,
                "uploadThroughput": speed,
            },
        )

    def wait(self, condition: str, what: str) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while not self.page.evaluate(condition):
            if time.monotonic() > until:
                raise RuntimeError(f"Waited in vain for {what}.")
            self.page.wait_for_timeout(10)

    def frames_per_second(self, seconds: float) -> float:
        """Drawings while the mouse drags the window."""
        box = self.page.locator(".viewport").first.bounding_box()
        assert box is not None
        middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(*middle)
        self.page.mouse.down()
        before = self.page.evaluate("bench.drawn")
        began, step = time.monotonic(), 0
        while time.monotonic() - began < seconds:
            step += 1
            self.page.mouse.move(middle[0] + step % 120, middle[1] + step % 40)
        drawn = self.page.evaluate("bench.drawn") - before
        self.page.mouse.up()
        return float(drawn / (time.monotonic() - began))

    def memory(self, browser: Browser) -> dict[str, float]:
        """MB after a collection: objects, pixel buffers, and all of the browser's processes."""
        self.session.send("HeapProfiler.collectGarbage")
        used = self.session.send("Runtime.getHeapUsage")
        system = browser.new_browser_cdp_session()
        processes = system.send("SystemInfo.getProcessInfo")["processInfo"]
        system.detach()
        resident = sum(_resident(one["id"]) for one in processes)
        return {
            "heap": used["usedSize"] / 1e6,
            "buffers": used.get("backingStorageSize", 0) / 1e6,
            "resident": resident / 1e6,
        }


def _resident(process: int) -> int:
    """Bytes of memory that a process has and shares with no other (Linux)."""
    path = Path(f"/proc/{process}/smaps_rollup")
    lines = path.read_text().splitlines() if path.exists() else []
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Private_"))


def watch(context: BrowserContext) -> Watched:
    """A new page of the context."""
    page = context.new_page()
    session = context.new_cdp_session(page)
    watched = Watched(page, session)

    def named(event: dict[str, Any]) -> None:
        watched.names[event["requestId"]] = event["request"]["url"]

    def finished(event: dict[str, Any]) -> None:
        if event["requestId"] in watched.names:
            watched.received[event["requestId"]] = int(event["encodedDataLength"])

    session.on("Network.requestWillBeSent", named)
    session.on("Network.loadingFinished", finished)
    session.send("Network.enable")
    return watched


def spread(milliseconds: list[float]) -> dict[str, float]:
    """The median and what 19 of 20 stay below."""
    return {"p50": percentile(milliseconds, 0.5), "p95": percentile(milliseconds, 0.95)}
