"""A PostgreSQL of its own for every test run, and folders of its own for everything kept."""

import os
import tempfile
from pathlib import Path

# Before Django reads its settings: nothing a test writes lands in the installation's own folder.
_DATA = Path(tempfile.mkdtemp(prefix="scout-test-"))
os.environ["SCOUT_DATA"] = str(_DATA)
