"""Forms for managers. They turn what was typed into the services' arguments; services decide."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext, gettext_lazy

from accounts.models import Role
from accounts.parsers import UnreadableJSON, read_json
from projects import strategies
from projects.errors import Refused
from projects.hanging import HangingError
from projects.label_config import LabelConfigError
from projects.models import ModelHelp, Project, ReadingUnit
from projects.queries import has_learned
from projects.services import Settings

_SETTINGS = Settings.__annotations__
_CODE = {"class": "code", "spellcheck": "false", "autocomplete": "off", "rows": 20}


class EmailListField(forms.CharField):
    """Addresses, one to a line or with commas between."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        addresses = (super().to_python(value) or "").replace(",", "\n").split()
        for address in addresses:
            try:
                validate_email(address)
            except ValidationError as error:
                raise ValidationError(
                    gettext("“{address}” is no e-mail address.").format(address=address)
                ) from error
        return addresses


def _lines(text: str) -> str:
    """Browsers end lines with CR LF; what was not changed must not look changed."""
    return text.replace("\r\n", "\n")


class ProjectForm(forms.Form):
    """What a new project needs."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)
    description = forms.CharField(
        label=gettext_lazy("Description"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("What the labels are for, and anything a reader should know."),
    )
    label_config = forms.CharField(
        label=gettext_lazy("Label config"),
        strip=False,
        widget=forms.Textarea(attrs=_CODE),
        help_text=gettext_lazy("Label Studio XML."),
    )
    reading_unit = forms.ChoiceField(
        label=gettext_lazy("What is read at a time"),
        choices=ReadingUnit.choices,
        initial=ReadingUnit.SCAN,
        help_text=gettext_lazy("Which scans stand together on the screen and are answered as one."),
    )
    overlap = forms.IntegerField(
        label=gettext_lazy("Readers per scan"),
        min_value=1,
        max_value=20,
        initial=1,
        help_text=gettext_lazy(
            "How many readers answer each scan. Two or more let you measure agreement."
        ),
    )
    audit_percent = forms.IntegerField(
        label=gettext_lazy("Audit sample in %"),
        min_value=0,
        max_value=50,
        initial=10,
        help_text=gettext_lazy(
            "Share of the patients drawn at random to measure the model. Never trained on."
        ),
    )
    random_percent = forms.IntegerField(
        label=gettext_lazy("Random arm in %"),
        min_value=0,
        max_value=50,
        initial=5,
        help_text=gettext_lazy(
            "Share of the patients read in no chosen order, and trained on. What the "
            "order saves is measured against them; 0: it cannot be."
        ),
    )

    def clean_label_config(self) -> str:
        return _lines(self.cleaned_data["label_config"])

    def clean_description(self) -> str:
        return _lines(self.cleaned_data["description"])

    def settings(self) -> Settings:
        """The cleaned fields under the services' names."""
        return {
            "title": self.cleaned_data["title"],
            "description": self.cleaned_data["description"],
            "label_config": self.cleaned_data["label_config"],
            "reading_unit": self.cleaned_data["reading_unit"],
            "overlap": self.cleaned_data["overlap"],
            "audit_share": self.cleaned_data["audit_percent"] / 100,
            "random_share": self.cleaned_data["random_percent"] / 100,
        }

    def take_refusal(self, refused: Refused) -> None:
        """Show why the service said no: beside the label config where that is at fault."""
        if isinstance(refused, LabelConfigError):
            self.add_error("label_config", list(refused.problems))
        elif isinstance(refused, HangingError):
            self.add_error("hanging", list(refused.problems))
        else:
            self.add_error(None, str(refused))


class NewProjectForm(ProjectForm):
    readers = EmailListField(
        label=gettext_lazy("Readers"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "bob@example.org"}),
        help_text=gettext_lazy(
            "E-mail addresses, one to a line. More people, and other roles, can follow."
        ),
    )


