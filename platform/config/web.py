"""How the web server is started: one place for `make demo`, the benchmarks and an installation."""

import os
import sys

# Python uses one core per process. The threads of a process wait for the database most of their
# time; settings.DATABASES keeps a connection for each. Measured by benchmarks/reading.py.
THREADS = 4
_MOST_PROCESSES = 8


def web_processes() -> int:
    return min(os.cpu_count() or 1, _MOST_PROCESSES)


def web_command(port: int, *, host: str = "127.0.0.1") -> list[str]:
    """The command that serves Scout on this port; PYTHONPATH names the root and platform/."""
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws",
        "--host", host, "--port", str(port),
        "--workers", str(web_processes()), "--blocking-threads", str(THREADS),
        "--respawn-failed-workers",
        "config.wsgi:application",
    ]  # fmt: skip
