"""DICOM headers for phantoms: complete, valid, and of people who do not exist."""

import datetime
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    UID,
    CTImageStorage,
    DigitalMammographyXRayImageStorageForPresentation,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
)

# Every family name says that its bearer is made up; de-identification must remove it all the same.
_FAMILY = ["Phantom", "Fictional", "Imaginary", "Pretend", "Invented", "Madeup"]
_GIVEN = {
    True: ["Ada", "Bea", "Cleo", "Dora", "Edda", "Fay", "Greta", "Hilda", "Ines", "Jola"],
    False: ["Abel", "Bert", "Caspar", "Dirk", "Egon", "Finn", "Gus", "Hugo", "Ivo", "Jost"],
}


@dataclass(frozen=True)
class Person:
    identifier: str
    name: str
    birth: datetime.date
    female: bool

    @classmethod
    def draw(cls, rng: np.random.Generator, *, identifier: str, female: bool, age: int) -> "Person":
        birth = datetime.date(2024, 1, 1) - datetime.timedelta(
            days=age * 365 + int(rng.integers(365))
        )
        name = f"{rng.choice(_FAMILY)}^{rng.choice(_GIVEN[female])}"
        return cls(identifier, name, birth, female)


def uid(*parts: object) -> UID:
    """A unique identifier made of what it names (PS3.5 B.2: 2.25 and an integer)."""
    text = "/".join(str(part) for part in ("scout-phantom", *parts))
    return UID(f"2.25.{int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], 'big')}")


def _dataset(person: Person, sop_class: UID, *, study: str, series: str, instance: str) -> Dataset:
    when = person.birth + datetime.timedelta(
        days=int(hashlib.sha256(study.encode()).hexdigest(), 16) % 200
    )
    when = when.replace(year=2024)
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, uid(instance)
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = uid(study), uid(series)
    dataset.FrameOfReferenceUID = uid(series, "frame")
    dataset.PatientName, dataset.PatientID = person.name, person.identifier
    dataset.PatientBirthDate = person.birth.strftime("%Y%m%d")
    dataset.PatientSex = "F" if person.female else "M"
    dataset.StudyDate = dataset.SeriesDate = dataset.AcquisitionDate = when.strftime("%Y%m%d")
    dataset.ContentDate = dataset.StudyDate
    dataset.StudyTime = dataset.ContentTime = "101500"
    dataset.AccessionNumber = f"FICT{int(uid(study).rsplit('.', 1)[1]) % 10**8:08d}"
    dataset.ReferringPhysicianName = "Nobody^Doctor"
    dataset.InstitutionName = "Fictional General Hospital"
    dataset.StationName = "PHANTOM1"
    dataset.Manufacturer, dataset.ManufacturerModelName = "Scout", "Procedural phantom"
    dataset.StudyID = "1"
    return dataset


def _pixels(dataset: Dataset, pixels: NDArray[np.generic], *, bits: int) -> None:
    dataset.SamplesPerPixel = 1
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, bits, bits - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    dataset.PixelData = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()


def _save(dataset: Dataset, path: Path) -> None:
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.ImplementationClassUID = uid("implementation")
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)


def write_radiograph(
    path: Path,
    person: Person,
    film: NDArray[np.float32],
    *,
    study: str,
    number: int,
    bits: int,
    inverted: bool,
    spacing: float,
) -> None:
    """One DX image (PS3.3 A.26); film [rows, columns] in 0..1, bright where dense."""
    instance = f"{study}/{number}"
    dataset = _dataset(
        person,
        DigitalXRayImageStorageForPresentation,
        study=study,
        series=f"{study}/dx",
        instance=instance,
    )
    dataset.Modality, dataset.PresentationIntentType = "DX", "FOR PRESENTATION"
    dataset.ImageType = ["DERIVED", "PRIMARY"]
    dataset.StudyDescription, dataset.SeriesDescription = "Chest radiograph", "Chest PA"
    dataset.SeriesNumber, dataset.InstanceNumber = 1, number
    dataset.BodyPartExamined, dataset.ViewPosition = "CHEST", "PA"
    dataset.ImageLaterality, dataset.BurnedInAnnotation = "U", "NO"
    # The viewer's right is the patient's left, down is towards the feet.
    dataset.PatientOrientation = ["L", "F"]
    dataset.ImagerPixelSpacing = dataset.PixelSpacing = [f"{spacing:g}", f"{spacing:g}"]
    dataset.KVP = "110"
    largest = 2**bits - 1
    stored = np.round((1 - film if inverted else film) * largest).astype(np.uint16)
    dataset.PhotometricInterpretation = "MONOCHROME1" if inverted else "MONOCHROME2"
    dataset.PresentationLUTShape = "INVERSE" if inverted else "IDENTITY"
    dataset.PixelIntensityRelationship, dataset.PixelIntensityRelationshipSign = "LOG", 1
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "0", "1", "US"
    dataset.WindowCenter, dataset.WindowWidth = f"{largest / 2:g}", f"{largest * 0.98:g}"
    _pixels(dataset, stored, bits=bits)
    _save(dataset, path)


