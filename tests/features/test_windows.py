import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from oddflow.core.kdd41 import KDD41
from oddflow.core.matrix import FeatureMatrix
from oddflow.features.encode import Encoder
from oddflow.features.windows import StepLayout, Steps, step_layout


def kdd_encoder() -> Encoder:
    columns = {f.name: ["tcp", "udp"] if f.is_category else [0.0, 1.0] for f in KDD41.features}
    return Encoder.fit(FeatureMatrix.from_columns(KDD41, columns))


def test_groups_are_the_four_of_kdd_and_record_is_one_step() -> None:
    encoder = kdd_encoder()
    groups = step_layout(encoder, Steps.GROUPS)
    assert [s.stop - s.start for s in groups.slices] == [6 + 3 * 3, 13, 9, 10]
    assert groups.width == 15
    assert groups.mask.sum() == encoder.n_columns
    record = step_layout(encoder, Steps.RECORD)
    assert (record.n_steps, record.width) == (1, encoder.n_columns)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=5), st.integers(0, 4))
def test_windows_and_rows_are_inverse(widths: list[int], n: int) -> None:
    ends = np.cumsum(widths).tolist()
    layout = StepLayout(tuple(slice(e - w, e) for e, w in zip(ends, widths, strict=True)))
    rows = np.random.default_rng(0).normal(size=(n, sum(widths))).astype(np.float32)
    windows = layout.windows(rows)
    assert windows.shape == (n, len(widths), max(widths))
    assert (layout.rows(windows) == rows).all()
    assert (windows[:, layout.mask == 0] == 0).all()
