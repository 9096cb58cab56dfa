"""Pixels come out of DICOM files at native depth, as the standard means them."""

from pathlib import Path
from typing import Any

import numpy as np
import pydicom.data
import pytest
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.pixels.processing import convert_color_space

from scans.dicom import check_image, read_dataset
from scans.limits import Rejected
from scans.pixels import decode, plan_pixels, ybr_to_rgb
from tests.scans.cast import dicom, written


def frames(dataset: FileDataset, folder: Path) -> list[np.ndarray[Any, Any]]:
    back = read_dataset(written(dataset, folder / "image.dcm"))
    return list(decode(back, range(int(back.get("NumberOfFrames", 1)))))


def sample(name: str) -> Path:
    return Path(pydicom.data.__file__).parent / "test_files" / name


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16])
def test_native_depth_and_sign_are_kept(tmp_path: Path, dtype: type) -> None:
    limits = np.iinfo(dtype)
    pixels: np.ndarray[Any, Any] = np.array([[limits.min, 0], [1, limits.max]], dtype)
    dataset = dicom(pixels, BitsStored=pixels.dtype.itemsize * 8)
    (found,) = frames(dataset, tmp_path)
    assert found.dtype == dtype
    assert (found == pixels).all()


def test_bits_above_the_stored_ones_are_no_pixel(tmp_path: Path) -> None:
    pixels = np.array([[0xF001, 0x8FFF]], np.uint16)
    (found,) = frames(dicom(pixels, BitsStored=12), tmp_path)
    assert found.tolist() == [[0x001, 0xFFF]]


def test_twelve_signed_bits_keep_their_sign(tmp_path: Path) -> None:
    pixels = np.array([[0x0FFF, 0x0800, 0x07FF]], np.int16)
    (found,) = frames(dicom(pixels, BitsStored=12), tmp_path)
    assert found.tolist() == [[-1, -2048, 2047]]


def test_a_high_bit_above_the_stored_bits_is_shifted_down(tmp_path: Path) -> None:
    pixels = np.array([[0x1230, 0xFFF0]], np.uint16)
    (found,) = frames(dicom(pixels, BitsStored=12, HighBit=15), tmp_path)
    assert found.tolist() == [[0x123, 0xFFF]]


def test_monochrome1_is_marked_and_left_as_it_is(tmp_path: Path) -> None:
    dataset = dicom(PhotometricInterpretation="MONOCHROME1")
    (found,) = frames(dataset, tmp_path)
    assert plan_pixels(dataset).inverted
    assert found[5, 7] == 47 * 80


def test_multi_frame_images_come_frame_by_frame(tmp_path: Path) -> None:
    pixels = np.arange(24, dtype=np.uint16).reshape(3, 2, 4)
    dataset = dicom(pixels)
    found = frames(dataset, tmp_path)
    assert [frame.tolist() for frame in found] == pixels.tolist()
    back = read_dataset(tmp_path / "image.dcm")
    assert next(decode(back, [2])).tolist() == pixels[2].tolist()


def test_planar_colour_becomes_interleaved(tmp_path: Path) -> None:
    rgb = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    planes = np.moveaxis(rgb, -1, 0).tobytes()
    (found,) = frames(dicom(rgb, PlanarConfiguration=1, PixelData=planes), tmp_path)
    assert (found == rgb).all()


def test_our_ybr_is_pydicoms() -> None:
    ybr = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    slow = convert_color_space(ybr.copy(), "YBR_FULL", "RGB")
    assert np.abs(ybr_to_rgb(ybr).astype(int) - slow).max() <= 1
    assert ybr_to_rgb(np.array([[[76, 85, 255]]], np.uint8)).tolist() == [[[254, 0, 0]]]


@pytest.mark.parametrize(
    ("name", "pixel", "colour"),
    [
        # The colour bars of these files, as their makers describe them.
        ("SC_ybr_full_422_uncompressed.dcm", (5, 50), (254, 0, 0)),
        ("SC_rgb_dcmtk_+eb+cr.dcm", (5, 50), (255, 0, 0)),
        ("SC_rgb_rle_16bit.dcm", (5, 50), (255, 0, 0)),
        ("SC_rgb_gdcm_KY.dcm", (45, 50), (0, 0, 255)),
        ("examples_palette.dcm", (0, 0), (37, 62, 94)),
    ],
)
def test_colours_become_red_green_blue(
    name: str, pixel: tuple[int, int], colour: tuple[int, int, int]
) -> None:
    frame = next(decode(read_dataset(sample(name)), [0]))
    assert frame.dtype == np.uint8
    assert tuple(frame[pixel].tolist()) == colour