def write_mammogram(
    path: Path,
    person: Person,
    film: NDArray[np.float32],
    *,
    study: str,
    number: int,
    side: str,
    view: str,
    spacing: float,
) -> None:
    """One MG image (PS3.3 A.49) of `side` R or L, `view` CC or MLO.

    film [rows, columns] in 0..1, bright where dense; the chest wall is the left edge of a left
    breast's film and the right edge of a right one's.
    """
    dataset = _dataset(
        person,
        DigitalMammographyXRayImageStorageForPresentation,
        study=study,
        series=f"{study}/mg",
        instance=f"{study}/{number}",
    )
    dataset.Modality, dataset.PresentationIntentType = "MG", "FOR PRESENTATION"
    dataset.ImageType = ["DERIVED", "PRIMARY"]
    dataset.StudyDescription, dataset.SeriesDescription = "Mammogram", f"{side} {view}"
    dataset.SeriesNumber, dataset.InstanceNumber = 1, number
    dataset.BodyPartExamined, dataset.ViewPosition = "BREAST", view
    dataset.ImageLaterality, dataset.BurnedInAnnotation = side, "NO"
    down = {"CC": {"R": "L", "L": "R"}[side], "MLO": "F"}[view]
    dataset.PatientOrientation = [{"R": "P", "L": "A"}[side], down]
    dataset.ImagerPixelSpacing = dataset.PixelSpacing = [f"{spacing:g}", f"{spacing:g}"]
    dataset.KVP = "28"
    dataset.PhotometricInterpretation, dataset.PresentationLUTShape = "MONOCHROME2", "IDENTITY"
    dataset.PixelIntensityRelationship, dataset.PixelIntensityRelationshipSign = "LOG", 1
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "0", "1", "US"
    dataset.WindowCenter, dataset.WindowWidth = "2048", "3600"
    _pixels(dataset, np.round(film * 4095).astype(np.uint16), bits=12)
    _save(dataset, path)


def write_slice(
    path: Path,
    person: Person,
    slab: NDArray[np.float32],
    *,
    study: str,
    number: int,
    spacing: float,
    thickness: float,
    position: tuple[float, float, float],
) -> None:
    """One CT slice (PS3.3 A.3); slab [rows, columns] in HU, position in LPS mm."""
    dataset = _dataset(
        person, CTImageStorage, study=study, series=f"{study}/ct", instance=f"{study}/{number}"
    )
    dataset.Modality = "CT"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.StudyDescription, dataset.SeriesDescription = "CT chest", "Chest 5.0 B31f"
    dataset.SeriesNumber, dataset.InstanceNumber, dataset.AcquisitionNumber = 2, number, 1
    dataset.BodyPartExamined, dataset.PatientPosition = "CHEST", "HFS"
    dataset.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    dataset.ImagePositionPatient = [f"{value:.4g}" for value in position]
    dataset.SliceLocation = f"{position[2]:g}"
    dataset.SliceThickness = f"{thickness:g}"
    dataset.PixelSpacing = [f"{spacing:g}", f"{spacing:g}"]
    dataset.KVP = "120"
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "-1024", "1", "HU"
    dataset.WindowCenter, dataset.WindowWidth = ["-600", "40"], ["1500", "400"]
    dataset.WindowCenterWidthExplanation = ["LUNG", "SOFT TISSUE"]
    dataset.PhotometricInterpretation = "MONOCHROME2"
    _pixels(dataset, np.clip(np.round(slab) + 1024, 0, 4095).astype(np.uint16), bits=12)
    _save(dataset, path)
