"""Steps: how an encoded record becomes the sequence that an LSTM reads.

`record`  T=1: the whole record is one step.
`groups`  T=number of feature groups (4 for KDD: basic, content, time window, host window): each
          group is one step, padded to the widest.

NSL-KDD has no time order, so neither form reads across records; sequences over hosts are built
from time-ordered traffic only.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from oddflow.features.encode import Encoder


class Steps(StrEnum):
    """The forms of a sequence."""

    RECORD = "record"
    GROUPS = "groups"


@dataclass(frozen=True)
class StepLayout:
    """Which encoded columns make which step.

    Attributes:
        slices: encoded columns of each step, in order; together they cover the row once.
    """

    slices: tuple[slice, ...]

    @property
    def n_steps(self) -> int:
        """T."""
        return len(self.slices)

    @property
    def width(self) -> int:
        """Columns of the widest step; the others are padded with zeros to it."""
        return max(int(s.stop) - int(s.start) for s in self.slices)

    @property
    def mask(self) -> NDArray[np.float32]:
        """1 where a window holds data, 0 where it is padding, shape (steps, width)."""
        mask = np.zeros((self.n_steps, self.width), dtype=np.float32)
        for step, columns in enumerate(self.slices):
            mask[step, : columns.stop - columns.start] = 1
        return mask

    def windows(self, encoded: NDArray[np.float32]) -> NDArray[np.float32]:
        """Encoded rows (n, columns) to windows (n, steps, width)."""
        windows = np.zeros((len(encoded), self.n_steps, self.width), dtype=np.float32)
        for step, columns in enumerate(self.slices):
            windows[:, step, : columns.stop - columns.start] = encoded[:, columns]
        return windows

    def rows(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Windows (n, steps, width) back to rows (n, columns); padding is dropped.

        >>> layout = StepLayout((slice(0, 2), slice(2, 3)))
        >>> layout.rows(layout.windows(np.array([[1, 2, 3]], dtype=np.float32)))
        array([[1., 2., 3.]], dtype=float32)
        """
        return np.concatenate(
            [windows[:, step, : s.stop - s.start] for step, s in enumerate(self.slices)], axis=1
        )


def step_layout(encoder: Encoder, steps: Steps) -> StepLayout:
    """The layout of `steps` for the columns of `encoder`."""
    if steps is Steps.RECORD:
        return StepLayout((slice(0, encoder.n_columns),))
    return StepLayout(encoder.group_slices)
