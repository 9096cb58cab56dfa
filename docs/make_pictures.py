"""Make the picture in README: the reading page, with a phantom, in headless Chromium.

Run from the repository's root, after `make demo` has installed everything once and is stopped:

    .venv/bin/python -m docs.make_pictures
"""

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.environment import free_port
from benchmarks.keyboard import CHROMIUM, FLAGS, demo, log_in, wait_for_case

TARGET = Path(__file__).resolve().parent / "images" / "reading.png"
SCREEN = {"width": 1440, "height": 900}
READ_BEFORE = 6  # a few cases, so that the order is the learner's


def main() -> None:
    port = free_port()
    address = f"http://localhost:{port}"
    with (
        tempfile.TemporaryDirectory(prefix="scout-pictures-") as folder,
        demo(Path(folder) / "var", port) as (passwords, _),
        sync_playwright() as playwright,
    ):
        executable = CHROMIUM if CHROMIUM.exists() else None
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        page = browser.new_page(viewport=SCREEN)  # type: ignore[arg-type]
        log_in(page, address, passwords["reader"])
        page.goto(f"{address}/projects/1/read/")  # the radiographs are a new demo's first project
        task = wait_for_case(page, other_than="")
        for _ in range(READ_BEFORE):
            page.keyboard.press("Enter")
            task = wait_for_case(page, other_than=task)
        # Unanswered: the script cannot tell what the phantom shows.
        page.wait_for_timeout(1500)
        page.screenshot(path=TARGET)
        browser.close()


if __name__ == "__main__":
    main()
