"""A first sitting, as a newcomer has it: the demo from nothing, 30 radiographs, the keyboard alone.

Starts `manage.py demo` in a folder of its own, logs in as the reader in headless Chromium, answers
with keys, and compares the rankings' generation before and after each answer. The answers follow a
fixed pattern, not the pictures: what is measured is the way, not the learning.

    python -m benchmarks.keyboard --reads 30 --screenshots FOLDER --json FILE
"""

import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.environment import ROOT, argument_parser, free_port, report

SIGHT_SECONDS = 20
# A reader looks before answering; a second is a very quick one.
LOOK_SECONDS = 1.0
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@dataclass
class Sitting:
    """Per answer: the seconds to the next case, and the generation of the ranking after it.

    `served_from` holds the generation that placed each case read, where one had.
    """

    seconds_to_next: list[float] = field(default_factory=list)
    generations: list[int] = field(default_factory=list)
    served_from: list[int] = field(default_factory=list)


@contextmanager
def demo(folder: Path, port: int) -> Iterator[tuple[dict[str, str], float]]:
    """The demo running: its log-ins by name, and the seconds until it said that it is ready."""
    environment = {
        **os.environ, "SCOUT_DATA": str(folder), "SCOUT_PORT": str(port), "PYTHONUNBUFFERED": "1",
    }  # fmt: skip
    environment.pop("DATABASE_URL", None)
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "demo"], cwd=ROOT, env=environment,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        for line in process.stdout:
            passwords = dict(re.findall(r"(\w+)@demo\.local (\S+?)[,\s]", line))
            if passwords:
                yield passwords, time.monotonic() - began
                return
        raise RuntimeError("The demo ended before it was ready.")
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def log_in(page: Page, address: str, password: str) -> None:
    page.goto(f"{address}/account/login/")
    page.keyboard.type("reader@demo.local")
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/")


def attribute(page: Page, name: str) -> str:
    script = "name => document.getElementById('reading-room')?.getAttribute('data-' + name) ?? ''"
    return str(page.evaluate(script, name))


def wait_for_case(page: Page, *, other_than: str) -> str:
    until = time.monotonic() + SIGHT_SECONDS
    while attribute(page, "state") != "ready" or attribute(page, "task") in ("", other_than):
        if time.monotonic() > until:
            raise RuntimeError(f"No next case: the page is {attribute(page, 'state')!r}.")
        page.wait_for_timeout(10)
    return attribute(page, "task")


def newest_generation(project_id: int) -> int:
    from rounds.models import Ranking

    newest = Ranking.objects.filter(project=project_id).order_by("-generation").first()
    return 0 if newest is None else newest.generation


def wait_for_generation(project_id: int, *, above: int) -> int:
    until = time.monotonic() + SIGHT_SECONDS
    while (generation := newest_generation(project_id)) <= above:
        if time.monotonic() > until:
            raise RuntimeError(f"No ranking after generation {above}.")
        time.sleep(0.02)
    return generation


def sit(page: Page, address: str, project_id: int, reads: int, pictures: Path) -> Sitting:
    sitting = Sitting()
    page.goto(f"{address}/projects/{project_id}/read/")
    task = wait_for_case(page, other_than="")
    generation = newest_generation(project_id)
    for number in range(reads):
        page.wait_for_timeout(LOOK_SECONDS * 1000)
        if number % 10 == 0:
            page.screenshot(path=pictures / f"case-{number:02}.png")
        if number % 3:
            page.keyboard.press(str(number % 3))
        if number % 10 == 1:
            page.screenshot(path=pictures / f"answered-{number:02}.png")
        pressed = time.monotonic()
        page.keyboard.press("Enter")
        task = wait_for_case(page, other_than=task)
        sitting.seconds_to_next.append(time.monotonic() - pressed)
        generation = wait_for_generation(project_id, above=generation)
        sitting.generations.append(generation)
    return sitting


def served_generations(project_id: int) -> list[int]:
    """The generation each answered case was served from, in the order of reading.

    Cases that chance serves are left out: no ranking places them.
    """
    from annotator.models import Annotation

    answers = Annotation.objects.filter(project=project_id)
    placed = answers.order_by("id").values_list("generation", flat=True)
    return [generation for generation in placed if generation is not None]


def browse(folder: Path, address: str, password: str, reads: int, pictures: Path) -> Sitting:
    """The sitting, with the database of the running demo open beside it."""
    os.environ.update({"DJANGO_SETTINGS_MODULE": "config.settings", "SCOUT_DATA": str(folder)})
    # Playwright's loop runs in this thread; the few queries beside it may wait.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    sys.path.insert(1, str(ROOT / "platform"))
    import django

    django.setup()
    from projects.models import Project

    project_id = Project.objects.order_by("id").values_list("id", flat=True)[0]
    executable = CHROMIUM if CHROMIUM.exists() else None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        log_in(page, address, password)
        sitting = sit(page, address, project_id, reads, pictures)
        browser.close()
    sitting.served_from.extend(served_generations(project_id))
    return sitting


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--reads", type=int, default=30)
    parser.add_argument("--screenshots", type=Path, help="keep pictures of the page in this folder")
    options = parser.parse_args()
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="scout-bench-") as name:
        folder = Path(name)
        pictures = options.screenshots or folder / "pictures"
        pictures.mkdir(parents=True, exist_ok=True)
        with demo(folder / "var", port) as (passwords, seconds):
            address = f"http://localhost:{port}"
            sitting = browse(folder / "var", address, passwords["reader"], options.reads, pictures)
    numbers = {
        "reads": len(sitting.seconds_to_next),
        "seconds_until_ready": seconds,
        "generations": len(set(sitting.generations)),
        "generations_served_from": len(set(sitting.served_from)),
        "served_by_a_ranking": len(sitting.served_from),
        "next_case_p50_ms": 1000 * statistics.median(sitting.seconds_to_next),
        "next_case_worst_ms": 1000 * max(sitting.seconds_to_next),
    }
    report(numbers, options.json)


if __name__ == "__main__":
    main()
