"""One ZIP whose bytes depend on nothing but what is in it."""

import hashlib
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

CHUNK = 1 << 20


@dataclass(frozen=True)
class Written:
    """A member as it was written: SHA-256 and size in bytes, both before compression."""

    digest: str
    size: int


def _member(name: str) -> zipfile.ZipInfo:
    """An entry without the time, the system and the umask of the machine that writes it."""
    info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3
    info.external_attr = 0o644 << 16
    return info


def write_text(path: Path, pieces: Iterable[str]) -> Written:
    """Write the pieces as UTF-8, one after the other, never all in memory."""
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as file:
        for piece in pieces:
            data = piece.encode()
            digest.update(data)
            size += file.write(data)
    return Written(digest.hexdigest(), size)


def write_archive(out: BinaryIO, members: Mapping[str, Path]) -> None:
    """Pack the files under their names, in the order of the names."""
    with zipfile.ZipFile(out, "w") as archive:
        for name in sorted(members):
            with (
                members[name].open("rb") as source,
                archive.open(_member(name), "w", force_zip64=True) as entry,
            ):
                while chunk := source.read(CHUNK):
                    entry.write(chunk)


def file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
