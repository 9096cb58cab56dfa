"""Opens zip files that may be hostile: nothing lands outside the folder or grows without end."""

import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from accounts.sentences import Sentence
from scans.limits import MAX_FILE_BYTES, Rejected

MAX_MEMBERS = 200_000
# Scans shrink by 2 to 4 in a zip, a blank 16-bit image by some hundreds; a bomb by a million.
_MAX_RATIO = 200
_SMALL = 1 << 30  # below this the ratio does not matter
_MOST = 64 << 30  # whatever the ratio
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Unpacked:
    """One member: where it was written, or why it was not."""

    name: str
    path: Path | None
    reason: str = ""


def is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")


def unpack(archive: Path, folder: Path) -> Iterator[Unpacked]:
    """Write the members of `archive` to `folder` under numbers, never under their own names.

    Raises Rejected when the archive itself cannot be read or unpacks to too much.
    """
    budget = min(max(_SMALL, archive.stat().st_size * _MAX_RATIO), _MOST)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with zipfile.ZipFile(archive) as opened:
            members = files_in(opened)
            if len(members) > MAX_MEMBERS:
                raise Rejected("The zip file holds more than {most} files.", most=MAX_MEMBERS)
            for number, member in enumerate(members):
                target = folder / str(number)
                reason = _refused(member)
                if not reason:
                    size, reason = _write(opened, member, target, budget)
                    budget -= size
                yield Unpacked(member.filename, None if reason else target, reason)
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError, ValueError) as error:
        raise Rejected("The zip file is damaged.") from error


def files_in(opened: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The members that are no folders. `ZipInfo.is_dir` fails on a member without a name."""
    return [member for member in opened.infolist() if not member.filename.endswith("/")]


def _refused(member: zipfile.ZipInfo) -> str:
    name = PurePosixPath(member.filename.replace("\\", "/"))
    if not name.parts:
        return Sentence("It has no name.")
    if name.is_absolute() or ".." in name.parts or ":" in name.parts[0]:
        return Sentence("Its name points outside the zip file.")
    if stat.S_ISLNK(member.external_attr >> 16):
        return Sentence("It is a link, not a file.")
    if member.flag_bits & 1:
        return Sentence("It is encrypted.")
    return ""


def _write(
    opened: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, budget: int
) -> tuple[int, str]:
    """The bytes written and, where something is wrong, the reason.

    Sizes are counted as they come; the ones in the directory of the zip may lie.
    """
    written = 0
    try:
        with opened.open(member) as source, target.open("wb") as file:
            while chunk := source.read(_CHUNK):
                written += len(chunk)
                if written > MAX_FILE_BYTES:
                    target.unlink()
                    return written, Sentence(
                        "It is larger than {most} GiB.", most=MAX_FILE_BYTES >> 30
                    )
                if written > budget:
                    target.unlink()
                    raise Rejected("The zip file unpacks to far more than its size; not opened.")
                file.write(chunk)
    except Rejected:
        raise
    except Exception as error:  # each way of packing has errors of its own
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of this machine's disk; a damaged member has no number
        target.unlink(missing_ok=True)
        return written, Sentence("It is damaged inside the zip file, or packed in an unknown way.")
    return written, ""
