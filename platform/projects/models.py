"""Labelling projects: what is asked, of whom, about which scans, by which policy."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from accounts.models import Role
from scans.models import Archive


class ReadingUnit(models.TextChoices):
    """What a reader reads at a time: the scans of one task."""

    SCAN = "scan", gettext_lazy("One scan")
    STUDY = "study", gettext_lazy("One study: all its scans")
    PRIOR = "prior", gettext_lazy("One study, with the patient’s previous one beside it")


class ModelHelp(models.TextChoices):
    """When readers are shown what the model says of a task."""

    OFF = "off", "Never"
    AFTER = "after", "After reading"
    BEFORE = "before", "Before reading"


class Project(models.Model):
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    label_config = models.TextField()  # Label Studio XML
    archive = models.ForeignKey(Archive, models.PROTECT, related_name="projects")
    # Fixed once the project has tasks.
    reading_unit = models.CharField(max_length=5, choices=ReadingUnit, default=ReadingUnit.SCAN)
    # The hanging protocol's rules (projects.hanging); none: the built-in ones.
    hanging = models.JSONField(default=list, blank=True)
    # How many readers answer each task.
    overlap = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(20)]
    )
    # Share of the patients whose tasks form the random audit sample, never trained on.
    audit_share = models.FloatField(
        default=0.1, validators=[MinValueValidator(0.0), MaxValueValidator(0.5)]
    )
    # Share of the patients whose tasks form the random arm: read in an order drawn by chance, and
    # trained on. What the learner's order saves is measured against it.
    random_share = models.FloatField(
        default=0.05, validators=[MinValueValidator(0.0), MaxValueValidator(0.5)]
    )
    # "auto", a name from learner.strategies, or "modal:<query strategy>".
    strategy = models.CharField(max_length=60, default="auto")
    # New labels between two full training rounds.
    labels_per_round = models.PositiveIntegerField(default=50, validators=[MinValueValidator(5)])
    # What the first round starts from: see learner.transfer.initial_backbone. Empty: its default.
    backbone = models.CharField(max_length=200, blank=True)
    # Of the audit sample and the random arm nothing is shown before reading, whatever this says.
    model_help = models.CharField(max_length=6, choices=ModelHelp, default=ModelHelp.OFF)
    claim_minutes = models.PositiveIntegerField(default=30, validators=[MinValueValidator(1)])
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(overlap__gte=1), name="overlap_at_least_one"),
            models.CheckConstraint(
                condition=Q(audit_share__gte=0) & Q(audit_share__lte=0.5), name="audit_at_most_half"
            ),
            models.CheckConstraint(
                condition=Q(random_share__gte=0) & Q(random_share__lte=0.5),
                name="random_at_most_half",
                violation_error_message=gettext_lazy(
                    "The random arm takes at most half of the patients."
                ),
            ),
            models.CheckConstraint(
                condition=Q(audit_share__lt=1 - F("random_share")),
                name="pool_not_empty",
                violation_error_message=gettext_lazy(
                    "The audit sample and the random arm together leave no patient to the "
                    "pool: lower one of the two shares."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Membership(models.Model):
    project = models.ForeignKey(Project, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="one_role_per_project")
        ]
