"""How soon the next case is on the screen, how smoothly it windows, and what it takes.

Headless Chromium against a real server, on an emulated line: radiographs of 16 bits, 2500 by
2048, and CT of 512 by 512 by 300; beside them the same files in a plain Cornerstone3D page that
fetches DICOM. The keys are pressed, the window is dragged, and the page itself notes when the next
image was on the screen. Headless Chromium has no graphics card: the reading page draws by itself
then, the plain page by WebGL in software, many times slower than on a reader's workstation.

    python -m benchmarks.viewer --cases 40 --stay 200 --json FILE
"""

import argparse
import os
import platform
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from benchmarks.environment import (
    argument_parser,
    create_project,
    installation,
    report,
)
from benchmarks.keyboard import CHROMIUM, FLAGS
from benchmarks.reading import log_in, serve
from benchmarks.viewing.ours import enter, read_radiographs, read_volumes
from benchmarks.viewing.plain import build, open_plain, served, show_series
from benchmarks.viewing.scans import fill_queue, take_in, write_radiographs, write_volume

if TYPE_CHECKING:
    from accounts.models import User
    from projects.models import Project

LABEL_CONFIG = """<View><Image name="image" value="$image"/>
<Choices name="finding" toName="image" choice="multiple"><Choice value="Nodule"/></Choices>
</View>"""
VOLUME_TASKS = 6
DEVICE = """(() => {
  const gl = document.createElement('canvas').getContext('webgl2');
  const names = gl?.getExtension('WEBGL_debug_renderer_info');
  return names ? gl.getParameter(names.UNMASKED_RENDERER_WEBGL) : 'no WebGL';
})()"""


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--cases", type=int, default=40, help="prefetched radiographs to time")
    parser.add_argument(
        "--stay", type=int, default=200, help="cases until memory is measured again"
    )
    parser.add_argument("--megabits", type=float, default=100, help="the line's speed")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="scout-viewer-") as name, installation() as here:
        page, dicom = Path(name), Path(name) / "dicom"
        build(page)
        radiographs = write_radiographs(dicom, 6)
        volumes = [write_volume(dicom, number) for number in range(2)]
        projects, reader = make_projects(dicom, options.stay + 50)
        port = serve(here)
        cookies = log_in(reader, port=port, project=projects[0].pk).cookies
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        with sync_playwright() as playwright, served(page) as address:
            executable = CHROMIUM if CHROMIUM.exists() else None
            browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
            plain = open_plain(new_context(browser), address, options.megabits)
            device = f"{plain.page.evaluate(DEVICE)}; {platform.processor()}"
            numbers: dict[str, object] = {"device": device, "cores": os.cpu_count()}
            files = [str(path.relative_to(page)) for path in radiographs]
            series = [[str(path.relative_to(page)) for path in volume] for volume in volumes]
            again = [f"{file}?{turn}" for turn in range(3) for file in files]
            numbers |= show_series(plain, again, series)
            plain.page.context.close()
            url = f"http://127.0.0.1:{port}"
            numbers |= read_in_scout(browser, url, cookies, projects, options)
            browser.close()
    report(numbers, options.json)


def read_in_scout(
    browser: Browser,
    url: str,
    cookies: str,
    projects: list["Project"],
    options: argparse.Namespace,
) -> dict[str, object]:
    """What the reading room shows of the radiographs, and then of the volumes."""
    numbers: dict[str, object] = {}
    for project, read in zip(projects, ("radiographs", "volumes"), strict=True):
        context = new_context(browser)
        sign_in(context, url, cookies)
        room = f"{url}/projects/{project.pk}/read/"
        reading = enter(browser, context, room, options.megabits)
        if read == "radiographs":
            numbers |= read_radiographs(reading, options.cases, options.stay)
        else:
            numbers |= read_volumes(reading)
        context.close()
    return numbers


def new_context(browser: Browser) -> BrowserContext:
    return browser.new_context(viewport={"width": 1600, "height": 1000})


def sign_in(context: BrowserContext, url: str, cookies: str) -> None:
    pairs = [one.split("=", 1) for one in cookies.split("; ")]
    context.add_cookies([{"name": name, "value": value, "url": url} for name, value in pairs])


def make_projects(folder: Path, radiographs: int) -> tuple[list["Project"], "User"]:
    """A project of radiographs and one of volumes, and who reads in both."""
    from accounts.models import Role
    from projects.models import Membership, Project

    shares = {"audit_share": 0.0, "random_share": 0.0}
    first, (reader,) = create_project(readers=1, label_config=LABEL_CONFIG, **shares)
    take_in(first, folder)
    second = Project.objects.create(
        title="Volumes",
        label_config=LABEL_CONFIG,
        archive=first.archive,
        created_by=first.created_by,
        **shares,
    )
    Membership.objects.create(
        project=second, user=reader, role=Role.READER, added_by=first.created_by
    )
    fill_queue(first, kind="image", count=radiographs)
    fill_queue(second, kind="volume", count=VOLUME_TASKS)
    return [first, second], reader


if __name__ == "__main__":
    main()
