"""NIfTI volumes: the right way up, values exact, no free text kept."""

import gzip
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from scans.limits import Rejected
from scans.nifti import NiftiVolume, cleaned_nifti, inflated, read_nifti

# nibabel has no types.
nib: Any = nibabel
HIPPOCAMPUS = Path(__file__).parents[3] / "shared" / "data" / "hippocampus" / "imagesTr"


def saved(
    path: Path, data: np.ndarray[Any, Any], affine: np.ndarray[Any, Any] | None = None
) -> Path:
    image = nib.Nifti1Image(data, np.eye(4) if affine is None else affine)
    nib.save(image, path)
    return path


def only(path: Path) -> NiftiVolume:
    (volume,) = read_nifti(path)
    return volume


def marked() -> np.ndarray[Any, Any]:
    """[5, 4, 3] in RAS, 7 at the patient's most right, anterior and superior voxel."""
    data = np.zeros((5, 4, 3), np.int16)
    data[4, 3, 2] = 7
    return data


def test_axial_frames_have_right_at_the_left_and_anterior_at_the_top(tmp_path: Path) -> None:
    volume = only(saved(tmp_path / "a.nii", marked()))
    frames = list(volume.frames())
    assert (len(frames), frames[0].shape) == (3, (4, 5))
    assert frames[2][0, 0] == 7
    assert volume.header["orientation"] == [1, 0, 0, 0, 1, 0]
    # The first pixel is the most right and anterior one: x = 4, y = 3 in RAS.
    assert volume.header["positions"] == [[-4, -3, 0], [-4, -3, 1], [-4, -3, 2]]


@pytest.mark.parametrize("codes", ["LPS", "RAS", "LAI", "PIR", "SAL"])
def test_the_way_voxels_are_stored_does_not_matter(tmp_path: Path, codes: str) -> None:
    expected = only(saved(tmp_path / "ras.nii", marked()))
    image = nib.Nifti1Image(marked(), np.eye(4))
    turn = nib.orientations.ornt_transform(
        nib.orientations.axcodes2ornt("RAS"), nib.orientations.axcodes2ornt(tuple(codes))
    )
    nib.save(image.as_reoriented(turn), tmp_path / "turned.nii.gz")
    found = only(tmp_path / "turned.nii.gz")
    assert found.header == expected.header
    assert (found.data == expected.data).all()


@pytest.mark.parametrize(
    ("axis", "orientation", "first"),
    [
        (1, [1, 0, 0, 0, 0, -1], (0, 0)),  # coronal: right at the left, superior at the top
        (0, [0, 1, 0, 0, 0, -1], (0, 0)),  # sagittal: anterior at the left, superior at the top
    ],
)
def test_frames_run_along_the_axis_that_was_cut(
    tmp_path: Path, axis: int, orientation: list[float], first: tuple[int, int]
) -> None:
    zooms = [1.0, 1.0, 1.0]
    zooms[axis] = 4.0
    volume = only(saved(tmp_path / "a.nii", marked(), np.diag([*zooms, 1])))
    assert volume.header["orientation"] == orientation
    assert volume.header["slice_spacing"] == 4.0
    assert volume.header["spacing"] == [1.0, 1.0]
    with_mark = [frame for frame in volume.frames() if frame.any()]
    assert len(with_mark) == 1 and with_mark[0][first] == 7


def test_positions_follow_the_frames(tmp_path: Path) -> None:
    """The position of each frame's first pixel, mapped back, is the voxel that it shows."""
    affine = np.array([[0, -2, 0.1, 5], [1.5, 0, 0, -7], [0, 0.1, 3, 9], [0, 0, 0, 1]])
    data = np.arange(60, dtype=np.int16).reshape(5, 4, 3)
    volume = only(saved(tmp_path / "a.nii", data, affine))
    for frame, place in zip(volume.frames(), volume.header["positions"], strict=True):
        ras = np.array([-place[0], -place[1], place[2], 1.0])
        voxel = np.round(np.linalg.inv(affine) @ ras).astype(int)[:3]
        assert data[tuple(voxel)] == frame[0, 0]


def test_stored_integers_keep_slope_and_intercept(tmp_path: Path) -> None:
    image = nib.Nifti1Image(marked(), np.eye(4))
    image.header.set_slope_inter(0.5, -1000)
    nib.save(image, tmp_path / "a.nii")
    volume = only(tmp_path / "a.nii")
    assert volume.data.dtype == np.int16
    assert (volume.header["slope"], volume.header["intercept"]) == (0.5, -1000.0)


def test_floats_stay_floats_and_holes_are_told(tmp_path: Path) -> None:
    data = np.linspace(-1, 1, 60, dtype=np.float32).reshape(5, 4, 3)
    data[0, 0, 0] = np.nan
    volume = only(saved(tmp_path / "a.nii", data))
    assert volume.data.dtype == np.float32
    assert volume.data.min() == pytest.approx(data[0, 0, 1])
    assert volume.notes == ("1 voxels without a finite value are shown as the smallest.",)


def test_time_points_are_volumes_of_their_own(tmp_path: Path) -> None:
    data = np.stack([marked(), marked() * 2], axis=-1)
    volumes = list(read_nifti(saved(tmp_path / "a.nii", data)))
    assert [int(volume.data.max()) for volume in volumes] == [7, 14]
    assert volumes[1].notes == ("Volume 2 of 2 in the file.",)


def test_free_text_and_extensions_are_not_kept(tmp_path: Path) -> None:
    image = nib.Nifti1Image(marked(), np.eye(4))
    for field in ("descrip", "aux_file", "intent_name", "db_name"):
        image.header[field] = b"Jane Doe"
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"Jane Doe"))
    nib.save(image, tmp_path / "jane.nii.gz")
    content = inflated(tmp_path / "jane.nii.gz") + b"Jane Doe behind the last voxel"
    assert content.count(b"Jane Doe") == 6
    kept = cleaned_nifti(content)
    assert b"Jane" not in gzip.decompress(kept) and b"jane" not in kept
    (tmp_path / "kept.nii.gz").write_bytes(kept)
    assert (only(tmp_path / "kept.nii.gz").data == only(tmp_path / "jane.nii.gz").data).all()


def test_cut_and_giant_files_have_reasons(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.nii", marked())
    whole = path.read_bytes()
    path.write_bytes(whole[:-2])
    with pytest.raises(Rejected, match="voxels are cut off"):
        only(path)
    giant = bytearray(whole)
    giant[42:48] = np.array([32000, 32000, 3], "<i2").tobytes()
    path.write_bytes(bytes(giant))
    with pytest.raises(Rejected, match="larger than Scout takes"):
        only(path)
    path.with_suffix(".nii.gz").write_bytes(gzip.compress(whole)[:-20])
    with pytest.raises(Rejected, match="damaged or cut off"):
        only(path.with_suffix(".nii.gz"))


@pytest.mark.skipif(not HIPPOCAMPUS.is_dir(), reason=f"no hippocampus volumes in {HIPPOCAMPUS}")
def test_hippocampus_volumes_agree_with_nibabel() -> None:
    path = HIPPOCAMPUS / "hippocampus_003.nii.gz"
    volume = only(path)
    voxels = nib.as_closest_canonical(nib.load(path)).get_fdata(dtype=np.float32)
    shown = np.transpose(voxels[::-1, ::-1], (2, 1, 0))
    assert (volume.data == shown).all()
    assert volume.header["frame_count"] == 35
