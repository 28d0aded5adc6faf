"""Everything oddflow raises on purpose, and the exit code the command line gives it.

OddflowError                1   something oddflow refuses to do
  InputError                2   the traffic, file or argument is not what was promised
    MalformedInput          2   a file is wrong at a known line and column
    SchemaMismatch          2   the model was trained on other features
    ResolutionError         2   a false-positive rate that the calibration set cannot resolve
  ArtifactError             2   a model directory is damaged, altered or too new
  NotFittedError            2   call fit() first
  DataUnavailable           3   a corpus is neither on disk nor downloadable
  MissingExtra              4   an optional dependency is not installed
  TrainingDiverged          1   a loss is no longer a number (models.train)
  UnsupportedLayer          1   a layer that cannot become a scorer graph (models.chain)
  LiveError                 1   a network interface cannot be listened to (ingest.ring)
  DeliveryFailed            1   a receiver of alerts cannot be reached (alerts.syslog)
  WorkerDied                1   a process of `oddflow reproduce` ended without an answer

Every message says which thing, what was expected, what came, and what to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar


class OddflowError(Exception):
    """Base of every error that oddflow raises on purpose."""

    exit_code: ClassVar[int] = 1


class InputError(OddflowError, ValueError):
    """The traffic, file or argument is not what was promised."""

    exit_code = 2


class MalformedInput(InputError):
    """A file is wrong at a known place.

    Attributes:
        path: the file.
        line: one-based line, or None where the damage has no line (a cut archive).
        column: one-based field within the line, or None when the whole line is wrong.
    """

    def __init__(
        self, path: str | Path, reason: str, *, line: int | None = None, column: int | None = None
    ) -> None:
        self.path, self.line, self.column = Path(path), line, column
        place = str(path)
        if line is not None:
            place += f", line {line}"
        if column is not None:
            place += f", column {column}"
        super().__init__(f"{place}: {reason}")


class SchemaMismatch(InputError):
    """The features received are not the ones the model was trained on."""

    def __init__(self, *, expected: Iterable[str], received: Iterable[str]) -> None:
        wanted, came = list(expected), list(received)
        missing = [name for name in wanted if name not in came]
        extra = [name for name in came if name not in wanted]
        detail = (
            f"missing {missing}, unexpected {extra}"
            if missing or extra
            else "the same names in another order, or with other types"
        )
        super().__init__(
            f"the model expects {len(wanted)} features, received {len(came)}: {detail}. "
            "Give it the columns it was trained on; `oddflow inspect MODEL` lists them."
        )


class ResolutionError(InputError):
    """A false-positive rate was asked for that the calibration set cannot resolve."""


class ArtifactError(OddflowError):
    """A model directory is damaged, altered, incomplete or of a newer format."""

    exit_code = 2


class NotFittedError(OddflowError, ValueError, AttributeError):
    """The detector has learnt nothing yet; call fit() first."""

    exit_code = 2


class DataUnavailable(OddflowError, FileNotFoundError):
    """A corpus file is neither on disk nor downloadable."""

    exit_code = 3


class MissingExtra(OddflowError, ImportError):
    """An optional dependency is needed and not installed."""

    exit_code = 4

    def __init__(self, *, purpose: str, package: str, extra: str) -> None:
        super().__init__(
            f"{purpose} needs {package}, which is not installed. "
            f"Install it with: pip install 'oddflow[{extra}]'"
        )
