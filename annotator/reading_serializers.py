"""The JSON of reading: what the reading room sends, and what it is given."""

import uuid
from typing import Any

from django.utils.translation import gettext
from rest_framework import serializers

from annotator.models import MOST_AHEAD
from annotator.queries import ReadingTask
from annotator.results import MOST_ENTRIES
from annotator.serializers import AnnotationSerializer, ResultField

_LONGEST_COMMENT = 10_000
# Idle time is not counted, so nobody reads one task for longer than a day.
_MOST_SECONDS = 24 * 3600
_LARGEST_VERSION = 2**31 - 1


class DecisionsField(serializers.DictField):
    """What became of the model's suggestions, which are no more than a result's entries."""

    child = serializers.ChoiceField(choices=["accepted", "rejected"])

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and len(data) > MOST_ENTRIES:
            raise serializers.ValidationError(
                gettext("At most {most} suggestions can be decided on; here are {count}.").format(
                    most=MOST_ENTRIES, count=len(data)
                )
            )
        return super().to_internal_value(data)


class AnswerSerializer(serializers.Serializer[Any]):
    """What an answer and a draft of one have in common."""

    result = ResultField()
    comment = serializers.CharField(default="", allow_blank=True, max_length=_LONGEST_COMMENT)
    lead_time = serializers.FloatField(default=0.0, min_value=0.0, max_value=_MOST_SECONDS)
    decisions = DecisionsField(
        default=dict, help_text="What became of the model's suggestions, by their ids."
    )


class SubmissionSerializer(AnswerSerializer):
    """A reader's answer. The same `unique_id` sent again is the same answer."""

    unique_id = serializers.UUIDField(default=uuid.uuid4)
    was_cancelled = serializers.BooleanField(default=False)
    skip_reason = serializers.CharField(default="", allow_blank=True, max_length=200)
    asked = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField(trim_whitespace=False)),
        default=None,
        allow_null=True,
        help_text="The choices and labels that the reader was asked about, by question; null: all "
        "that the label config has now. Left empty, what was not asked is not answered.",
    )


class CorrectionSerializer(SubmissionSerializer):
    """A new answer in the place of an earlier one, and why it is given."""

    reason = serializers.CharField(default="", allow_blank=True, max_length=200)


class DraftSerializer(AnswerSerializer):
    """An unfinished answer; `version` grows with every save."""

    version = serializers.IntegerField(min_value=0, max_value=_LARGEST_VERSION)


class DraftVersionSerializer(serializers.Serializer[Any]):
    version = serializers.IntegerField(
        min_value=0, max_value=_LARGEST_VERSION, help_text="The version that is kept, or left."
    )


class ReadingScanSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=["image", "volume"])
    frame_count = serializers.IntegerField()
    rows = serializers.IntegerField()
    columns = serializers.IntegerField()
    geometry = serializers.DictField(help_text="The header of the frame file.")
    prior_days = serializers.IntegerField(
        allow_null=True, help_text="How long before the current study; null: it is the current one."
    )
    frame_url = serializers.CharField(help_text="Put the frame's number in place of {frame}.")


class ClaimSerializer(serializers.Serializer[Any]):
    expires_at = serializers.DateTimeField()
    is_ahead = serializers.BooleanField()


class OpensAtSerializer(serializers.Serializer[Any]):
    """The frame to be seen first; null where each scan opens in its middle."""

    scan = serializers.IntegerField(help_text="Position among the task's scans, from 0.")
    frame = serializers.IntegerField(help_text="Number in the scan, from 0.")


class ModelSaysSerializer(serializers.Serializer[Any]):
    """What the model says of a task; with each entry its `model_version`."""

    result = ResultField()
    decisions = serializers.DictField(
        required=False, help_text="Which suggestions the reader has accepted and rejected."
    )


class ReadingTaskSerializer(serializers.Serializer[ReadingTask]):
    """A task in a reader's hands."""

    id = serializers.IntegerField()
    project = serializers.IntegerField()
    scans = ReadingScanSerializer(many=True)
    draft = DraftSerializer(allow_null=True)
    opens_at = OpensAtSerializer(allow_null=True)
    claim = ClaimSerializer()
    model = ModelSaysSerializer(
        allow_null=True, help_text="Null where the reader is shown nothing before they answer."
    )
    read = serializers.IntegerField(help_text="How many this reader has answered in the project.")
    may_undo = serializers.BooleanField(
        help_text="Whether this reader's latest answer can be taken back."
    )


class NextSerializer(serializers.Serializer[Any]):
    task = ReadingTaskSerializer(allow_null=True)
    reason = serializers.CharField(required=False, help_text="Why there is no task.")


class AheadSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField(
        default=MOST_AHEAD, min_value=1, max_value=MOST_AHEAD, help_text="How many to reserve."
    )


class TasksAheadSerializer(serializers.Serializer[Any]):
    tasks = ReadingTaskSerializer(many=True, help_text="In the order in which they will be read.")


class TakenBackSerializer(serializers.Serializer[Any]):
    task = ReadingTaskSerializer()


class SubmittedSerializer(AnnotationSerializer):
    """The answer as it was taken, why its task came, and the task that follows it."""

    why = serializers.CharField()
    next = NextSerializer()

    class Meta(AnnotationSerializer.Meta):
        fields = (*AnnotationSerializer.Meta.fields, "why", "next")
