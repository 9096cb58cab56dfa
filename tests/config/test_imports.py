"""The web process stays light: nothing of the learner, and no library that costs seconds."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

PROGRAM = """
import sys
import django
django.setup()
import config.wsgi
from django.urls import get_resolver
def walk(patterns):
    for pattern in patterns:
        walk(getattr(pattern, "url_patterns", []))
walk(get_resolver().url_patterns)
heavy = {"torch", "monai", "pandas", "label_studio_sdk", "sklearn", "learner", "modAL"}
print(sorted(heavy & {name.split(".")[0] for name in sys.modules}))
"""


def test_the_web_process_imports_nothing_heavy() -> None:
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert finished.stdout.strip() == "[]"
