"""Files for the tests: DICOM made to measure, and what carries a patient's name."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

CT = "1.2.840.10008.5.1.4.1.1.2"
DX = "1.2.840.10008.5.1.4.1.1.1.1"


def dicom(pixels: NDArray[Any] | None = None, **values: Any) -> FileDataset:
    """One image of Doe^Jane, 12 bits in 16 unless `values` say otherwise."""
    pixels = np.arange(48, dtype=np.uint16).reshape(6, 8) * 80 if pixels is None else pixels
    dataset = FileDataset("", {}, preamble=bytes(128), file_meta=FileMetaDataset())
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    frames = pixels.shape[0] if pixels.ndim == 3 and pixels.shape[-1] != 3 else 1
    colour = pixels.ndim >= 3 and pixels.shape[-1] == 3
    rows, columns = pixels.shape[-3:-1] if colour else pixels.shape[-2:]
    bits = pixels.dtype.itemsize * 8
    standard = {
        "SOPClassUID": DX,
        "SOPInstanceUID": generate_uid(),
        "StudyInstanceUID": "1.2.3.4",
        "SeriesInstanceUID": "1.2.3.4.5",
        "PatientID": "MRN-4711",
        "PatientName": "Doe^Jane",
        "PatientBirthDate": "19700131",
        "StudyDate": "20240229",
        "Modality": "DX",
        "Rows": rows,
        "Columns": columns,
        "SamplesPerPixel": 3 if colour else 1,
        "PhotometricInterpretation": "RGB" if colour else "MONOCHROME2",
        "BitsAllocated": bits,
        "BitsStored": min(bits, 12) if pixels.dtype == np.uint16 else bits,
        "PixelRepresentation": int(pixels.dtype.kind == "i"),
    }
    if colour:
        standard["PlanarConfiguration"] = 0
    if frames > 1:
        standard["NumberOfFrames"] = frames
    for keyword, value in {**standard, **values}.items():
        if value is not None:
            setattr(dataset, keyword, value)
    dataset.HighBit = values.get("HighBit", dataset.BitsStored - 1)
    if "PixelData" not in values:
        dataset.PixelData = pixels.tobytes()
    return dataset


def item(**values: Any) -> Dataset:
    """One item of a sequence."""
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def written(dataset: Dataset, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path


def ct_series(folder: Path, positions: list[float], **values: Any) -> list[Path]:
    """Axial slices of 6 × 8 pixels at these heights; slice k holds the value k everywhere."""
    paths = []
    for number, place in enumerate(positions):
        slice_ = dicom(
            np.full((6, 8), number, np.int16),
            **{
                "SOPClassUID": CT,
                "Modality": "CT",
                "ImagePositionPatient": [0, 0, place],
                "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
                "PixelSpacing": [0.7, 0.8],
                "InstanceNumber": number + 1,
                "RescaleSlope": 1,
                "RescaleIntercept": -1024,
                **values,
            },
        )
        paths.append(written(slice_, folder / f"{number:03}.dcm"))
    return paths


def png(pixels: NDArray[Any], **options: Any) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", **options)
    return buffer.getvalue()