class HangingField(forms.CharField):
    """The rules of a hanging protocol, as JSON; left empty, there are none."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        try:
            return read_json(text) if text else []
        except UnreadableJSON as error:
            raise ValidationError(str(error), code="invalid") from error

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, str):
            return value  # as it was typed
        return json.dumps(value, indent=1, ensure_ascii=False) if value else ""


class SettingsForm(ProjectForm):
    """What may still change in a project."""

    hanging = HangingField(
        label=gettext_lazy("Hanging protocol"),
        required=False,
        widget=forms.Textarea(attrs={**_CODE, "rows": 6}),
        help_text=gettext_lazy(
            "Rules in JSON that say which scans stand beside which. Empty: the built-in ones, for "
            "radiographs, mammograms and priors."
        ),
    )

    strategy = forms.ChoiceField(
        label=gettext_lazy("Reading order"),
        choices=strategies.choices,
        help_text=gettext_lazy(
            "How what is read next is chosen. Automatic: a few by chance, then scans that the "
            "model is unsure of and that are typical of many. Of numbers alone: ten by chance, "
            "then scans unlike those read."
        ),
    )
    labels_per_round = forms.IntegerField(
        label=gettext_lazy("Labels per training"),
        min_value=5,
        max_value=1_000_000,
        help_text=gettext_lazy("New answers between two full trainings of the model."),
    )
    claim_minutes = forms.IntegerField(
        label=gettext_lazy("Claim in minutes"),
        min_value=1,
        max_value=1440,
        help_text=gettext_lazy("How long a scan stays reserved for a reader who has gone silent."),
    )
    model_help = forms.ChoiceField(
        label=gettext_lazy("Help from the model"),
        choices=[
            (ModelHelp.OFF, gettext_lazy("Never")),
            (ModelHelp.AFTER, gettext_lazy("After reading: the answer is the reader’s own")),
            (
                ModelHelp.BEFORE,
                gettext_lazy("Before reading: the answer leans towards the model’s"),
            ),
        ],
        help_text=gettext_lazy(
            "When readers see what the model says. People who see it first tend to follow it, "
            "right or wrong, and the model then learns its own opinion in part: choose “before” "
            "to save time on marks. Cases drawn by chance never show it first."
        ),
    )
    backbone = forms.CharField(
        label=gettext_lazy("Model"),
        max_length=200,
        required=False,
        help_text=gettext_lazy(
            "What the first training starts from: a network such as DenseNet121, a "
            "network with a file of weights (DenseNet121:chest.pt), a folder of "
            "weights, monai:DenseNet121, timm:…, torchxrayvision:… or "
            "hub:owner/repository. Empty: Scout’s default."
        ),
    )

    def __init__(self, data: Any = None, *, project: Project) -> None:
        initial = {name: getattr(project, name) for name in self.base_fields if name in _SETTINGS}
        initial["audit_percent"] = round(project.audit_share * 100)
        initial["random_percent"] = round(project.random_share * 100)
        super().__init__(data, initial=initial)
        if project.tasks.exists():
            drawn = gettext("Drawn when the scans came in; fixed since.")
            for share in ("audit_percent", "random_percent"):
                self._fix(share, f"{self.fields[share].help_text} {drawn}")
            self._fix("reading_unit", gettext("The scans have been made into tasks; fixed since."))
        if has_learned(project=project):
            self._fix("backbone", gettext("It has begun to learn from this project; fixed since."))

    def _fix(self, name: str, reason: str) -> None:
        self.fields[name].disabled = True
        self.fields[name].help_text = reason

    def settings(self) -> Settings:
        settings = super().settings()
        # A share of 12.5 % must not become 12 % by being shown.
        if "audit_percent" not in self.changed_data:
            del settings["audit_share"]
        if "random_percent" not in self.changed_data:
            del settings["random_share"]
        return {
            **settings,
            "hanging": self.cleaned_data["hanging"],
            "strategy": self.cleaned_data["strategy"],
            "labels_per_round": self.cleaned_data["labels_per_round"],
            "claim_minutes": self.cleaned_data["claim_minutes"],
            "model_help": self.cleaned_data["model_help"],
            "backbone": self.cleaned_data["backbone"],
        }


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Role.choices)


class AddPersonForm(RoleForm):
    email = forms.EmailField(label=gettext_lazy("E-mail address"), max_length=254)
    field_order = ("email", "role")
