"""Masks: from Label Studio's brush strokes to COCO's run lengths.

Label Studio packs a mask as the RGBA bytes of its image, run-length encoded bit by bit
(https://github.com/thi-ng/umbrella/tree/develop/packages/rle-pack): 32 bits number of values,
5 bits word size - 1, four times 4 bits run size - 1; then chunks of 1 bit "a run" or "literals",
2 bits which run size, the length - 1 in as many bits, and one value or as many values.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class _Bits:
    def __init__(self, packed: Sequence[int]) -> None:
        self.text = "".join(format(byte, "08b") for byte in packed)
        self.at = 0

    def take(self, size: int) -> str:
        taken = self.text[self.at : self.at + size]
        if len(taken) < size:
            raise ValueError("The mask's run lengths end before its image is full.")
        self.at += size
        return taken

    def number(self, size: int) -> int:
        return int(self.take(size), 2)


def brush_bytes(packed: Sequence[int], *, count: int) -> bytes:
    """The `count` bytes a brush mask stands for, RGBA interleaved. Raises ValueError for a damaged
    mask, and for one of another size before it is unpacked."""
    bits = _Bits(packed)
    claimed = bits.number(32)
    if claimed != count:
        raise ValueError(f"The mask has {claimed} values; its image has {count}.")
    word = bits.number(5) + 1
    if word != 8:
        raise ValueError(f"The mask's words have {word} bits; Label Studio writes 8.")
    sizes = [bits.number(4) + 1 for _ in range(4)]
    out = bytearray()
    while len(out) < count:
        is_run = bits.number(1)
        length = min(bits.number(sizes[bits.number(2)]) + 1, count - len(out))
        if is_run:
            out += bytes([bits.number(8)]) * length
        else:
            out += bits.number(8 * length).to_bytes(length, "big")
    return bytes(out)


def mask_from_brush(packed: Sequence[int], *, rows: int, columns: int) -> "NDArray[np.bool_]":
    """The mask, [rows, columns]: where the brush's alpha is not zero.

    Raises ValueError for a damaged mask, and for one of another image's size.
    """
    import numpy as np

    values = np.frombuffer(brush_bytes(packed, count=rows * columns * 4), dtype=np.uint8)
    mask: NDArray[np.bool_] = values.reshape(rows, columns, 4)[:, :, 3] > 0
    return mask


def coco_counts(mask: "NDArray[np.bool_]") -> list[int]:
    """COCO's uncompressed run lengths: down the columns, beginning with a run of background.

    pycocotools reads them as they are (`mask.frPyObjects`, which `COCO.annToRLE` calls).
    """
    import numpy as np

    flat = mask.ravel(order="F")
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    counts: list[int] = np.diff(np.concatenate(([0], edges, [flat.size]))).tolist()
    return [0, *counts] if flat.size and flat[0] else counts


def box_around(mask: "NDArray[np.bool_]") -> list[int]:
    """[x, y, width, height] of the smallest box that holds the mask; zeros for an empty one."""
    import numpy as np

    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if rows.size == 0:
        return [0, 0, 0, 0]
    x, y = int(columns[0]), int(rows[0])
    return [x, y, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1]
