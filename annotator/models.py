"""Tasks, who holds them, and what readers answered."""

import uuid
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy

from projects.models import Project
from scans.models import Patient, Scan

# How many tasks a reader may have reserved behind the one in hand.
MOST_AHEAD = 2


class Placed(models.Model):
    """Why a task stands where it does in the queue, or stood there when it was served."""

    # Which ranking placed it, and the score it gave; null until one did.
    generation = models.PositiveIntegerField(null=True)
    score = models.FloatField(null=True)
    # What chose it there; empty until a ranking did.
    strategy = models.CharField(max_length=60, blank=True)
    # Number of the round whose weights chose; 0: the random ones every project begins with.
    model = models.PositiveIntegerField(null=True)
    # The chance, by the strategy's own draw, with which it was put where it stands: 1 where the
    # strategy leaves no choice. Null where chance serves (annotator.chances says how it was then).
    propensity = models.FloatField(null=True)

    class Meta:
        abstract = True

    @property
    def placing(self) -> dict[str, Any]:
        """These fields by name, to be kept with what is served and answered."""
        return {field.name: getattr(self, field.name) for field in Placed._meta.fields}


class Task(Placed):
    """One unit of reading: one scan or several, and the answers it needs."""

    class Arm(models.TextChoices):
        POOL = "pool", gettext_lazy("Pool")
        AUDIT = "audit", gettext_lazy("Audit sample")
        RANDOM = "random", gettext_lazy("Random arm")

    project = models.ForeignKey(Project, models.CASCADE, related_name="tasks")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="tasks")
    scans = models.ManyToManyField(Scan, through="TaskScan", related_name="tasks")
    arm = models.CharField(max_length=6, choices=Arm, default=Arm.POOL)
    # The one number the queue is ordered by, lowest first. Positive and random at creation;
    # rankings write negative numbers, lower with every generation (annotator.queue.apply_ranking).
    rank = models.BigIntegerField()
    # {"scan": position in the task, "frame": number in the scan}, from 0: where the model would
    # look first, alike in every arm, so that none is told by it. Null: in the middle.
    opens_at = models.JSONField(null=True)
    # Answers that count (submitted, not withdrawn; where chance drew the task, not imported), and
    # whether more are wanted. Kept by services.
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
            models.Index(fields=["project", "arm", "id"], name="task_arm_page"),
            models.Index(
                fields=["project", "id"], condition=Q(is_open=False), name="task_closed_page"
            ),
            models.Index(
                fields=["project", "score"],
                condition=Q(score__isnull=False),
                name="task_score",
            ),
        ]


class TaskScan(models.Model):
    task = models.ForeignKey(Task, models.CASCADE, related_name="task_scans")
    scan = models.ForeignKey(Scan, models.PROTECT, related_name="task_scans")
    # The scans of the study that is asked about lie first; a prior's follow them.
    position = models.PositiveSmallIntegerField(default=0)
    # Shown beside the current study, to be compared with: nothing is asked about it.
    is_prior = models.BooleanField(default=False)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["task", "position"], name="one_scan_per_position")
        ]


class Claim(Placed):
    """A reader's reservation of a task: in hand, or ahead, so that its frames can be fetched.

    It holds where and why the task stood when it was claimed: a later ranking changes the task.
    """

    task = models.ForeignKey(Task, models.CASCADE, related_name="claims")
    project = models.ForeignKey(Project, models.CASCADE, related_name="claims")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="claims")
    # 0: in hand; from 1: ahead, in the order in which they will be read.
    place = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    rank = models.BigIntegerField()
    opens_at = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["task", "reader"], name="one_claim_per_reader_and_task"
            ),
            models.UniqueConstraint(
                fields=["project", "reader", "place"], name="one_claim_per_reader_and_place"
            ),
            models.CheckConstraint(
                condition=Q(place__lte=MOST_AHEAD), name="one_in_hand_and_two_ahead"
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


class Served(Placed):
    """What a claim said of its task, kept where the claim may be gone."""

    # When the task was claimed; null where it never was: an imported label.
    served_at = models.DateTimeField(null=True)
    rank = models.BigIntegerField(null=True)  # null also where no ranking had placed it

    class Meta:
        abstract = True


class Draft(Answer, Served):
    """A reader's unfinished answer, saved as they work."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="drafts")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    version = models.PositiveIntegerField(default=0)  # grows; an older save never wins

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["task", "reader"], name="one_draft_per_reader_and_task")
        ]


class Annotation(Answer, Served):
    """One reader's answer to one task, and where and why that stood when it was served."""

    class Origin(models.TextChoices):
        READING = "reading", gettext_lazy("Read in Scout")
        IMPORT = "import", gettext_lazy("Imported label")

    task = models.ForeignKey(Task, models.PROTECT, related_name="annotations")
    project = models.ForeignKey(Project, models.PROTECT, related_name="annotations")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="annotations")
    # Made by the client: the same submission sent twice is one annotation.
    unique_id = models.UUIDField(default=uuid.uuid4, unique=True)
    origin = models.CharField(max_length=7, choices=Origin, default=Origin.READING)
    # What its silence answers: the choices and labels offered, by question (annotator.asked).
    asked = models.JSONField()
    # "Cannot be judged": the task was opened and skipped, with a reason.
    was_cancelled = models.BooleanField(default=False)
    skip_reason = models.CharField(max_length=200, blank=True)
    # Taken back by its reader; kept, and no longer counted.
    withdrawn_at = models.DateTimeField(null=True)
    # When its reader was first shown what the model sees in the task: from then on it cannot be
    # taken back, and a correction of it is marked.
    model_seen_at = models.DateTimeField(null=True)
    # What was shown of the model, and when, as annotator.modelhelp has it; null: nothing.
    model_shown = models.JSONField(null=True)
    # The reader's answer before: withdrawn in the moment in which this one was given, and kept.
    corrects = models.OneToOneField("self", models.PROTECT, null=True, related_name="corrected_by")
    # Why, in the reader's words.
    correction_reason = models.CharField(max_length=200, blank=True, default="", db_default="")
    # Where it was given after its reader had been shown the model's view, or had looked at others'
    # answers: their last one from before. That one counts in what chance drew, this one elsewhere.
    unswayed = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    # What the result says, to be found by: "question=answer", also of marks (see migration 0006).
    said = models.GeneratedField(
        expression=models.Func("result", function="annotator_said"),
        output_field=ArrayField(models.TextField()),
        db_persist=True,
    )

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
            models.Index(
                fields=["project", "task"],
                condition=Q(was_cancelled=True, withdrawn_at__isnull=True),
                name="annotation_not_judgeable",
            ),
            models.Index(
                fields=["project", "reader", "task"],
                condition=Q(withdrawn_at__isnull=True),
                name="annotation_worklist",
            ),
            models.Index(
                fields=["project", "created_at"],
                condition=Q(withdrawn_at__isnull=True),
                name="annotation_by_date",
            ),
            GinIndex(
                fields=["said"], condition=Q(withdrawn_at__isnull=True), name="annotation_said"
            ),
        ]

    @property
    def is_after_model(self) -> bool:
        """Corrected after its reader had been shown the model's view or others' answers."""
        return self.unswayed_id is not None


class ModelShown(models.Model):
    """What a reader was shown of the model, or has looked at, before they answered a task.

    It outlives claims, drafts and answers taken back, and is copied into the annotation.
    """

    task = models.ForeignKey(Task, models.CASCADE, related_name="+")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    shown = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["task", "reader"], name="one_record_of_help_per_reader_and_task"
            )
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
