"""No answer that a reader was told is saved is lost, whatever dies: `benchmarks.crash`, short."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_no_acknowledged_answer_is_lost_or_doubled_when_each_process_is_killed(
    tmp_path: Path,
) -> None:
    numbers = tmp_path / "numbers.json"
    options = ["--submissions", "24", "--readers", "3", "--seconds", "16", "--kills", "4"]
    finished = subprocess.run(
        [sys.executable, "-m", "benchmarks.crash", *options, "--files", "40", "--json", numbers],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )

    assert finished.returncode == 0, finished.stderr[-4000:]
    seen = json.loads(numbers.read_text())
    assert seen["acknowledged"] == seen["submissions"] == 24
    assert (seen["lost"], seen["doubled"], seen["miscounted_tasks"]) == (0, 0, 0)
    assert (seen["scans_missing"], seen["tasks_doubled"]) == (0, 0)
    assert seen["killed_database"] == 1
    assert seen["settled_s"] < 180, finished.stderr[-8000:]
