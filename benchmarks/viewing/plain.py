"""The same series in a plain Cornerstone3D page that fetches the DICOM files."""

import http.server
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext

from benchmarks.environment import ROOT
from benchmarks.viewing.browser import WATCH, Watched, spread, watch

_VIEWER = ROOT / "annotator" / "viewer"
_SOURCE = ROOT / "benchmarks" / "viewing" / "plain"


def build(folder: Path) -> None:
    """Build the page into `folder`, with the packages of the reading page."""
    npm = shutil.which("npx")
    if npm is None:
        raise RuntimeError("The plain page is built with Node.js: install Node 20 or newer.")
    subprocess.run(
        [npm, "vite", "build", str(_SOURCE), "--config", str(_SOURCE / "vite.config.ts"),
         "--outDir", str(folder), "--logLevel", "error"],
        cwd=_VIEWER, check=True,
    )  # fmt: skip


class _Files(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections stay open, as an archive's do

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, *_: Any) -> None:
        return


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder at an address of this machine."""
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(_Files, directory=str(folder))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def open_plain(context: BrowserContext, url: str, megabits: float) -> Watched:
    watched = watch(context)
    watched.page.goto(f"{url}/index.html")
    watched.wait("window.plain !== undefined", "the plain page")
    watched.page.evaluate(WATCH)
    watched.set_line(megabits)
    return watched


def show_series(
    watched: Watched, radiographs: list[str], volumes: list[list[str]]
) -> dict[str, float]:
    """First sight of each radiograph; first slice and whole of the last volume."""
    show = "files => plain.show(files)"
    times = [watched.page.evaluate(show, [file])["first"] for file in radiographs]
    numbers = {f"plain_radiograph_{name}_ms": value for name, value in spread(times).items()}
    numbers["plain_windowing_fps"] = watched.frames_per_second(5)
    sizes = watched.bytes_of("radiograph-")
    numbers["plain_radiograph_megabytes"] = sum(sizes) / len(sizes) / 1e6
    for files in volumes:
        watched.page.evaluate("plain.forget()")
        took = watched.page.evaluate(show, files)
    numbers["plain_volume_first_ms"] = took["first"]
    numbers["plain_volume_whole_ms"] = took["whole"]
    sizes = watched.bytes_of("volume-")
    numbers["plain_volume_megabytes"] = len(volumes[0]) * sum(sizes) / len(sizes) / 1e6
    numbers["plain_volume_windowing_fps"] = watched.frames_per_second(5)
    return numbers
