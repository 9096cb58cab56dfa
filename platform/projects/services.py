"""What managers do with projects: create them, change them."""

import re
from collections.abc import Iterable, Set
from typing import Any, TypedDict, Unpack

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext, gettext_lazy
from procrastinate.contrib.django import app

from accounts.models import Role, User
from projects import hanging, strategies
from projects.config_change import answers_in, refusals
from projects.errors import Refused
from projects.label_config import (
    LabelConfigError,
    Question,
    asked_of_task,
    parse,
    validate,
)
from projects.members import add_member
from projects.models import Membership, Project
from projects.queries import has_learned
from scans.services import create_archive

# What is settled for good when the first scans come in.
_FIXED = {
    "reading_unit": gettext_lazy(
        "The scans have been made into tasks; what is read at a time cannot change any more."
    ),
    "audit_share": gettext_lazy(
        "The audit sample was drawn when the scans came in; its share cannot change any more."
    ),
    "random_share": gettext_lazy(
        "The random arm was drawn when the scans came in; its share cannot change any more."
    ),
}
# Empty, a name, a name behind a source's or network's, or a repository. \w begins each, so that
# none is a path or leads upwards.
_BACKBONE = re.compile(r"(hub:\w[\w.-]*/\w[\w.-]*|(\w[\w-]*:)?\w[\w.-]*)?")


class Settings(TypedDict, total=False):
    """What a manager may set; what is left out stays as it is."""

    title: str
    description: str
    label_config: str
    overlap: int  # readers per task
    audit_share: float  # of the patients
    random_share: float  # of the patients; with the audit share less than all
    reading_unit: str  # one of projects.models.ReadingUnit
    hanging: list[dict[str, Any]]  # rules (projects.hanging); none: the built-in ones
    strategy: str
    labels_per_round: int
    backbone: str
    claim_minutes: int
    model_help: str  # of ModelHelp


@transaction.atomic
def create_project(
    *, creator: User, readers: Iterable[str] = (), **settings: Unpack[Settings]
) -> Project:
    """A project with an archive of its own; its creator manages it, `readers` (addresses) read.

    Raises PermissionDenied for a person who may not create projects, LabelConfigError, and Refused
    for settings that cannot be.
    """
    if not creator.creates_projects:
        raise PermissionDenied(
            gettext("You may not create projects. Ask the person who runs Scout.")
        )
    project = Project(created_by=creator, **settings)
    _check_strategy(project.strategy, validate(project.label_config))
    _check_backbone(project.backbone)
    hanging.check(project.hanging)
    project.archive = create_archive(name=project.title, user=creator)
    _save(project)
    Membership.objects.create(project=project, user=creator, role=Role.MANAGER, added_by=creator)
    for email in dict.fromkeys(address.strip().lower() for address in readers):
        if email != creator.email:
            add_member(project=project, added_by=creator, email=email, role=Role.READER)
    return project


@transaction.atomic
def update_settings(*, project_id: int, **settings: Unpack[Settings]) -> Project:
    """Change a project, as far as the answers it already has allow.

    Raises LabelConfigError for a config that cannot be used or would orphan answers, and Refused
    for other settings that cannot be. A new overlap opens and closes tasks, and a model that is to
    help makes its predictions: that is enqueued.
    """
    project = Project.objects.select_for_update().get(pk=project_id)
    changed = {name for name, value in settings.items() if getattr(project, name) != value}
    if "label_config" in changed:
        _check_config_change(project, settings["label_config"])
    if changed & {"label_config", "strategy"}:
        config = settings.get("label_config", project.label_config)
        _check_strategy(settings.get("strategy", project.strategy), parse(config))
    _check_fixed(project, changed)
    if "hanging" in changed:
        hanging.check(settings["hanging"])
    if "backbone" in changed:
        _check_backbone(settings["backbone"])
    for name, value in settings.items():
        setattr(project, name, value)
    _save(project)
    if changed & {"overlap", "model_help"}:
        app.configure_task("annotator.refresh_tasks").defer(project_id=project.pk)
    return project


def _check_fixed(project: Project, changed: Set[str]) -> None:
    """Refuse what cannot change any more, now that there are tasks or a model."""
    fixed = [why for name, why in _FIXED.items() if name in changed]
    if fixed and project.tasks.exists():
        raise Refused(str(fixed[0]))
    if "backbone" in changed and has_learned(project=project):
        raise Refused(
            gettext("The model has begun to learn from this project; it cannot be exchanged.")
        )


def _check_strategy(strategy: str, questions: Iterable[Question]) -> None:
    if strategy not in strategies.NAMES:
        names = ", ".join(strategies.NAMES)
        raise Refused(
            gettext("There is no strategy “{strategy}”. Choose from {names}.").format(
                strategy=strategy, names=names
            )
        )
    refusal = strategies.refusal(strategy, (q.kind for q in asked_of_task(questions)))
    if refusal:
        raise Refused(
            gettext("{refusal} Choose another strategy, or “auto”.").format(refusal=refusal)
        )


def _check_backbone(name: str) -> None:
    """What a manager names must not reach into the machine: no path, no address."""
    if not _BACKBONE.fullmatch(name):
        raise Refused(
            gettext(
                "“{name}” names no model: name a network such as DenseNet121, a network "
                "with a file of weights (DenseNet121:chest.pt), a folder of weights, "
                "monai:…, timm:…, torchxrayvision:… or hub:owner/repository. Files and "
                "folders are named by their names alone; who runs Scout puts them into "
                "the folder of weights."
            ).format(name=name)
        )


def _check_config_change(project: Project, label_config: str) -> None:
    questions = validate(label_config)
    # The answers belong to a higher app: they are read through the relation, not imported.
    results: Any = project.annotations.values_list("result", flat=True)
    sentences = refusals(
        parse(project.label_config), questions, answers_in(results.iterator(chunk_size=2000))
    )
    if sentences:
        raise LabelConfigError(sentences)


def _save(project: Project) -> None:
    try:
        project.full_clean(exclude=["archive", "created_by"])
    except ValidationError as error:
        raise Refused(" ".join(error.messages)) from error
    project.save()
