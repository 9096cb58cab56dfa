"""The JSON of tasks, annotations and predictions to be looked up, with Label Studio's names."""

from collections.abc import Mapping
from typing import Any, cast

from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotator.chances import PROPENSITY
from annotator.modelhelp import OWN_VERSION
from annotator.models import Annotation, Placed, Prediction, Task
from annotator.queries import State, frame_url
from annotator.reasons import why
from annotator.results import check_entries
from projects.errors import Refused


class ResultField(serializers.ListField):
    """Label Studio result JSON: a list of objects."""

    child = serializers.DictField()

    def to_internal_value(self, data: Any) -> Any:
        # Before each entry is looked at, as there is an error for each that is amiss.
        if isinstance(data, list):
            try:
                check_entries(data)
            except Refused as refused:
                raise serializers.ValidationError(str(refused)) from refused
        return super().to_internal_value(data)


# Where and why a task stands in the queue, or stood there when it was served.
_PLACED = ("arm", "generation", "rank", "score", "strategy", "model", "propensity", "why")


class PlacedSerializer(serializers.Serializer[Any]):
    """What only who oversees a project may know, of tasks that they are not reading themselves.

    The context may give `propensities`, by id, where they are not those kept.
    """

    arm = serializers.ChoiceField(choices=Task.Arm.choices, required=False)
    generation = serializers.IntegerField(
        allow_null=True, required=False, help_text="The ranking that placed it; null: none had."
    )
    rank = serializers.IntegerField(allow_null=True, required=False)
    score = serializers.FloatField(allow_null=True, required=False)
    strategy = serializers.CharField(required=False)
    model = serializers.IntegerField(
        allow_null=True,
        required=False,
        help_text="Number of the round whose weights chose; 0: the random ones at the beginning.",
    )
    propensity = serializers.SerializerMethodField(required=False, help_text=PROPENSITY)
    why = serializers.SerializerMethodField(required=False)

    def get_propensity(self, placed: Placed) -> float | None:
        propensities: Mapping[int, float | None] = self.context.get("propensities", {})
        return propensities.get(placed.pk, placed.propensity)

    def get_why(self, placed: Placed) -> str:
        task = placed if isinstance(placed, Task) else cast(Annotation, placed).task
        return why(arm=task.arm, strategy=placed.strategy)


class AnnotationSerializer(serializers.ModelSerializer[Annotation]):
    """One reader's answer to one task."""

    completed_by = serializers.IntegerField(source="reader_id", help_text="The reader's id.")
    task = serializers.IntegerField(source="task_id")
    project = serializers.IntegerField(source="project_id")
    result = ResultField()
    asked = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text="The choices and labels that its reader was asked about, by question.",
    )
    ground_truth = serializers.SerializerMethodField()
    corrects = serializers.IntegerField(
        source="corrects_id", allow_null=True, help_text="The answer in whose place it stands."
    )
    is_after_model = serializers.BooleanField(
        help_text="Corrected after its reader had been shown what the model sees, or had looked "
        "at what others answered."
    )

    class Meta:
        model = Annotation
        fields: tuple[str, ...] = (
            "id", "task", "project", "completed_by", "result", "asked", "was_cancelled",
            "lead_time", "created_at", "updated_at", "unique_id", "comment", "skip_reason",
            "ground_truth", "corrects", "correction_reason", "is_after_model",
        )  # fmt: skip

    def get_ground_truth(self, annotation: Annotation) -> bool:
        return False


class OverseenAnnotationSerializer(PlacedSerializer, AnnotationSerializer):
    """One reader's answer, where and why its task stood when it was served, and what was shown."""

    model_shown = serializers.JSONField(
        allow_null=True, help_text="What its reader was shown of the model; null: nothing."
    )

    arm = serializers.ChoiceField(source="task.arm", choices=Task.Arm.choices, required=False)

    class Meta(AnnotationSerializer.Meta):
        fields = (*AnnotationSerializer.Meta.fields, *_PLACED, "model_shown")


