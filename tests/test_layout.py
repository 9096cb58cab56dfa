"""The plan of the house holds: folders that shadow nothing, and layers that cannot be crossed."""

import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ("accounts", "scans", "projects", "rounds", "releases", "config")


def test_platform_is_a_folder_on_the_path_and_never_a_package() -> None:
    assert not (ROOT / "platform" / "__init__.py").exists()
    assert list((ROOT / "platform").glob("*.py")) == []
    assert (ROOT / "tests" / "__init__.py").exists()


def test_platform_the_module_is_the_standard_library_s() -> None:
    assert platform.__file__ is not None
    assert ROOT not in Path(platform.__file__).parents
    assert platform.python_version_tuple()[0] == "3"


@pytest.mark.parametrize("folder", [ROOT, ROOT / "platform"])
def test_no_name_shadows_a_standard_module(folder: Path) -> None:
    ours = {path.stem for path in folder.iterdir() if path.suffix == ".py" or path.is_dir()}

    # The folder `platform` itself is the one exception, and harmless while it is no package.
    assert ours & sys.stdlib_module_names <= {"platform"}


def test_nothing_bears_a_name_that_says_nothing() -> None:
    vague = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"}
    folders = ("platform", "annotator", "learner", "benchmarks", "tests")
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]

    assert [path for path in paths if "node_modules" not in path.parts and path.stem in vague] == []


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=root,
        env={"PYTHONPATH": f"{root}:{root / 'platform'}", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the Python packages in which a test may break a rule."""
    copy = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / "pyproject.toml", copy)
    ignored = shutil.ignore_patterns("viewer", "static", "__pycache__", "migrations", "templates")
    for name in ("annotator", "learner", *(f"platform/{app}" for app in APPS)):
        shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    return copy


# Each contract, and an import that it forbids.
TRESPASSES = [
    ("Imports run downwards", "platform/accounts/models.py", "import projects.models"),
    ("Imports run downwards", "platform/scans/models.py", "import annotator.models"),
    ("Imports run downwards", "annotator/models.py", "import rounds.models"),
    ("Imports run downwards", "platform/rounds/models.py", "import releases.models"),
    ("Imports run downwards", "platform/releases/models.py", "import config.urls"),
    ("The learner knows no Django", "learner/__init__.py", "import django"),
    ("The learner knows no Django", "learner/__init__.py", "import scans.framestore"),
    ("The learner knows no Django", "learner/__init__.py", "import requests"),
    ("Only rounds.worker imports the learner", "annotator/models.py", "import learner"),
    ("Only rounds.worker imports the learner", "platform/rounds/models.py", "import learner"),
    ("Only rounds.worker imports the learner", "platform/config/urls.py", "import torch"),
]


def test_the_house_as_it_stands_keeps_every_contract(house: Path) -> None:
    finished = lint(house)

    assert finished.returncode == 0, finished.stdout


@pytest.mark.parametrize(("contract", "path", "statement"), TRESPASSES)
def test_a_trespass_is_reported(house: Path, contract: str, path: str, statement: str) -> None:
    original = (house / path).read_text()
    (house / path).write_text(f"{original}\n{statement}\n")
    try:
        finished = lint(house)
    finally:
        (house / path).write_text(original)

    assert finished.returncode != 0
    broken = [line for line in finished.stdout.splitlines() if " BROKEN" in line]
    assert any(line.startswith(contract) for line in broken), finished.stdout
