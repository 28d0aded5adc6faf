"""Parting normal connections whose order matters: by stretches of time, never row by row.

Windows overlap, so a random choice of rows would put nearly all of a held-out window among those
trained on. Here the recording is cut into stretches of equal numbers of connections, and whole
stretches are dealt out. The network is trained on histories that begin anew with each stretch, so
that no held-out connection is in any of them. Where held-out connections are scored, histories run
on from what came before, trained on or not, as they do in use: cut off, they would be shorter.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import InputError
from oddflow.detect.calibrate import Split

N_STRETCHES = 10


class Parting(NamedTuple):
    """Who may see which connection.

    split: rows of each part, in order of time; stretch: number of the stretch that each connection
    is in, neighbours of the same part counting as one, shape (n,).
    """

    split: Split
    stretch: NDArray[np.int64]


def part_in_time(n_records: int, *, validation: float, calibration: float, seed: int) -> Parting:
    """Deal out `N_STRETCHES` stretches to training, validation and calibration.

    Args:
        n_records: normal connections, in order of time.
        validation: share kept to stop by and for the statistics of the residual, rounded up to
            whole stretches.
        calibration: share kept for p-values and thresholds, rounded up too.
        seed: of the dealing.

    Raises:
        InputError: shares that leave nothing to train on, or fewer connections than stretches.
    """
    n_validation, n_calibration = (
        int(np.ceil(share * N_STRETCHES - 1e-9)) for share in (validation, calibration)
    )
    n_fit = N_STRETCHES - n_validation - n_calibration
    if min(n_fit, n_validation, n_calibration) < 1 or n_records < N_STRETCHES:
        raise InputError(
            f"{n_records} connections in {N_STRETCHES} stretches of time cannot be parted into "
            f"training, validation ({validation:.0%}) and calibration ({calibration:.0%}); give "
            "more connections, or shares that leave some for each part"
        )
    parts = np.repeat([0, 1, 2], [n_fit, n_validation, n_calibration])
    dealt = np.random.default_rng(seed).permutation(parts)
    part = dealt[np.arange(n_records) * N_STRETCHES // n_records]
    stretch = np.cumsum(np.diff(part, prepend=part[0]) != 0)
    return Parting(Split(*(np.flatnonzero(part == i) for i in range(3))), stretch)
