"""Make the pictures in README and docs: a sitting on the demo's phantoms, in headless Chromium.

A chest radiograph is read, a nodule in a CT is outlined, a mammogram is marked: each step is a
picture in docs/images. Run from the repository's root, after `make demo` has installed everything
once and is stopped:

    .venv/bin/python -m docs.make_pictures
"""

import csv
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import FloatRect, Page, sync_playwright

from benchmarks.environment import ROOT, free_port
from benchmarks.keyboard import CHROMIUM, FLAGS, demo, log_in, wait_for_case

IMAGES = Path(__file__).resolve().parent / "images"
SCREEN = {"width": 1440, "height": 900}
READ_BEFORE = 6  # a few cases, so that the order is the learner's
DRAWN_SECONDS = 600  # until the demo has drawn its volumes and mammograms
VOLUMES, WOMEN = 8, 8  # as in config.demo.content


@dataclass(frozen=True)
class Nodule:
    """Where one lies, from 0."""

    slice: int
    row: int
    column: int


@dataclass(frozen=True)
class Sitting:
    """The page, and where what it shows was drawn."""

    page: Page
    address: str
    nodules: dict[str, Nodule]  # by the volume's folder

    def open(self, project_id: int) -> str:
        self.page.goto(f"{self.address}/projects/{project_id}/read/")
        return wait_for_case(self.page, other_than="")

    def picture(self, name: str) -> None:
        self.page.wait_for_timeout(1200)
        self.page.screenshot(path=IMAGES / f"{name}.png")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.page.wait_for_timeout(60)

    def option(self, value: str) -> None:
        self.page.locator(f'.option[data-value="{value}"]').first.click()

    def box(self, cell: int) -> FloatRect:
        """Where a viewport lies on the page."""
        found = self.page.locator(".viewport").nth(cell).bounding_box()
        if found is None:
            raise RuntimeError(f"Viewport {cell} is not on the page.")
        return found

    def drag(self, start: tuple[float, float], end: tuple[float, float], cell: int = 0) -> None:
        """Between two points, in shares of a viewport's size."""
        box = self.box(cell)
        (x, y), (to_x, to_y) = (
            (box["x"] + share[0] * box["width"], box["y"] + share[1] * box["height"])
            for share in (start, end)
        )
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(to_x, to_y, steps=12)
        self.page.mouse.up()


def read_radiographs(sitting: Sitting, project_id: int) -> None:
    task = sitting.open(project_id)
    for _ in range(READ_BEFORE):
        sitting.press("Enter")
        task = wait_for_case(sitting.page, other_than=task)
    # Unanswered: the script cannot tell what the phantom shows.
    sitting.picture("reading")
    sitting.press("i", "1")
    sitting.picture("radiograph-answered")
    sitting.press("i")
    sitting.press("?")
    sitting.picture("keys")
    sitting.press("Escape")


def outline_nodule(sitting: Sitting, project_id: int) -> None:
    """The first volume that comes with a nodule: windowed, outlined by a box, seen in planes."""
    task = sitting.open(project_id)
    while (nodule := sitting.nodules.get(_folder_of(task))) is None:
        sitting.option("No nodule")
        sitting.press("Enter")
        task = wait_for_case(sitting.page, other_than=task)
    sitting.press("Home", "Shift+2")
    # An axial volume is read from the head down, and its first slice lies at the feet.
    for _ in range(47 - nodule.slice):
        sitting.press("ArrowDown")
    sitting.picture("ct-nodule")
    sitting.page.locator(
        '[data-question="outline"] .option, .option[data-value="Nodule"]'
    ).last.click()
    sitting.press("y")
    at = (nodule.column / 256, nodule.row / 256)
    size = 0.035
    sitting.drag(_on_stage(sitting, at, -size), _on_stage(sitting, at, size))
    sitting.option("Nodule")
    sitting.picture("ct-nodule-outlined")
    sitting.press("Alt+4")
    sitting.picture("ct-planes")


def _on_stage(sitting: Sitting, at: tuple[float, float], off: float) -> tuple[float, float]:
    """A point of the square frame, in shares of a viewport that is wider than it is high."""
    box = sitting.box(0)
    side = min(box["width"], box["height"])
    return (
        0.5 + (at[0] + off - 0.5) * side / box["width"],
        0.5 + (at[1] + off - 0.5) * side / box["height"],
    )


def read_mammogram(sitting: Sitting, project_id: int) -> None:
    sitting.open(project_id)
    sitting.picture("mammogram")
    sitting.option("Mass")
    sitting.drag((0.55, 0.35), (0.7, 0.5))
    sitting.option("B")
    sitting.picture("mammogram-marked")


def _folder_of(task: str) -> str:
    """The folder that the task's volume was written to."""
    from annotator.models import TaskScan
    from scans.models import IngestedFile

    scan = TaskScan.objects.filter(task_id=int(task)).values_list("scan_id", flat=True)[0]
    path = IngestedFile.objects.filter(scan_id=scan).values_list("path", flat=True)[0]
    return Path(path).parent.name


def _wait_until_drawn() -> None:
    from annotator.models import Task

    until = time.monotonic() + DRAWN_SECONDS
    while Task.objects.exclude(project_id=1).count() < VOLUMES + WOMEN:
        if time.monotonic() > until:
            raise RuntimeError("The demo has not drawn its volumes and mammograms.")
        time.sleep(1)


def _nodules(folder: Path) -> dict[str, Nodule]:
    """Where the demo's nodules are: it draws the same every time."""
    from scans.phantom import write_phantoms

    labels = write_phantoms(folder, radiographs=0, volumes=VOLUMES, seed=0)
    with labels.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["centre"]]
    return {
        Path(row["file"]).name: Nodule(*(int(number) for number in row["centre"].split("|")))
        for row in rows
    }


def main() -> None:
    port = free_port()
    address = f"http://localhost:{port}"
    with (
        tempfile.TemporaryDirectory(prefix="scout-pictures-") as name,
        demo(Path(name) / "var", port) as (passwords, _),
        sync_playwright() as playwright,
    ):
        data = str(Path(name) / "var")
        os.environ.update({"DJANGO_SETTINGS_MODULE": "config.settings", "SCOUT_DATA": data})
        # Playwright's loop runs in this thread; the few queries beside it may wait.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        sys.path.insert(1, str(ROOT / "platform"))
        import django

        django.setup()
        executable = CHROMIUM if CHROMIUM.exists() else None
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        page = browser.new_page(viewport=SCREEN)  # type: ignore[arg-type]
        log_in(page, address, passwords["reader"])
        sitting = Sitting(page, address, _nodules(Path(name) / "phantoms"))
        read_radiographs(sitting, 1)  # a new demo's projects are numbered in this order
        _wait_until_drawn()
        outline_nodule(sitting, 2)
        read_mammogram(sitting, 3)
        browser.close()


if __name__ == "__main__":
    main()
