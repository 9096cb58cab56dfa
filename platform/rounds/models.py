"""Trainings of the model, the rankings it gave, and what the learner is doing."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from accounts.saying import SentenceField
from accounts.sentences import sentence
from projects.models import Project


class Round(models.Model):
    """One training of the model, with its metrics, weights and lineage."""

    class State(models.TextChoices):
        QUEUED = "queued", gettext_lazy("Waiting")
        RUNNING = "running", gettext_lazy("Training")
        DONE = "done", gettext_lazy("Done")
        FAILED = "failed", gettext_lazy("Failed")

    project = models.ForeignKey(Project, models.CASCADE, related_name="rounds")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    # Raised each time the round is begun; every write of a round carries it, so that a worker that
    # was frozen and wakes beside its successor changes nothing.
    attempt = models.PositiveIntegerField(default=0)
    parent = models.ForeignKey("self", models.SET_NULL, null=True, related_name="children")
    # What its backbone learned from: how many labels, and the newest annotation. Until it is done,
    # and where the backbone learns without labels, as they were when it was queued.
    labels = models.PositiveIntegerField(default=0)
    last_annotation = models.BigIntegerField(default=0)
    config = models.JSONField(default=dict)
    metrics = models.JSONField(default=dict)
    weights = models.CharField(max_length=300, blank=True)  # path under settings.MODEL_STORE
    error = SentenceField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="one_round_per_number"),
            models.UniqueConstraint(
                fields=["project"],
                condition=Q(state__in=["queued", "running"]),
                name="one_unfinished_round_per_project",
            ),
        ]

    @property
    def reason(self) -> str:
        """Why the round serves, or does not; a sentence, empty where nothing was said."""
        told: str = sentence(self.config.get("reason", ""))
        return told


class Ranking(models.Model):
    """The order the learner gave the pool, and what it knew when it did."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="rankings")
    generation = models.PositiveIntegerField()
    round = models.ForeignKey(Round, models.SET_NULL, null=True, related_name="rankings")
    strategy = models.CharField(max_length=60)
    labels = models.PositiveIntegerField()
    last_annotation = models.BigIntegerField(default=0)
    placed = models.PositiveIntegerField()  # how many tasks it placed
    milliseconds = models.FloatField()
    # Metrics of the heads on the audit sample at this moment: the learning curve's points.
    metrics = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "generation"], name="one_ranking_per_generation"
            )
        ]


class Proof(models.Model):
    """What a project's labels prove: what the order saves, whether to stop, which to doubt."""

    project = models.OneToOneField(Project, models.CASCADE, related_name="proof")
    labels = models.PositiveIntegerField(default=0)  # trained on, as `Ranking.labels` counts them
    last_annotation = models.BigIntegerField(default=0)
    label_seconds = models.FloatField(null=True)  # median reading time of an answer
    savings = models.JSONField(default=list)
    stopping = models.JSONField(default=list)
    label_errors = models.JSONField(default=list)
    computed_at = models.DateTimeField()
    error = SentenceField(blank=True)  # why the last attempt failed; empty where it did not


class PoolMap(models.Model):
    """The pool at a glance: where a sample of its tasks lies, and how unsure the model is of it."""

    project = models.OneToOneField(Project, models.CASCADE, related_name="pool_map")
    generation = models.PositiveIntegerField()  # of the ranking whose model this is
    # [[task, x, y, uncertainty]], each of the last three from 0 to 1; uncertainty null where the
    # model answers no question yet.
    points = models.JSONField(default=list)
    # How many unread tasks of a sample fall in each equal step of uncertainty, from 0 to 1.
    uncertainty = models.JSONField(default=list)
    computed_at = models.DateTimeField()


class Activity(models.Model):
    """What the learner is doing for a project now, for the progress page."""

    project = models.OneToOneField(Project, models.CASCADE, related_name="activity")
    doing = SentenceField()
    since = models.DateTimeField()
    seen_at = models.DateTimeField()  # the learner's last sign of life
