"""Whether a connection was a clean exchange: both sides spoke, it was completed, nothing failed.

Scans, floods and guesses mostly are not: nobody answers, or somebody refuses. It is a rule of thumb
on what an attacker decides, so it may hold back what a model learns by itself (it is used for that
alone, see `oddflow.detect.online`) and must never pass a record that a model flags.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import InputError
from oddflow.core.matrix import FeatureMatrix

NEEDED = ("flag", "src_bytes", "dst_bytes")
COMPLETED = "SF"
"""KDD's flag of a connection that was opened and closed, and of any that needs neither."""
ALWAYS_FINE = "logged_in"
"""The one feature of the content that says nothing bad."""
TROUBLE = (
    "land",
    "wrong_fragment",
    "urgent",
    "serror_rate",
    "srv_serror_rate",
    "rerror_rate",
    "srv_rerror_rate",
)
"""Features of other groups than the content that are 0 where nothing failed."""


def is_clean_exchange(records: FeatureMatrix) -> NDArray[np.bool_]:
    """True for completed connections with bytes both ways and nothing else to remark, shape (n,).

    Nothing to remark: no errors among the connections of the last seconds, no broken fragments, and
    no finding in the content (logins that failed, files, shells, "hot" indicators), as far as the
    records have these features.

    Raises:
        InputError: the records are not KDD's features.
    """
    names = set(records.schema.names)
    lacking = [name for name in NEEDED if name not in names]
    if lacking:
        raise InputError(
            f"a clean exchange is told by KDD's features {', '.join(NEEDED)}; the records have no "
            f"{', '.join(lacking)}. Give a rule of your own for them"
        )
    is_clean = records.column("flag") == COMPLETED
    is_clean &= (records.column("src_bytes") > 0) & (records.column("dst_bytes") > 0)
    for feature in records.schema.numeric:
        is_finding = feature.group == "content" and feature.name != ALWAYS_FINE
        if is_finding or feature.name in TROUBLE:
            is_clean &= records.column(feature.name) == 0
    return np.asarray(is_clean, dtype=np.bool_)
