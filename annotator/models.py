"""Tasks, who holds them, and what readers answered."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from projects.models import Project
from scans.models import Patient, Scan


class Task(models.Model):
    """One unit of reading: one scan or several, and the answers it needs."""

    class Arm(models.TextChoices):
        POOL = "pool", "Pool"
        AUDIT = "audit", "Audit sample"

    project = models.ForeignKey(Project, models.CASCADE, related_name="tasks")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="tasks")
    scans = models.ManyToManyField(Scan, through="TaskScan", related_name="tasks")
    arm = models.CharField(max_length=5, choices=Arm, default=Arm.POOL)
    # The one number the queue is ordered by, lowest first. Positive and random at creation;
    # rankings write negative numbers, lower with every generation (annotator.queue.apply_ranking).
    rank = models.BigIntegerField()
    # Which ranking placed it, and the score it gave; null until one did.
    generation = models.PositiveIntegerField(null=True)
    score = models.FloatField(null=True)
    # Answers that count (submitted, not withdrawn), and whether more are wanted. Kept by services.
    answers = models.PositiveIntegerField(default=0)
    is_open = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["project", "arm", "rank"],
                condition=Q(is_open=True),
                name="task_queue",
            ),
            models.Index(fields=["project", "id"], name="task_page"),
        ]


class TaskScan(models.Model):
    task = models.ForeignKey(Task, models.CASCADE, related_name="task_scans")
    scan = models.ForeignKey(Scan, models.PROTECT, related_name="task_scans")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["task", "position"], name="one_scan_per_position")
        ]


class Claim(models.Model):
    """A reader's reservation of a task: in hand, or ahead, so that its frames can be fetched."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="claims")
    project = models.ForeignKey(Project, models.CASCADE, related_name="claims")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="claims")
    is_ahead = models.BooleanField(default=False)
    claimed_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    # Where the ranking had the task when it was claimed.
    generation = models.PositiveIntegerField(null=True)
    rank = models.BigIntegerField()
    score = models.FloatField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["task", "reader"], name="one_claim_per_reader_and_task"
            ),
            models.UniqueConstraint(
                fields=["project", "reader", "is_ahead"], name="one_in_hand_and_one_ahead"
            ),
        ]


class Answer(models.Model):
    """What a draft and an annotation share: Label Studio result JSON and how long it took."""

    result = models.JSONField(default=list)
    comment = models.TextField(blank=True)
    lead_time = models.FloatField(default=0.0)  # seconds of reading, idle time excluded
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class Draft(Answer):
    """A reader's unfinished answer, saved as they work."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="drafts")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    version = models.PositiveIntegerField(default=0)  # grows; an older save never wins

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["task", "reader"], name="one_draft_per_reader_and_task")
        ]


class Annotation(Answer):
    """One reader's answer to one task."""

    class Origin(models.TextChoices):
        READING = "reading", "Read in Scout"
        IMPORT = "import", "Imported label"

    task = models.ForeignKey(Task, models.PROTECT, related_name="annotations")
    project = models.ForeignKey(Project, models.PROTECT, related_name="annotations")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="annotations")
    # Made by the client: the same submission sent twice is one annotation.
    unique_id = models.UUIDField(default=uuid.uuid4, unique=True)
    origin = models.CharField(max_length=7, choices=Origin, default=Origin.READING)
    # "Cannot be judged": the task was opened and skipped, with a reason.
    was_cancelled = models.BooleanField(default=False)
    skip_reason = models.CharField(max_length=200, blank=True)
    # Taken back by its reader; kept, and no longer counted.
    withdrawn_at = models.DateTimeField(null=True)
    # Where the ranking had the task when it was served; null where no ranking had placed it.
    generation = models.PositiveIntegerField(null=True)
    rank = models.BigIntegerField(null=True)
    score = models.FloatField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["task", "reader"],
                condition=Q(withdrawn_at__isnull=True),
                name="one_answer_per_reader_and_task",
            ),
            models.CheckConstraint(condition=Q(lead_time__gte=0), name="lead_time_not_negative"),
        ]
        indexes = [
            models.Index(F("project"), F("id").desc(), name="annotation_latest"),
            # With the origin beside it, counting a reader's answers need not visit the rows.
            models.Index(
                fields=["project", "reader", "-created_at"],
                include=["origin"],
                condition=Q(withdrawn_at__isnull=True),
                name="annotation_reader",
            ),
            models.Index(
                fields=["project", "withdrawn_at"],
                condition=Q(withdrawn_at__isnull=False),
                name="annotation_withdrawn",
            ),
        ]


class Prediction(models.Model):
    """A model's answer to one task, in the same JSON as a reader's."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="predictions")
    project = models.ForeignKey(Project, models.CASCADE, related_name="predictions")
    result = models.JSONField(default=list)
    score = models.FloatField(null=True)
    model_version = models.CharField(max_length=200)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["task", "model_version"], name="one_prediction_per_model"
            )
        ]
