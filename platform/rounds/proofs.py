"""What a project's labels prove, for its pages."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext, gettext_lazy, pgettext_lazy

from accounts.models import Role
from annotator.models import Annotation, Task
from annotator.queries import blind_tasks
from projects.models import Membership, Project
from rounds.charts import Curve, Point, learning_curve
from rounds.learning import METRICS, is_share
from rounds.models import Proof
from rounds.proof_words import savings_sentences, stopping_sentences
from rounds.questions import titles_of

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# A second look opens what readers answered, and is theirs to order.
DOUBTING_ROLES = (Role.MANAGER, Role.ADJUDICATOR)
# The random arm is small: further right its curve would have no width.
MOST_TIMES_RANDOM = 4
# What `learner.proof` says of one finding among several.
_FINDING = {
    "present": pgettext_lazy("a finding", "present"),
    "absent": pgettext_lazy("a finding", "absent"),
}
BADGES = {
    "saving": (gettext_lazy("Saves labels"), "badge-good"),
    "cost": (gettext_lazy("Costs labels"), "badge-bad"),
    "no difference": (gettext_lazy("No difference shown"), ""),
    "not enough": (gettext_lazy("Not enough yet"), "badge-warning"),
    "go on": (gettext_lazy("Go on"), "badge-accent"),
    "may stop": (gettext_lazy("May stop"), "badge-good"),
    "cannot tell": (gettext_lazy("Cannot tell"), ""),
}


@dataclass(frozen=True)
class Finding:
    """What is said of one question."""

    title: str
    badge: "StrOrPromise"
    tone: str  # class of the badge
    sentences: list[str]


@dataclass(frozen=True)
class Comparison:
    """The two arms' learning curves of a question, on the same scales."""

    title: str
    metric: "StrOrPromise"
    random: Curve
    active: Curve
    audit: int  # cases that both were measured on


@dataclass(frozen=True)
class Doubt:
    """A label worth a second look."""

    task: int
    scans: str  # their names
    question: str  # its title
    finding: str  # of several findings the one in doubt, else empty
    given: str
    suggested: str
    percent: float  # how likely the model holds what it suggests
    readers: str
    is_own: bool  # the member has answered it themselves, and may correct that


def proof_of(*, project: Project) -> Proof | None:
    return Proof.objects.filter(project=project).first()


def why_impossible(*, project: Project) -> str:
    """Which setting keeps the savings from being measured, or nothing."""
    if project.audit_share <= 0 and project.random_share <= 0:
        lack = gettext(
            "This project has no audit sample and no random arm, so what the learner’s order saves "
            "cannot be measured."
        )
    elif project.audit_share <= 0:
        lack = gettext(
            "This project has no audit sample, so what the learner’s order saves cannot "
            "be measured."
        )
    elif project.random_share <= 0:
        lack = gettext(
            "This project has no random arm, so what the learner’s order saves cannot be measured."
        )
    else:
        return ""
    when = gettext("Both shares are set when a project is made, before its scans come in.")
    return f"{lack} {when}"


def findings_of(*, project: Project, proof: Proof, savings: bool) -> list[Finding]:
    """What is said of each question's savings, or else of stopping."""
    titles = titles_of(project)
    return [
        Finding(
            titles.get(one["question"], one["question"]),
            *BADGES[one["verdict"]],
            savings_sentences(one, proof.label_seconds) if savings else stopping_sentences(one),
        )
        for one in (proof.savings if savings else proof.stopping)
    ]


def comparison_of(*, project: Project, proof: Proof, question: str) -> Comparison | None:
    """The curves of `question`, or of the first that has some."""
    measured = [one for one in proof.savings if one["random_curve"]]
    if not measured:
        return None
    one = next((one for one in measured if one["question"] == question), measured[0])
    random = [Point(**point) for point in one["random_curve"]]
    first, last = random[0].labels, MOST_TIMES_RANDOM * one["random"]
    active = [Point(**at) for at in one["active_curve"] if first <= at["labels"] <= last]
    share = is_share(one["measure"])
    curves = [
        learning_curve(points, is_share=share, beside=beside)
        for points, beside in ((random, active), (active, random))
    ]
    if curves[0] is None or curves[1] is None:
        return None
    title = titles_of(project).get(one["question"], one["question"])
    return Comparison(title, METRICS[one["measure"]], curves[0], curves[1], one["audit"])


def doubtful_labels(membership: Membership, proof: Proof) -> list[Doubt]:
    """The labels worth a second look; none of a task that the member is about to read."""
    blind = blind_tasks(membership)
    kept = [one for one in proof.label_errors if one["task"] not in blind]
    tasks = {one["task"] for one in kept}
    scans = _names_of_scans(tasks)
    readers = _readers_of(tasks)
    own = _answered_by(membership, tasks)
    titles = titles_of(membership.project)
    return [
        Doubt(
            task=one["task"],
            scans=scans[one["task"]],
            question=titles.get(one["question"], one["question"]),
            finding=one["finding"],
            given=_in_words(one, "given"),
            suggested=_in_words(one, "suggested"),
            percent=100 * one["probability"],
            readers=", ".join(readers[one["task"]]),
            is_own=one["task"] in own,
        )
        for one in kept
        if one["task"] in readers  # whoever answered has taken it back, else
    ]


def _in_words(doubt: dict[str, Any], name: str) -> str:
    """An answer; that of one finding among several is whether it is there."""
    answer = str(doubt[name])
    return str(_FINDING.get(answer, answer)) if doubt["finding"] else answer


def _names_of_scans(tasks: set[int]) -> dict[int, str]:
    found = Task.objects.filter(pk__in=tasks).prefetch_related("task_scans__scan")
    return {
        task.pk: ", ".join(shown.scan.name for shown in task.task_scans.all()) for task in found
    }


def _readers_of(tasks: set[int]) -> dict[int, list[str]]:
    answers = Annotation.objects.filter(task__in=tasks, withdrawn_at__isnull=True)
    found: dict[int, list[str]] = {}
    for answer in answers.select_related("reader").order_by("pk"):
        found.setdefault(answer.task_id, []).append(str(answer.reader))
    return found


def _answered_by(membership: Membership, tasks: set[int]) -> set[int]:
    """Those that the member has read; labels brought along are not corrected."""
    own = Annotation.objects.filter(
        task__in=tasks,
        reader=membership.user_id,
        origin=Annotation.Origin.READING,
        withdrawn_at__isnull=True,
    )
    return set(own.values_list("task_id", flat=True))


def doubts_for_programs(membership: Membership, proof: Proof) -> list[dict[str, Any]] | None:
    """The same as kept, for who may see them; None for others."""
    if membership.role not in DOUBTING_ROLES:
        return None
    blind = blind_tasks(membership)
    return [one for one in proof.label_errors if one["task"] not in blind]