class PredictionSerializer(serializers.ModelSerializer[Prediction]):
    """A model's answer to one task."""

    task = serializers.IntegerField(source="task_id")
    project = serializers.IntegerField(source="project_id", read_only=True)
    result = ResultField()
    score = serializers.FloatField(allow_null=True, default=None, min_value=-1e9, max_value=1e9)

    class Meta:
        model = Prediction
        fields = ("id", "task", "project", "result", "score", "model_version", "created_at")
        # The service replaces what the same model said earlier; a repeated POST is no error.
        validators = ()

    def validate_model_version(self, name: str) -> str:
        """The learner's own names are its own: what it said is not to be replaced under them."""
        if name.startswith(OWN_VERSION):
            raise serializers.ValidationError(
                gettext("Names that begin with “{name}” are those of Scout's own model.").format(
                    name=OWN_VERSION.strip()
                )
            )
        return name


class TaskDataSerializer(serializers.Serializer[Any]):
    image = serializers.CharField(help_text="Frame 0 of the first scan.")
    scans = serializers.ListField(child=serializers.CharField(), help_text="Frame 0 of each scan.")


class TaskSerializer(PlacedSerializer, serializers.ModelSerializer[Task]):
    """A task to be looked up. What its reader must not know before answering is left out.

    The context gives `overlap`, and as `blind` the ids of the tasks that are to be shown so; None
    stands for all of them.
    """

    project = serializers.IntegerField(source="project_id")
    data = serializers.SerializerMethodField()  # type: ignore[assignment]  # Label Studio's name
    overlap = serializers.SerializerMethodField()
    is_labeled = serializers.SerializerMethodField(required=False)
    total_annotations = serializers.IntegerField(source="answers", required=False)
    cancelled_annotations = serializers.IntegerField(required=False)
    total_predictions = serializers.IntegerField(required=False)
    state = serializers.ChoiceField(choices=State.choices, required=False)

    _HIDDEN = (
        "is_labeled",
        "total_annotations",
        "cancelled_annotations",
        "total_predictions",
        "state",
        *_PLACED,
    )

    class Meta:
        model = Task
        fields: tuple[str, ...] = (
            "id", "project", "data", "created_at", "overlap", "is_labeled", "total_annotations",
            "cancelled_annotations", "total_predictions", "state", *_PLACED,
        )  # fmt: skip

    @extend_schema_field(TaskDataSerializer)
    def get_data(self, task: Task) -> dict[str, Any]:
        urls = [
            frame_url(project_id=task.project_id, scan_id=shown.scan_id).format(frame=0)
            for shown in task.task_scans.all()
        ]
        return {"image": urls[0] if urls else "", "scans": urls}

    def get_overlap(self, task: Task) -> int:
        return int(self.context["overlap"])

    def get_is_labeled(self, task: Task) -> bool:
        return not task.is_open

    def to_representation(self, instance: Task) -> dict[str, Any]:
        shown = dict(super().to_representation(instance))
        blind = self.context["blind"]
        if blind is None or instance.pk in blind:
            for name in self._HIDDEN:
                shown.pop(name, None)
        return shown


class TaskDetailSerializer(TaskSerializer):
    """A task with the answers that the member may see: `annotations` of the context, as JSON."""

    annotations = serializers.SerializerMethodField()

    class Meta(TaskSerializer.Meta):
        fields = (*TaskSerializer.Meta.fields, "annotations")

    @extend_schema_field(OverseenAnnotationSerializer(many=True))
    def get_annotations(self, task: Task) -> list[dict[str, Any]]:
        return list(self.context["annotations"])


class TaskPageSerializer(serializers.Serializer[Any]):
    """One page of tasks, as label-studio-sdk takes it."""

    tasks = TaskSerializer(many=True)
    total = serializers.IntegerField()
    total_annotations = serializers.IntegerField()
    total_predictions = serializers.IntegerField()
