"""The demo's accounts; their passwords are random, per installation, in a private file."""

import json
import os
import secrets
from pathlib import Path

from accounts.models import Role, User

ROLES = {
    "reader@demo.local": Role.READER,
    "reader2@demo.local": Role.READER,
    "manager@demo.local": Role.MANAGER,
    "analyst@demo.local": Role.ANALYST,
}
MANAGER = "manager@demo.local"


def passwords(file: Path) -> dict[str, str]:
    """By address; made at the first call and kept in `file`, which its owner alone can read."""
    try:
        kept: dict[str, str] = json.loads(file.read_text())
        return kept
    except FileNotFoundError:
        made = {email: secrets.token_urlsafe(9) for email in ROLES}
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as opened:
            json.dump(made, opened, indent=1)
        return made


def make_accounts(by_email: dict[str, str]) -> None:
    """Make the accounts that are missing; a password that was changed since stays changed."""
    for email, password in by_email.items():
        if not User.objects.filter(email=email).exists():
            User.objects.create_user(email, password, may_create_projects=email == MANAGER)
