"""Hostile zip files: nothing outside the folder, no bombs, a reason for each."""

import errno
import io
import stat
import zipfile
from pathlib import Path

import pytest

from scans import unpack as unpacking
from scans.limits import Rejected
from scans.unpack import unpack


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_members_are_written_under_numbers(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {"p1/x.dcm": b"one", "p2/x.dcm": b"two"})
    found = list(unpack(archive, tmp_path / "out"))
    assert [(one.name, one.path and one.path.read_bytes()) for one in found] == [
        ("p1/x.dcm", b"one"),
        ("p2/x.dcm", b"two"),
    ]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["0", "1"]
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "..\\evil", "C:/evil"])
def test_a_name_that_points_outside_is_refused(tmp_path: Path, name: str) -> None:
    archive = zipped(tmp_path / "a.zip", {name: b"x", "good": b"y"})
    evil, good = unpack(archive, tmp_path / "deep" / "out")
    assert (evil.path, evil.reason) == (None, "Its name points outside the zip file.")
    assert good.path is not None
    assert not list(tmp_path.rglob("*evil*"))


def test_links_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    (one,) = unpack(tmp_path / "a.zip", tmp_path / "out")
    assert one.reason == "It is a link, not a file."


def test_encrypted_members_are_refused(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {"secret": b"x"})
    content = bytearray(archive.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    archive.write_bytes(bytes(content))
    (one,) = unpack(archive, tmp_path / "out")
    assert one.reason == "It is encrypted."


def test_a_bomb_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "_SMALL", 1 << 20)
    archive = zipped(tmp_path / "a.zip", {"bomb": bytes(64 << 20)})
    with pytest.raises(Rejected, match="far more than its size"):
        list(unpack(archive, tmp_path / "out"))
    assert list((tmp_path / "out").iterdir()) == []


def test_a_damaged_member_leaves_the_others(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {"bad": b"x" * 1000, "good": b"y"})
    content = bytearray(archive.read_bytes())
    content[36] ^= 0xFF
    archive.write_bytes(bytes(content))
    bad, good = unpack(archive, tmp_path / "out")
    assert "damaged" in bad.reason
    assert good.path is not None and good.path.read_bytes() == b"y"


@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_however_a_damaged_member_is_packed_the_others_go_in(tmp_path: Path, packing: int) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", packing) as archive:
        archive.writestr("bad", bytes(range(256)) * 20)
        archive.writestr("good", b"y")
    content = bytearray((tmp_path / "a.zip").read_bytes())
    content[38:60] = b"\xff" * 22
    (tmp_path / "a.zip").write_bytes(bytes(content))
    bad, good = unpack(tmp_path / "a.zip", tmp_path / "out")
    assert "damaged" in bad.reason
    assert good.path is not None and good.path.read_bytes() == b"y"


@pytest.mark.parametrize("name", ["", "."])
def test_a_member_without_a_name_is_refused_and_the_others_go_in(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), b"x")
        archive.writestr("good", b"y")
    nameless, good = unpack(tmp_path / "a.zip", tmp_path / "out")
    assert (nameless.path, nameless.reason) == (None, "It has no name.")
    assert good.path is not None


def test_a_full_disk_is_not_called_a_damaged_zip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> bytes:
        raise OSError(errno.ENOSPC, "No space left on device")

    archive = zipped(tmp_path / "a.zip", {"good": b"y"})
    monkeypatch.setattr(zipfile.ZipExtFile, "read", full)
    with pytest.raises(OSError, match="No space left"):
        list(unpack(archive, tmp_path / "out"))


def test_a_damaged_zip_is_told(tmp_path: Path) -> None:
    buffer = io.BytesIO(b"PK\x03\x04 and then nothing")
    (tmp_path / "a.zip").write_bytes(buffer.getvalue())
    with pytest.raises(Rejected, match="damaged"):
        list(unpack(tmp_path / "a.zip", tmp_path / "out"))
