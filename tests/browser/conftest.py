"""Headless Chromium, and a project whose scans a test chooses."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Request, ViewportSize, sync_playwright

from tests.browser.rooms import Room, sign_in

# pytest reads this file before Django's apps are loaded when it is started on this folder alone, so
# models are imported by the fixtures that use them.
if TYPE_CHECKING:
    from accounts.models import User
    from projects.models import Project
    from scans.models import Archive, Scan

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Chromium works WebGL out on the processor here; told of a graphics card, the page uses it.
_CARD = """
const parameter = WebGL2RenderingContext.prototype.getParameter;
WebGL2RenderingContext.prototype.getParameter = function (name) {
  return name === 0x9246 ? 'ANGLE (a graphics card)' : parameter.call(this, name);
};
"""
_COUNT = """
window.takenFromWebGL = 0;
const copy = CanvasRenderingContext2D.prototype.drawImage;
CanvasRenderingContext2D.prototype.drawImage = function (source, ...rest) {
  if (source.getContext?.('webgl2')) window.takenFromWebGL += 1;
  return copy.call(this, source, ...rest);
};
"""
_SYSTEM_CHROMIUM = Path("/usr/bin/chromium")
SCREEN: ViewportSize = {"width": 1280, "height": 800}


def chromium_options() -> dict[str, Any]:
    """Debian's Chromium where there is one, Playwright's own otherwise."""
    options: dict[str, Any] = {"args": FLAGS, "headless": True}
    if _SYSTEM_CHROMIUM.exists():
        options["executable_path"] = str(_SYSTEM_CHROMIUM)
    return options


# Of a module, not of the whole run: Playwright's sync interface runs an event loop in this thread,
# in which other modules' tests can start none, and which Django takes for async.
@pytest.fixture(scope="module")
def playwright() -> Iterator[Any]:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as started:
        yield started
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def leftover_connections(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Ends what a request that the browser gave up left connected: the database is dropped next."""
    from django.db import connection

    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    connection.close()


@pytest.fixture(scope="session")
def live_server(leftover_connections: None, live_server: Any) -> Any:
    """The server of pytest-django, stopped before its leftover connections are ended."""
    return live_server


@pytest.fixture(scope="module")
def chromium(playwright: Any) -> Iterator[Browser]:
    browser = playwright.chromium.launch(**chromium_options())
    yield browser
    browser.close()


@pytest.fixture
def context(chromium: Browser, live_server: Any) -> Iterator[BrowserContext]:
    # After the server and its database, so that the page is closed before the tables are emptied.
    context = chromium.new_context(viewport=SCREEN)
    under_way: set[Request] = set()
    context.on("request", lambda request: under_way.add(request))
    context.on("requestfinished", lambda request: under_way.discard(request))
    context.on("requestfailed", lambda request: under_way.discard(request))
    yield context
    for page in context.pages:
        # A request cut off in the middle would leave its thread of the server with a transaction.
        until = time.monotonic() + 5
        while under_way and time.monotonic() < until:
            page.wait_for_timeout(20)
    context.close()
    _wait_for_the_server()


@pytest.fixture(params=["processor", "card"])
def drawn_both_ways(request: pytest.FixtureRequest, context: BrowserContext) -> Iterator[None]:
    """With a graphics card, Cornerstone draws by WebGL; without one the page draws by itself."""
    context.add_init_script(_COUNT)
    if request.param == "card":
        context.add_init_script(_CARD)
    yield
    for page in context.pages:
        assert (page.evaluate("window.takenFromWebGL") > 0) is (request.param == "card")


def _wait_for_the_server() -> None:
    """What a page sends as it is closed is answered before the tables are emptied."""
    from django.db import connection

    time.sleep(0.15)  # until its thread has begun
    until = time.monotonic() + 10
    busy = 1
    while busy and time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
                " AND state <> 'idle'"
            )
            busy = cursor.fetchone()[0]
        time.sleep(0.02)


@pytest.fixture
def archive(transactional_db: None) -> Archive:
    from scans.models import Archive

    return Archive.objects.create(name="phantoms")


@pytest.fixture
def bob(transactional_db: None) -> User:
    from accounts.models import User

    return User.objects.create_user("bob@example.org", "a long enough one")


@pytest.fixture
def make_project(archive: Archive, bob: User) -> Callable[[str, list[Scan]], Project]:
    """A project that asks what the XML says about these scans, and that Bob reads."""
    from accounts.models import Role
    from annotator.queue import create_tasks
    from projects.models import Membership, Project

    def make(questions: str, scans: list[Scan]) -> Project:
        project = Project.objects.create(
            title="Phantoms",
            label_config=f'<View><Image name="image" value="$image"/>{questions}</View>',
            archive=archive,
            audit_share=0.0,
            random_share=0.0,
            created_by=bob,
        )
        Membership.objects.create(project=project, user=bob, role=Role.READER, added_by=bob)
        create_tasks(project=project, scans=scans)
        return project

    return make


@pytest.fixture
def session(bob: User) -> str:
    client = Client()
    client.force_login(bob)
    return client.cookies["sessionid"].value


@pytest.fixture
def enter(live_server: Any, context: BrowserContext, session: str) -> Callable[..., Room]:
    """Opens the reading room of a project as Bob."""

    def open_room(project: Project, state: str = "ready") -> Room:
        sign_in(context, live_server.url, session)
        room = Room(context.new_page(), f"{live_server.url}/projects/{project.pk}/read/")
        return room.enter(state)

    return open_room


@pytest.fixture
def killable(playwright: Any, tmp_path: Path) -> Iterator[Callable[[], Any]]:
    """Starts Chromium with a profile that outlives it; gives its process and its only context."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> tuple[subprocess.Popen[bytes], BrowserContext]:
        program = chromium_options().get("executable_path", playwright.chromium.executable_path)
        port_file = tmp_path / "profile" / "DevToolsActivePort"
        port_file.unlink(missing_ok=True)
        process = subprocess.Popen(
            [
                program, *FLAGS, "--headless=new", "--remote-debugging-port=0",
                f"--user-data-dir={tmp_path / 'profile'}",
                f"--window-size={SCREEN['width']},{SCREEN['height']}", "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        started.append(process)
        for _ in range(200):
            if port_file.exists() and port_file.read_text().count("\n"):
                break
            time.sleep(0.05)
        port = port_file.read_text().splitlines()[0]
        browser = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
        return process, browser.contexts[0]

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
