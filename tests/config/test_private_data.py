"""What Scout keeps is for the installation's own user alone."""

import os
import stat
import subprocess
import sys
from pathlib import Path

from django.conf import settings


def test_every_folder_is_private_from_the_start(tmp_path: Path) -> None:
    data = tmp_path / "new" / "var"
    made = subprocess.run(
        [sys.executable, "-c", "import os; os.umask(0o022); import config.settings"],
        cwd=settings.BASE_DIR,
        env={
            **os.environ,
            "PYTHONPATH": str(settings.BASE_DIR / "platform"),
            "SCOUT_DATA": str(data),
            "DATABASE_URL": "postgresql://nobody@localhost/none",
        },
        check=False,
    )
    assert made.returncode == 0
    folders = [data, *(path for path in data.iterdir() if path.is_dir())]
    assert len(folders) > 5
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}
    assert stat.S_IMODE((data / "secret_key").stat().st_mode) == 0o600
