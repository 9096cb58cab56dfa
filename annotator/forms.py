"""The filters above a list of tasks, or of one's own answers."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from annotator.models import Task
from annotator.queries import State
from annotator.results import questions_of
from annotator.search import Wanted
from projects.models import Membership

_FEWEST_LETTERS = 3
_MOST_FIRST = 5000


def _answer_choices(label_config: str) -> Iterable[tuple[str, Any]]:
    """By question, what it can be answered with; of numbers and texts there is no list."""
    yield "", _("Any answer")
    for question in questions_of(label_config):
        options = [(f"{question.name}={one.answer}", one.value) for one in question.options]
        if question.kind == "rating":
            stars = range(1, int(question.maximum or 5) + 1)
            options = [(f"{question.name}={star}", str(star)) for star in stars]
        if options:
            yield question.title or question.name, options


class AnswersForm(forms.Form):
    """What to look for among one's own answers."""

    text = forms.CharField(
        label=_("Scan or comment"),
        required=False,
        min_length=_FEWEST_LETTERS,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search"}),
        error_messages={"min_length": _("Give at least three letters of the name or comment.")},
    )
    said = forms.ChoiceField(label=_("Answer"), required=False)
    since = forms.DateField(
        label=_("Answered from"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label=_("to"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, data: Any, *, membership: Membership) -> None:
        super().__init__(data)
        answers = cast(forms.ChoiceField, self.fields["said"])
        answers.choices = list(_answer_choices(membership.project.label_config))

    def wanted(self) -> Wanted:
        """What was asked, without the fields that were filled in wrongly: they say so."""
        self.is_valid()
        return Wanted.of(self.cleaned_data)


class TasksForm(AnswersForm):
    """What to look for among all tasks."""

    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("Any state")), *State.choices]
    )
    arm = forms.ChoiceField(
        label=_("Arm"), required=False, choices=[("", _("Any arm")), *Task.Arm.choices]
    )
    reader = forms.TypedChoiceField(label=_("Reader"), required=False, coerce=int, empty_value=None)
    modality = forms.CharField(
        label=_("Modality"),
        required=False,
        max_length=16,
        widget=forms.TextInput(attrs={"placeholder": "CT", "size": 4}),
    )
    least = forms.FloatField(
        label=_("Score from"), required=False, widget=forms.NumberInput(attrs={"step": "any"})
    )
    most = forms.FloatField(
        label=_("to"), required=False, widget=forms.NumberInput(attrs={"step": "any"})
    )
    first = forms.IntegerField(
        label=_("First in order"),
        required=False,
        min_value=1,
        max_value=_MOST_FIRST,
        widget=forms.NumberInput(attrs={"placeholder": "50"}),
    )
    field_order = (
        "text", "state", "said", "reader", "since", "until", "modality", "arm", "least", "most",
        "first",
    )  # fmt: skip

    def __init__(self, data: Any, *, membership: Membership) -> None:
        super().__init__(data, membership=membership)
        readers = cast(forms.ChoiceField, self.fields["reader"])
        members = Membership.objects.filter(project=membership.project_id).select_related("user")
        people = sorted((str(member.user), member.user_id) for member in members)
        readers.choices = [("", _("Any reader")), *((pk, name) for name, pk in people)]

    def clean_modality(self) -> str:
        return str(self.cleaned_data["modality"]).upper()
