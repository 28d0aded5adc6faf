"""Times as loggers write them."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddflow.ingest.iso_time import MAX_S, epoch_seconds, iso_seconds, written_seconds

SECONDS = 1582934102.459268


@pytest.mark.parametrize(
    "text",
    [
        "2020-02-28T23:55:02.459268+0000",
        "2020-02-28T23:55:02.459268+00:00",
        "2020-02-28T23:55:02.459268Z",
        "2020-02-28T23:55:02.459268",
        "2020-02-29T05:25:02.459268+0530",
    ],
)
def test_one_moment_in_many_words(text: str) -> None:
    assert iso_seconds(pl.Series([text])).to_list() == [SECONDS]


def test_forms_may_be_mixed() -> None:
    texts = ["2020-02-28T23:55:02Z", "2020-02-28T23:55:02", None, "tomorrow", "1.5", ""]
    whole = float(int(SECONDS))
    assert iso_seconds(pl.Series(texts)).to_list() == [whole, whole, None, None, None, None]
    assert written_seconds(pl.Series(texts)).to_list() == [whole, whole, None, None, 1.5, None]


@given(st.datetimes(datetime(1970, 1, 1), datetime(2250, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_every_time_is_read_to_the_nearest_number(time: datetime) -> None:
    assert iso_seconds(pl.Series([time.isoformat()])).to_list() == [time.timestamp()]


def test_numbers_too_large_for_seconds_are_milliseconds() -> None:
    numbers = [SECONDS, SECONDS * 1000, MAX_S, MAX_S * 1000, None, -1.0]
    read = epoch_seconds(pl.Series(numbers, dtype=pl.Float64)).to_list()
    assert read == [SECONDS, SECONDS, MAX_S, MAX_S, None, -1.0]
