"""What was delivered: files, folders and zip files become a numbered list of files to decode.

Paths often hold names of patients. They are kept in the report of the ingest alone, which is for
those who manage the project, and in the names of scans that are no DICOM files.
"""

import contextlib
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scans.jobs import Source
from scans.limits import Rejected, unreadable
from scans.unpack import files_in, is_zip, unpack


@dataclass
class Delivery:
    """The files of one ingest, and what was refused before anyone looked at its pixels."""

    sources: list[Source] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)  # label, reason


def clean_label(text: str) -> str:
    """A path as the database can hold it: the last 1,000 characters, no NUL, no broken bytes."""
    return text.encode("utf-8", "replace").decode().replace("\0", "�")[-1000:]


def labelled_files(paths: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    """Every file with the label it is reported under.

    A file in a folder is known by its path inside the folder, with the folder's name before it
    where several folders are given; a file given itself is known by its name.
    """
    folders = [path for path in paths if path.is_dir()]
    for path in paths:
        if not path.is_dir():
            yield path.name, path
            continue
        prefix = f"{path.resolve().name}/" if len(folders) > 1 else ""
        for file in sorted(found for found in path.rglob("*") if found.is_file()):
            yield prefix + file.relative_to(path).as_posix(), file


def labels_of(files: Iterable[tuple[str, Path]]) -> Iterator[str]:
    """The labels under which files are reported, members of zip files included; nothing is opened.

    A zip file that cannot be read has no members here; `collect` says why.
    """
    for label, path in files:
        if not is_zip(path):
            yield label
            continue
        with contextlib.suppress(zipfile.BadZipFile), zipfile.ZipFile(path) as opened:
            yield from (f"{label}/{one.filename}" for one in files_in(opened))


def collect(
    files: Sequence[tuple[str, Path]], *, unpack_to: Path, patients: Mapping[str, str]
) -> Delivery:
    """Number the files, and open zip files into `unpack_to`, a private folder.

    `patients` gives patient identifiers by label. A member of a zip file is labelled
    "the.zip/path/inside".
    """
    delivery = Delivery()
    for number, (label, path) in enumerate(files):
        try:
            if is_zip(path):
                _open_zip(delivery, label, path, unpack_to / str(number), patients)
            else:
                _add(delivery, label, path, patients)
        except OSError as error:
            delivery.refused.append((clean_label(label), unreadable(error)))
    return delivery


def _open_zip(
    delivery: Delivery, label: str, path: Path, folder: Path, patients: Mapping[str, str]
) -> None:
    try:
        for member in unpack(path, folder):
            name = f"{label}/{member.name}"
            if member.path is None:
                delivery.refused.append((clean_label(name), member.reason))
            else:
                _add(delivery, name, member.path, patients)
    except Rejected as rejected:
        delivery.refused.append((clean_label(label), rejected.reason))


def _add(delivery: Delivery, label: str, path: Path, patients: Mapping[str, str]) -> None:
    delivery.sources.append(
        Source(
            number=len(delivery.sources),
            path=path,
            label=clean_label(label),
            patient=patients.get(label, ""),
        )
    )
