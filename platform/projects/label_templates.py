"""Label configs to start a project from: the XML files in `label_configs/`."""

from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent / "label_configs"


@dataclass(frozen=True)
class LabelTemplate:
    slug: str  # the file's name
    title: str
    summary: str

    @property
    def xml(self) -> str:
        return (_FOLDER / f"{self.slug}.xml").read_text()


TEMPLATES = (
    LabelTemplate("findings", "Findings", "Several findings on a chest radiograph, or none."),
    LabelTemplate("diagnosis", "Single diagnosis", "One of a few diagnoses."),
    LabelTemplate("severity", "Severity grade", "A grade, and how sure the reader is."),
    LabelTemplate("measurement", "Measurement", "A length in millimetres, with remarks."),
    LabelTemplate("boxes", "Boxes", "A rectangle around each finding."),
    LabelTemplate("points", "Points", "A point on each landmark."),
    LabelTemplate("outlines", "Outlines", "Polygons, freehand outlines and ellipses."),
    LabelTemplate("nodules", "Boxes with details", "A box for each nodule, and questions on each."),
    LabelTemplate("masks", "Masks", "Structures painted with a brush."),
)
