"""Times as loggers write them, as seconds since 1970."""

from __future__ import annotations

import polars as pl

MAX_S = 253_402_300_800.0
"""The year 10000; later times are wrong, or not in seconds."""

_WITH_ZONE = "%Y-%m-%dT%H:%M:%S%.f%#z"
_WITHOUT_ZONE = "%Y-%m-%dT%H:%M:%S%.f"
_MICROSECONDS = 1e6
_MS = 1e3


def iso_seconds(texts: pl.Series) -> pl.Series:
    """Seconds since 1970 of ISO 8601 times, null for anything else.

    Args:
        texts: such as `2020-02-28T23:55:02.459268+0000`, with `Z`, or in UTC without a zone; to
            the microsecond, up to the year 2255.
    """
    times = texts.str.to_datetime(_WITH_ZONE, time_unit="us", time_zone="UTC", strict=False)
    micros = times.to_physical()
    if micros.null_count() > texts.null_count():
        plain = texts.str.to_datetime(_WITHOUT_ZONE, time_unit="us", strict=False)
        micros = micros.zip_with(micros.is_not_null(), plain.to_physical())
    return _divided(micros, _MICROSECONDS)


def written_seconds(texts: pl.Series) -> pl.Series:
    """Seconds since 1970 of ISO 8601 times or of numbers as text, null for anything else."""
    numbers = epoch_seconds(texts.cast(pl.Float64, strict=False))
    return numbers.zip_with(numbers.is_not_null(), iso_seconds(texts))


def epoch_seconds(numbers: pl.Series) -> pl.Series:
    """Seconds since 1970 of numbers that count seconds or milliseconds since then.

    A number of seconds beyond the year 10000 is one of milliseconds; as milliseconds, it is a
    time after January 1978.

    Args:
        numbers: Float64.
    """
    is_seconds = ~(numbers.abs() > MAX_S).fill_null(value=False)
    return numbers if is_seconds.all() else numbers.zip_with(is_seconds, _divided(numbers, _MS))


def _divided(numbers: pl.Series, by: float) -> pl.Series:
    """The nearest number; polars multiplies by 1 / `by`, which is off by a bit."""
    quotients = pl.Series(numbers.to_numpy() / by)
    return quotients if not numbers.null_count() else quotients.set(numbers.is_null(), None)
