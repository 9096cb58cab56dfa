"""Synthetic patients: chest radiographs and CT volumes as DICOM, with the truth about each."""

from scans.phantom.writing import RADIOGRAPH_KINDS, write_phantoms

__all__ = ["RADIOGRAPH_KINDS", "write_phantoms"]
