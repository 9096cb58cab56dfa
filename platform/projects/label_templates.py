"""Label configs to start a project from: the XML files in `label_configs/`."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_FOLDER = Path(__file__).parent / "label_configs"


@dataclass(frozen=True)
class LabelTemplate:
    slug: str  # the file's name
    title: "StrOrPromise"
    summary: "StrOrPromise"

    @property
    def xml(self) -> str:
        return (_FOLDER / f"{self.slug}.xml").read_text()


TEMPLATES = (
    LabelTemplate(
        "findings",
        gettext_lazy("Findings"),
        gettext_lazy("Several findings on a chest radiograph, or none."),
    ),
    LabelTemplate(
        "diagnosis", gettext_lazy("Single diagnosis"), gettext_lazy("One of a few diagnoses.")
    ),
    LabelTemplate(
        "severity",
        gettext_lazy("Severity grade"),
        gettext_lazy("A grade, and how sure the reader is."),
    ),
    LabelTemplate(
        "measurement",
        gettext_lazy("Measurement"),
        gettext_lazy("A length in millimetres, with remarks."),
    ),
    LabelTemplate("boxes", gettext_lazy("Boxes"), gettext_lazy("A rectangle around each finding.")),
    LabelTemplate("points", gettext_lazy("Points"), gettext_lazy("A point on each landmark.")),
    LabelTemplate(
        "outlines",
        gettext_lazy("Outlines"),
        gettext_lazy("Polygons, freehand outlines and ellipses."),
    ),
    LabelTemplate(
        "nodules",
        gettext_lazy("Boxes with details"),
        gettext_lazy("A box for each nodule, and questions on each."),
    ),
    LabelTemplate("masks", gettext_lazy("Masks"), gettext_lazy("Structures painted with a brush.")),
)
