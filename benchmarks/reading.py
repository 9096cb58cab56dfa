"""Readers at once: submissions with their next tasks per second, over HTTP, on the real server.

Each reader is a client of its own that logs in by session, and does what the reading room does:
submit, take the next task from the reply, reserve the one after.
"""

import http.client
import json
import sys
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks.environment import (
    Installation,
    argument_parser,
    create_project,
    create_tasks,
    free_port,
    installation,
    report,
)

if TYPE_CHECKING:
    from accounts.models import User

LABEL_CONFIG = """
<View>
  <Image name="image" value="$image"/>
  <Choices name="findings" toName="image" choice="multiple">
    <Choice value="Nodule"/><Choice value="Effusion"/><Choice value="Consolidation"/>
  </Choices>
</View>
"""
RESULT = [
    {
        "id": "a1b2c3",
        "from_name": "findings",
        "to_name": "image",
        "type": "choices",
        "value": {"choices": ["Nodule"]},
    }
]
START_SECONDS = 60


@dataclass
class Reader:
    """One reader's client, and what it has seen."""

    port: int
    project: int
    cookies: str
    csrf_token: str
    seconds: list[float] = field(default_factory=list)  # of each submit-and-next call
    served: list[int] = field(default_factory=list)
    errors: int = 0

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def post(self, path: str, body: object = None) -> dict[str, Any]:
        headers = {
            "Cookie": self.cookies,
            "X-CSRFToken": self.csrf_token,
            "Content-Type": "application/json",
        }
        self.connection.request("POST", path, json.dumps(body or {}), headers)
        reply = self.connection.getresponse()
        content = reply.read()
        if reply.status not in (200, 201):
            raise RuntimeError(f"{path}: {reply.status} {content[:300]!r}")
        return dict(json.loads(content))

    def read(self, deadline: float, *, with_ahead: bool) -> None:
        """Read until the deadline or until nothing is left."""
        task = self.post(f"/api/projects/{self.project}/next/")["task"]
        while task is not None and time.monotonic() < deadline:
            self.served.append(task["id"])
            if with_ahead:
                self.post(f"/api/projects/{self.project}/ahead/")
            body = {"result": RESULT, "lead_time": 7.5, "unique_id": str(uuid.uuid4())}
            start = time.perf_counter()
            reply = self.post(f"/api/tasks/{task['id']}/annotations/", body)
            self.seconds.append(time.perf_counter() - start)
            task = reply["next"]["task"]

    def run(self, deadline: float, *, with_ahead: bool) -> None:
        try:
            self.read(deadline, with_ahead=with_ahead)
        except (OSError, RuntimeError, http.client.HTTPException) as error:
            self.errors += 1
            print(error, file=sys.stderr)


def log_in(user: "User", *, port: int, project: int) -> Reader:
    """A client with the session that the log-in page would have opened, and a CSRF token."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.middleware.csrf import _get_new_csrf_string

    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    token = _get_new_csrf_string()
    cookies = f"sessionid={session.session_key}; csrftoken={token}"
    return Reader(port, project, cookies, token)


def wait_until_served(port: int) -> None:
    for _ in range(START_SECONDS * 10):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/account/login/")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.1)
    raise RuntimeError("The web server did not come up.")


def serve(here: Installation) -> int:
    """Start the web server; its port, once it answers."""
    from django.core.management import call_command

    from config.web import web_command

    call_command("collectstatic", interactive=False, verbosity=0)
    port = free_port()
    here.spawn(*web_command(port))
    wait_until_served(port)
    return port


def measure(readers: list[Reader], seconds: float, *, with_ahead: bool) -> float:
    """Let all readers read at once; how many seconds they took."""
    start = time.monotonic()
    threads = [
        threading.Thread(
            target=reader.run, args=(start + seconds,), kwargs={"with_ahead": with_ahead}
        )
        for reader in readers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - start


def percentile(values: list[float], share: float) -> float:
    """The nearest-rank percentile; NaN of nothing."""
    return (
        sorted(values)[min(int(share * len(values)), len(values) - 1)] if values else float("nan")
    )


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--readers", type=int, default=8)
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument(
        "--ahead", action="store_true", help="reserve the task after, as the page does"
    )
    arguments = parser.parse_args()
    with installation() as here:
        project, people = create_project(readers=arguments.readers, label_config=LABEL_CONFIG)
        create_tasks(project, count=arguments.tasks)
        port = serve(here)
        readers = [log_in(person, port=port, project=project.pk) for person in people]
        elapsed = measure(readers, arguments.seconds, with_ahead=arguments.ahead)
        times = [seconds for reader in readers for seconds in reader.seconds]
        served = Counter(task for reader in readers for task in reader.served)
        report(
            {
                "readers": arguments.readers,
                "tasks": arguments.tasks,
                "loops": len(times),
                "loops_per_s": len(times) / elapsed,
                "p50_ms": percentile(times, 0.5) * 1000,
                "p95_ms": percentile(times, 0.95) * 1000,
                "served_twice": sum(count - 1 for count in served.values()),
                "errors": sum(reader.errors for reader in readers),
            },
            arguments.json,
        )


if __name__ == "__main__":
    main()
