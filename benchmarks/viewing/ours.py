"""The reading page, driven as its readers drive it."""

from dataclasses import dataclass

from playwright.sync_api import Browser, BrowserContext, Route

from benchmarks.viewing.browser import FETCHED, WATCH, Watched, spread, watch
from benchmarks.viewing.scans import SLICES

# A reader looks before answering; two seconds is a quick one, and enough for two cases to come.
LOOK_SECONDS = 2.0
# An Enter that comes sooner after the last one is taken for its echo.
SHORTEST_LOOK_SECONDS = 0.5
READY = """(() => {
  const { state, task, unsent } = document.getElementById('reading-room')?.dataset ?? {};
  return state === 'ready' && !unsent ? task : '';
})()"""


@dataclass
class Reading:
    """An open reading room."""

    watched: Watched
    browser: Browser

    def next_case(self, look_seconds: float) -> float:
        """Looks, answers, and waits for the next case; milliseconds from the key to its image."""
        page = self.watched.page
        page.wait_for_timeout(look_seconds * 1000)
        shown, task = page.evaluate("bench.shown.length"), page.evaluate(READY)
        page.keyboard.press("Enter")
        self.watched.wait(f"bench.shown.length > {shown}", "the next image")
        self.watched.wait(f"!['', '{task}'].includes({READY})", "the next case")
        return float(page.evaluate("bench.shown.at(-1)"))

    def without_prefetch(self) -> None:
        """Nothing is reserved from here on, so that nothing is fetched before it is asked for."""
        self.watched.page.route("**/ahead/", lambda route: self._refuse(route))

    def with_prefetch(self) -> None:
        self.watched.page.unroute("**/ahead/")

    def _refuse(self, route: Route) -> None:
        route.fulfill(status=200, json={"tasks": []})


def enter(browser: Browser, context: BrowserContext, url: str, megabits: float) -> Reading:
    watched = watch(context)
    watched.set_line(megabits)
    watched.page.goto(url)
    watched.wait(f"{READY} !== ''", "the reading room")
    watched.page.evaluate(WATCH)
    return Reading(watched, browser)


def read_radiographs(reading: Reading, cases: int, stay: int) -> dict[str, float]:
    """Case to case, with and without prefetch, the window dragged, and memory as cases go by."""
    watched = reading.watched
    numbers: dict[str, float] = {}
    prefetched = [reading.next_case(LOOK_SECONDS) for _ in range(cases)]
    numbers |= {f"radiograph_prefetched_{n}_ms": v for n, v in spread(prefetched).items()}
    stalls = watched.page.evaluate("bench.stalls")
    numbers["longest_stall_ms"] = max(stalls, default=0.0)
    numbers["windowing_fps"] = watched.frames_per_second(5)
    reading.without_prefetch()
    reading.next_case(LOOK_SECONDS)
    reading.next_case(SHORTEST_LOOK_SECONDS)
    reading.next_case(SHORTEST_LOOK_SECONDS)
    fetched = [reading.next_case(SHORTEST_LOOK_SECONDS) for _ in range(max(5, cases // 3))]
    numbers |= {f"radiograph_fetched_{n}_ms": v for n, v in spread(fetched).items()}
    sizes = watched.bytes_of("/frames/")
    numbers["radiograph_megabytes"] = sum(sizes) / len(sizes) / 1e6
    reading.with_prefetch()
    watched.set_line(None)
    read = cases + len(fetched) + 3
    return numbers | _stay(reading, read, stay)


def _stay(reading: Reading, read: int, stay: int) -> dict[str, float]:
    numbers: dict[str, float] = {}
    begin = reading.watched.memory(reading.browser)
    numbers |= {f"memory_{part}_after_{read}_mb": value for part, value in begin.items()}
    for _ in range(stay - read):
        reading.next_case(SHORTEST_LOOK_SECONDS)
    reading.watched.page.wait_for_timeout(2000)
    end = reading.watched.memory(reading.browser)
    return numbers | {f"memory_{part}_after_{stay}_mb": value for part, value in end.items()}


def read_volumes(reading: Reading) -> dict[str, float]:
    """First slice and whole volume, of cases that were prefetched and of one that was not."""
    watched = reading.watched
    numbers: dict[str, float] = {}
    page = watched.page
    reading.without_prefetch()
    watched.wait(f"{FETCHED} >= {SLICES}", "the first volume")
    page.evaluate("performance.clearResourceTimings()")
    page.wait_for_timeout(500)
    numbers["volume_fetched_first_ms"] = reading.next_case(0)
    watched.wait(f"{FETCHED} >= {SLICES}", "the second volume")
    last = "Math.max(...performance.getEntriesByType('resource').map(one => one.responseEnd))"
    numbers["volume_fetched_whole_ms"] = page.evaluate(f"{last} - bench.pressed")
    sizes = [size for size in watched.bytes_of("/frames/") if size]
    numbers["volume_megabytes"] = SLICES * sum(sizes) / len(sizes) / 1e6
    reading.with_prefetch()
    page.evaluate("performance.clearResourceTimings()")
    reading.next_case(SHORTEST_LOOK_SECONDS)
    watched.wait(f"{FETCHED} >= {3 * SLICES}", "the volumes ahead")
    page.wait_for_timeout(1000)
    page.evaluate("performance.clearResourceTimings(); bench.stalls.length = 0")
    numbers["volume_prefetched_first_ms"] = reading.next_case(0)
    own = "performance.getEntriesByType('resource').filter(one => one.name.includes('/scans/'))"
    numbers["volume_prefetched_fetched_again"] = page.evaluate(f"{own}.length")
    numbers["volume_windowing_fps"] = watched.frames_per_second(5)
    return numbers
