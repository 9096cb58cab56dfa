"""Which part of a release a patient belongs to."""

import hashlib
import hmac

from django.utils.translation import gettext_noop

SPLITS = ("train", "validation", "test")
# Upper bounds of the keyed hash's unit interval: 70 %, 15 %, 15 %.
BOUNDS = (0.70, 0.85, 1.0)
RULE = gettext_noop(
    "By patient: HMAC-SHA-256 of the patient's pseudonym with the archive's secret, as a fraction "
    "of its range: below 0.70 train, below 0.85 validation, else test. A patient with a task in "
    "the audit sample is in test whatever the hash. A patient is never divided, and keeps the "
    "split from release to release."
)


def split_of(*, secret: bytes, patient: str, is_audit: bool) -> str:
    """The patient's split. The audit sample was drawn at random and never trained on: it tests."""
    if is_audit:
        return "test"
    digest = hmac.digest(secret, b"split:" + patient.encode(), hashlib.sha256)
    fraction = int.from_bytes(digest[:8], "big") / 2**64
    return next(name for name, bound in zip(SPLITS, BOUNDS, strict=True) if fraction < bound)
