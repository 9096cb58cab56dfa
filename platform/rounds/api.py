"""Progress, rounds and rankings for programs."""

from typing import Any

from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.http import SaidField, person_of
from accounts.saying import said
from annotator.looks import note_look
from annotator.shown import ANSWERS, MODEL
from projects.access import OVERSEEING_ROLES, membership_of, project_of_member
from rounds.learning import last_ranking, learner_state
from rounds.models import Ranking, Round
from rounds.proofs import doubts_for_programs, proof_of
from rounds.queries import anything_left_for, counts_of, progress_per_reader, reader_progress

# Of a round's metrics; the others are held-out losses, by which it was chosen and not judged.
TOLD = ("labels", "audit", "questions", "seconds", "epochs")


class RoundSerializer(serializers.ModelSerializer[Round]):
    # A field of DRF has a parent too; declared ones leave the class, so nothing is hidden.
    parent = serializers.SlugRelatedField[Round](  # type: ignore[assignment]
        slug_field="number", read_only=True
    )
    config = serializers.SerializerMethodField()
    metrics = serializers.SerializerMethodField()
    error = SaidField(read_only=True)

    class Meta:
        model = Round
        fields = (
            "number",
            "parent",
            "state",
            "labels",
            "last_annotation",
            "config",
            "metrics",
            "error",
            "created_at",
            "started_at",
            "finished_at",
        )
        read_only_fields = fields

    def get_config(self, row: Round) -> dict[str, Any]:
        shown: dict[str, Any] = row.config | {"reason": said(row.reason)}
        return shown

    def get_metrics(self, row: Round) -> dict[str, Any]:
        """What the audit sample says, and no loss on labels that a strategy chose."""
        return {name: row.metrics[name] for name in TOLD if name in row.metrics}


class RankingSerializer(serializers.ModelSerializer[Ranking]):
    round = serializers.SlugRelatedField[Round](slug_field="number", read_only=True)

    class Meta:
        model = Ranking
        fields = (
            "generation",
            "round",
            "strategy",
            "labels",
            "last_annotation",
            "placed",
            "milliseconds",
            "metrics",
            "created_at",
        )
        read_only_fields = fields


class CountsSerializer(serializers.Serializer[Any]):
    tasks = serializers.IntegerField()
    read = serializers.IntegerField(help_text="Tasks that somebody has answered.")
    open = serializers.IntegerField(help_text="Tasks that want more answers.")
    in_hand = serializers.IntegerField()
    not_judgeable = serializers.IntegerField()


class ReaderSerializer(serializers.Serializer[Any]):
    reader = serializers.IntegerField()
    read = serializers.IntegerField()
    not_judgeable = serializers.IntegerField()
    median_seconds = serializers.FloatField(allow_null=True)
    last_seen = serializers.DateTimeField(allow_null=True)


class LearnerSerializer(serializers.Serializer[Any]):
    is_running = serializers.BooleanField()
    doing = SaidField(source="activity.doing", default=None, allow_null=True)
    since = serializers.DateTimeField(source="activity.since", default=None, allow_null=True)
    seen_at = serializers.DateTimeField(source="activity.seen_at", default=None, allow_null=True)


class ProgressSerializer(serializers.Serializer[Any]):
    """A reader is told `anything_left` and `readers` with their own line alone."""

    counts = CountsSerializer(required=False)
    learner = LearnerSerializer(required=False)
    anything_left = serializers.BooleanField(
        required=False, help_text="Whether there is an open task the reader has not answered."
    )
    readers = ReaderSerializer(many=True)


class AmountSerializer(serializers.Serializer[Any]):
    """A quantity with its 95 % interval; null: beyond what the labels can tell."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class CurvePointSerializer(serializers.Serializer[Any]):
    labels = serializers.IntegerField()
    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class SavingsSerializer(serializers.Serializer[Any]):
    """A question's random arm against the labels that the strategy chose, on the audit sample."""

    question = serializers.CharField()
    measure = serializers.CharField()
    verdict = serializers.ChoiceField(["saving", "cost", "no difference", "not enough"])
    missing = serializers.ListField(child=SaidField())
    audit = serializers.IntegerField()
    random = serializers.IntegerField()
    active = serializers.IntegerField()
    needed = AmountSerializer(help_text="Chosen labels that teach what all random ones do.")
    saved = AmountSerializer(help_text="Labels; below 0 where the order costs some.")
    ratio = AmountSerializer(help_text="Random labels that one chosen label is worth.")
    extrapolated = AmountSerializer(help_text="Labels saved by now, along the fitted curve.")
    random_curve = CurvePointSerializer(many=True)
    active_curve = CurvePointSerializer(many=True)


