"""Refuse settings that cannot work, before they fail in a reader's hands."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004
from django.db import connection

from config.web import web_processes

# PostgreSQL keeps some connections for superusers; pg_dump and psql need a few.
_SPARE = 10
# Beside its pool, a process that runs jobs has four connections to its queue.
_JOB_PROCESSES, _QUEUE_CONNECTIONS = 2, 4


@register(Tags.security)
def check_no_debug(**kwargs: Any) -> Sequence[CheckMessage]:
    if settings.DEBUG:
        return [
            Error(
                "DEBUG shows settings and patients' data to whoever causes an error.",
                hint="Leave DEBUG off; errors are in the log.",
                id="scout.E001",
            )
        ]
    return []


@register(Tags.security)
def check_hosts(**kwargs: Any) -> Sequence[CheckMessage]:
    if "*" in settings.ALLOWED_HOSTS:
        return [
            Error(
                "SCOUT_HOSTS=* lets any address pose as this installation.",
                hint="Name the addresses that readers type: SCOUT_HOSTS=scout.example.org",
                id="scout.E002",
            )
        ]
    return []


@register(Tags.security)
def check_origins(**kwargs: Any) -> Sequence[CheckMessage]:
    plain = [origin for origin in settings.CSRF_TRUSTED_ORIGINS if origin.startswith("http://")]
    if settings.SCOUT_HTTPS and plain:
        return [
            Error(
                f"SCOUT_HTTPS is set, and {', '.join(plain)} is trusted without encryption.",
                hint="Write the origins with https://",
                id="scout.E003",
            )
        ]
    return []


@register(Tags.database)
def check_database(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """What the server itself says: version, durability, room for every pool."""
    if not databases or "default" not in databases:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version_num')::int, current_setting('fsync'),"
            " current_setting('synchronous_commit'), current_setting('max_connections')::int"
        )
        version, fsync, commit, most = cursor.fetchone()
    return [*_check_server(version, fsync, commit), *_check_room(most)]


def _check_server(version: int, fsync: str, commit: str) -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    if version < 150000:
        messages.append(Error("Scout needs PostgreSQL 15 or newer.", id="scout.E004"))
    if fsync != "on" or commit in ("off", "local"):
        messages.append(
            Error(
                f"fsync={fsync}, synchronous_commit={commit}: an answer that a reader was told is "
                "saved could be lost with the power.",
                hint="Set both to on in postgresql.conf.",
                id="scout.E005",
            )
        )
    return messages


def _check_room(most: int) -> list[CheckMessage]:
    pool = int(settings.DATABASES["default"]["OPTIONS"]["pool"]["max_size"])
    wanted = (web_processes() + _JOB_PROCESSES) * pool + _JOB_PROCESSES * _QUEUE_CONNECTIONS
    wanted += _SPARE
    if wanted <= most:
        return []
    return [
        Warning(
            f"The processes may want {wanted} connections, the server allows {most}.",
            hint="Raise max_connections, or lower SCOUT_DATABASE_POOL.",
            id="scout.W001",
        )
    ]
