"""The formats of a release, one module each, all of one shape (formats/shape.py)."""

from releases.formats import coco, labelstudio, table
from releases.formats.shape import Format

FORMATS: dict[str, Format] = {
    chosen.name: chosen for chosen in (labelstudio.FORMAT, table.FORMAT, coco.FORMAT)
}
