"""`manage.py release`."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from releases.models import Release
from tests.releases.cast import Cast, findings


def test_the_command_makes_the_file_here_and_now(
    cast: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cast.answer(cast.task("a.png"), cast.bob, findings("Nodule"))
    one, two = tmp_path / "one.zip", tmp_path / "two.zip"
    call_command("release", str(cast.project.pk), formats=["csv", "coco"], out=one)
    call_command("release", "Chests", formats=["csv", "coco"], out=two, by="ann@example.org")
    assert one.read_bytes() == two.read_bytes()
    release = Release.objects.get()
    assert (release.created_by, release.formats) == (cast.alice, ["csv", "coco"])
    assert f"SHA-256 {release.digest}" in capsys.readouterr().out


def test_the_command_says_which_projects_there_are(cast: Cast) -> None:
    with pytest.raises(
        CommandError, match=rf"No project is called Knees. There are: {cast.project.pk} “Chests”"
    ):
        call_command("release", "Knees")
    with pytest.raises(CommandError, match="Nobody here has the address nobody@"):
        call_command("release", "Chests", by="nobody@example.org")
