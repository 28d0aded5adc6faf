"""What each column of a KDD Cup 99 or NSL-KDD file must hold."""

from __future__ import annotations

from oddflow.core.kdd41 import KDD41
from oddflow.datasets.columns import Column, feature_column, name_column

MAX_DIFFICULTY = 21
"""Number of learners that NSL-KDD's publishers had label each record."""

COLUMNS = (
    *(feature_column(feature) for feature in KDD41.features),
    # KDD99 writes `normal.`, NSL-KDD `normal`
    name_column("the label", "an attack's name in lower case", r"^[a-z0-9_-]{1,32}\.?$"),
    Column(
        "the difficulty",
        f"a whole number from 0 to {MAX_DIFFICULTY}",
        True,
        lambda values: values.is_between(0, MAX_DIFFICULTY) & (values == values.floor()),
    ),
)