class AdviceSerializer(serializers.Serializer[Any]):
    """Whether more labels of a question are worth reading."""

    question = serializers.CharField()
    verdict = serializers.ChoiceField(["go on", "may stop", "cannot tell"])
    reason = SaidField()
    labels = serializers.IntegerField()
    agreement = serializers.FloatField(
        allow_null=True, help_text="Mean kappa of the latest models on unread scans."
    )
    gain = AmountSerializer(help_text="Points that 20 % more labels would bring.")
    labels_to_point = AmountSerializer(help_text="More labels for one more point.")


class LabelErrorSerializer(serializers.Serializer[Any]):
    """A label that models which have not seen it contradict."""

    task = serializers.IntegerField()
    question = serializers.CharField()
    finding = serializers.CharField(allow_blank=True)
    given = serializers.CharField()
    suggested = serializers.CharField()
    probability = serializers.FloatField()
    given_probability = serializers.FloatField()


class ProofSerializer(serializers.Serializer[Any]):
    labels = serializers.IntegerField()
    last_annotation = serializers.IntegerField()
    label_seconds = serializers.FloatField(allow_null=True)
    computed_at = serializers.DateTimeField()
    savings = SavingsSerializer(many=True)
    stopping = AdviceSerializer(many=True)
    label_errors = LabelErrorSerializer(
        many=True, required=False, help_text="For managers and adjudicators alone."
    )


@extend_schema(responses=ProofSerializer)
@api_view(["GET"])
def proof(request: Request, project_id: int) -> Response:
    """What the labels prove: savings, advice on stopping, doubtful labels; 404 until worked out."""
    membership = membership_of(
        user=person_of(request), project_id=project_id, roles=OVERSEEING_ROLES
    )
    found = proof_of(project=membership.project)
    if found is None:
        raise NotFound(
            gettext("Nothing has been proved yet; it takes a few answers and the learner.")
        )
    shown = dict(ProofSerializer(found).data)
    doubts = doubts_for_programs(membership, found)
    if doubts is None:
        del shown["label_errors"]
    else:
        seen = note_look(membership, {one["task"] for one in doubts}, at=[ANSWERS, MODEL])
        doubts = [one for one in doubts if one["task"] in seen]
        shown["label_errors"] = LabelErrorSerializer(doubts, many=True).data
    return Response(shown)


@extend_schema(responses=ProgressSerializer)
@api_view(["GET"])
def progress(request: Request, project_id: int) -> Response:
    """How far the project is; a reader learns their own part of it."""
    person = person_of(request)
    membership = membership_of(user=person, project_id=project_id)
    project = membership.project
    shown: dict[str, Any]
    if membership.role in OVERSEEING_ROLES:
        shown = {
            "counts": counts_of(project=project),
            "learner": learner_state(project=project),
            "readers": progress_per_reader(project=project),
        }
    else:
        shown = {
            "anything_left": anything_left_for(project=project, reader_id=person.pk),
            "readers": [reader_progress(project=project, reader_id=person.pk)],
        }
    return Response(ProgressSerializer(shown).data)


@extend_schema(responses=RoundSerializer(many=True))
@api_view(["GET"])
def rounds(request: Request, project_id: int) -> Response:
    """The trainings of the model, newest first."""
    project = project_of_member(
        user=person_of(request), project_id=project_id, roles=OVERSEEING_ROLES
    )
    rows = Round.objects.filter(project=project).select_related("parent").order_by("-number")
    return Response(RoundSerializer(rows, many=True).data)


@extend_schema(responses=RankingSerializer)
@api_view(["GET"])
def latest_ranking(request: Request, project_id: int) -> Response:
    """The order in force; 404 until there is one."""
    project = project_of_member(
        user=person_of(request), project_id=project_id, roles=OVERSEEING_ROLES
    )
    ranking = last_ranking(project=project)
    if ranking is None:
        raise NotFound(gettext("The learner has not ranked this project yet."))
    return Response(RankingSerializer(ranking).data)
