"""Synthetic patients: chest radiographs, CT volumes and mammograms as DICOM, with the truth."""

from scans.phantom.writing import RADIOGRAPH_KINDS, write_phantoms

__all__ = ["RADIOGRAPH_KINDS", "write_phantoms"]
