"""Immutable, exported versions of a labelled dataset."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy

from accounts.saying import SentenceField
from projects.models import Project


class Release(models.Model):
    class State(models.TextChoices):
        QUEUED = "queued", gettext_lazy("Being built")
        DONE = "done", gettext_lazy("Ready")
        FAILED = "failed", gettext_lazy("Failed")

    project = models.ForeignKey(Project, models.CASCADE, related_name="releases")
    number = models.PositiveIntegerField()
    formats = models.JSONField(default=list)
    # All that decides the bytes, fixed when the release was made: which tasks and annotations are
    # in it (runs of ids), the project, its rounds and readers as they were then. Shape:
    # releases.queries.contents_of.
    contents = models.JSONField(default=dict)
    state = models.CharField(max_length=6, choices=State, default=State.QUEUED)
    # The newest annotation it holds: what came later is not in it.
    last_annotation = models.BigIntegerField()
    manifest = models.JSONField(default=dict)
    digest = models.CharField(max_length=64, blank=True)  # SHA-256 of the release file
    size = models.BigIntegerField(default=0)  # of the release file, in bytes
    error = SentenceField(blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="one_release_per_number")
        ]
