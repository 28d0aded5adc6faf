"""Records count as equal when all features are, names included."""

from __future__ import annotations

import numpy as np
from benchmarks.attack_sheet import equal_rows

from oddflow.core.kdd41 import KDD41
from oddflow.core.matrix import FeatureMatrix
from tests.toy import toy_normals


def test_a_copy_is_equal_and_one_other_name_or_number_is_not() -> None:
    records = toy_normals(40, seed=0)
    copies = records.take(np.arange(30)[::-1])
    assert equal_rows(records, copies).tolist() == [True] * 30 + [False] * 10
    columns = {name: copies.column(name).copy() for name in KDD41.names}
    columns["service"][:10] = "ssh"
    columns["count"][10:20] += 1
    changed = FeatureMatrix.from_columns(KDD41, columns)
    assert equal_rows(records, changed).sum() == 10
