"""A set of row ids, kept as the runs it consists of."""

from bisect import bisect_right
from collections.abc import Sequence


class IdRanges:
    """Ids as sorted, disjoint, inclusive `[first, last]` pairs.

    Rows are made in runs, so the ids of a project's hundred thousand tasks are a handful of pairs.
    """

    def __init__(self, pairs: Sequence[Sequence[int]]) -> None:
        self.firsts = [first for first, _ in pairs]
        self.lasts = [last for _, last in pairs]

    def __contains__(self, row: int) -> bool:
        at = bisect_right(self.firsts, row) - 1
        return at >= 0 and row <= self.lasts[at]

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in zip(self.firsts, self.lasts, strict=True))

    @property
    def last(self) -> int:
        """The greatest id, or 0 where there is none."""
        return self.lasts[-1] if self.lasts else 0