def test_linear_rescale_and_window_are_kept_for_the_viewer() -> None:
    plan = plan_pixels(
        dicom(RescaleSlope=2, RescaleIntercept=-1024, WindowCenter=[40, 600], WindowWidth=[400, 1])
    )
    assert (plan.slope, plan.intercept, plan.window) == (2.0, -1024.0, [40.0, 400.0])


def lut(entries: list[int], first: int = 0) -> Dataset:
    table = Dataset()
    table.add_new("LUTDescriptor", "US", [len(entries), first, 16])
    table.add_new("LUTData", "US", entries)
    return table


def test_a_modality_lut_is_applied(tmp_path: Path) -> None:
    pixels = np.array([[0, 1, 2, 3]], np.uint16)
    dataset = dicom(pixels, ModalityLUTSequence=[lut([100, 10, 1000, 7])])
    (found,) = frames(dataset, tmp_path)
    assert found.tolist() == [[100, 10, 1000, 7]]
    assert (plan_pixels(dataset).slope, plan_pixels(dataset).intercept) == (1.0, 0.0)


def test_a_voi_lut_is_applied_where_there_is_no_window(tmp_path: Path) -> None:
    pixels = np.array([[0, 1, 2, 3]], np.uint16)
    dataset = dicom(pixels, VOILUTSequence=[lut([5, 50, 500, 5000])])
    (found,) = frames(dataset, tmp_path)
    assert found.tolist() == [[5, 50, 500, 5000]]
    assert plan_pixels(dataset).window == [32768.0, 65536.0]


def test_a_window_counts_before_a_voi_lut(tmp_path: Path) -> None:
    pixels = np.array([[0, 1, 2, 3]], np.uint16)
    values = {"VOILUTSequence": [lut([5, 50, 500, 5000])], "WindowCenter": 2, "WindowWidth": 4}
    (found,) = frames(dicom(pixels, **values), tmp_path)
    assert found.tolist() == [[0, 1, 2, 3]]


def test_a_sequential_jpeg_with_a_bad_scan_header_is_read() -> None:
    frame = next(decode(read_dataset(sample("JPEG-lossy.dcm")), [0]))
    assert (frame.shape, frame.dtype, int(frame.max())) == ((1024, 256), np.dtype("uint16"), 264)


def test_a_file_without_preamble_and_header_is_read(tmp_path: Path) -> None:
    bare = dicom()
    bare.preamble = None
    bare.file_meta = FileMetaDataset()
    path = tmp_path / "bare.dcm"
    bare.save_as(path, implicit_vr=True, little_endian=True, enforce_file_format=False)
    assert path.read_bytes().startswith(b"\x08\x00\x16\x00")
    assert next(decode(read_dataset(path), [0]))[5, 7] == 47 * 80


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"Rows": 60000, "Columns": 60000}, "larger than Scout takes"),
        ({"NumberOfFrames": 2_000_000_000}, "frames are more than"),
        ({"Rows": 8000, "Columns": 8000, "NumberOfFrames": 100}, "more than 2 GiB"),
        ({"Rows": 0}, "empty image"),
        ({"PixelData": None, "Rows": 1}, "holds no pixels"),
        ({"Modality": "SEG"}, "a segmentation"),
    ],
)
def test_what_cannot_be_a_scan_is_refused_before_it_costs(
    values: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(Rejected, match=sentence):
        check_image(dicom(**values))


def test_missing_pixels_are_counted(tmp_path: Path) -> None:
    path = written(dicom(), tmp_path / "cut.dcm")
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(Rejected, match="56 of 96 bytes"):
        list(decode(read_dataset(path), [0]))


def test_a_broken_codestream_names_its_transfer_syntax() -> None:
    dataset = read_dataset(sample("JPEG2000-embedded-sequence-delimiter.dcm"))
    with pytest.raises(
        Rejected,
        match=r"^The pixel data \(JPEG 2000 Image Compression\) cannot be decoded: pylibjpeg",
    ):
        list(decode(dataset, [0]))


@pytest.mark.parametrize("content", [b"", b"no image", b"\0" * 500, b"\xff" * 5000])
def test_junk_is_no_dicom(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "junk"
    path.write_bytes(content)
    with pytest.raises(Rejected):
        check_image(read_dataset(path))
