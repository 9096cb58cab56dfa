"""Files on their way in from a browser: written in chunks, under names that are not their own."""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from django.utils.translation import gettext

from accounts.saying import said
from accounts.sentences import Sentence
from scans.limits import MAX_FILE_BYTES

MAX_CHUNK_BYTES = 32 << 20
MAX_DELIVERY_BYTES = 64 << 30
MAX_NAME = 1000


class UploadRefused(Exception):
    """What was sent cannot be taken. The message is a sentence for whoever sends it."""


@dataclass(frozen=True)
class Staged:
    """One file of an upload."""

    name: str
    path: Path
    total: int

    @property
    def received(self) -> int:
        return self.path.stat().st_size


def checked_name(name: str) -> str:
    """The path of a file inside what is uploaded. Raises UploadRefused when it points elsewhere."""
    tidy = name.replace("\\", "/").strip()
    path = PurePosixPath(tidy)
    outside = path.is_absolute() or ".." in path.parts or ":" in tidy.split("/", 1)[0]
    if not path.parts or outside or "\0" in tidy:
        raise UploadRefused(gettext("A file must have a name inside the folder that is uploaded."))
    if len(tidy) > MAX_NAME:
        raise UploadRefused(
            gettext("A file's path may have {most} characters at most.").format(most=MAX_NAME)
        )
    return path.as_posix()


def stage(folder: Path, name: str, total: int) -> Path | None:
    """Make room for a file; None where it has been announced before.

    A file is kept under the hash of its name, so that no name, however strange, is a path here.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    description = _paths(folder, name)[1]
    content = json.dumps({"name": name, "total": total})
    descriptor, unfinished = tempfile.mkstemp(dir=folder, suffix=".new")
    temporary = Path(unfinished)
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
    try:
        # A link fails where the name exists: the first announcement counts, and is whole.
        os.link(temporary, description)
    except FileExistsError:
        return None
    finally:
        temporary.unlink(missing_ok=True)
    return description


def write_chunk(folder: Path, name: str, offset: int, data: bytes) -> int:
    """Write `data` at `offset`; how many bytes are there then. The same chunk twice is harmless.

    Raises UploadRefused when an earlier chunk is missing or the file grows beyond its total.
    """
    path, description = _paths(folder, name)
    total = int(json.loads(description.read_text())["total"])
    if offset + len(data) > total:
        raise UploadRefused(
            said(
                Sentence(
                    "The file is longer than the {total} bytes that were announced.", total=total
                )
            )
        )
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "wb", closefd=True) as file:
        size = os.fstat(descriptor).st_size
        if offset > size:
            raise UploadRefused(
                said(
                    Sentence(
                        "The chunk begins at {offset}; send on from byte {size}.",
                        offset=offset,
                        size=size,
                    )
                )
            )
        file.seek(offset)
        file.write(data)
        return max(size, offset + len(data))


def staged_files(folder: Path) -> Iterator[Staged]:
    """Every file announced, by name."""
    found = []
    for description in folder.glob("*.json") if folder.is_dir() else ():
        content = json.loads(description.read_text())
        path = description.with_suffix(".part")
        path.touch(mode=0o600)
        found.append(Staged(name=content["name"], path=path, total=int(content["total"])))
    yield from sorted(found, key=lambda one: one.name)


def remove(folder: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder)


def check_sizes(*, total: int, chunk: int, offset: int) -> None:
    if total < 0 or offset < 0 or chunk > MAX_CHUNK_BYTES:
        raise UploadRefused(
            gettext("A chunk may have {most} MiB at most.").format(most=MAX_CHUNK_BYTES >> 20)
        )
    if total > MAX_FILE_BYTES:
        raise UploadRefused(
            gettext("A file may have {most} GiB at most.").format(most=MAX_FILE_BYTES >> 30)
        )


def _paths(folder: Path, name: str) -> tuple[Path, Path]:
    hashed = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    return folder / f"{hashed}.part", folder / f"{hashed}.json"
