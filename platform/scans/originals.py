"""De-identified originals, kept beside the frames under the SHA-256 of their bytes."""

import hashlib
import os
import tempfile
from pathlib import Path


def original_path(root: Path, digest: str) -> Path:
    return root / digest[:2] / digest


def keep_original(root: Path, content: bytes) -> str:
    """Write `content` atomically, unless it is there; its SHA-256."""
    digest = hashlib.sha256(content).hexdigest()
    target = original_path(root, digest)
    if target.exists():
        return digest
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=root, prefix=".writing-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return digest
