"""The threshold of `detect --fdr`: read from the batch itself, before it is read to write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from oddflow.cli.console import Output
from oddflow.core.errors import InputError

if TYPE_CHECKING:
    from oddflow.core.matrix import FeatureMatrix
    from oddflow.core.verdicts import Threshold
    from oddflow.detect.bundle import Bundle


def discovery_threshold(
    bundle: Bundle, records: str, data: Path | None, fdr: float, out: Output
) -> Threshold:
    """The threshold at which, on average, at most the share `fdr` of what is flagged is normal.

    Every record is read and scored; only counts are kept, so memory stays bounded.

    Raises:
        InputError: a rate outside (0, 1), what can be read only once, or what `detect` refuses.
    """
    from oddflow.detect.discovery import PValueCounts, fewest_flagged

    counts = PValueCounts.none(bundle.model.calibration)
    counts.threshold(fdr)  # refuses early
    with out.progress("scoring, to control false discoveries", None, "records") as advance:
        for features in _blocks(bundle, records, data, out):
            counts = counts.with_scores(bundle.model.score_samples(features))
            advance(counts.n_records)
    threshold = counts.threshold(fdr)
    n, n_calibration = counts.n_records, threshold.n_reference
    out.note(
        f"false discovery rate {fdr:.3g}: p-values up to {threshold.target_fpr:.3g} are flagged in "
        f"this batch of {n:,}; with {n_calibration:,} calibration records, fewer than "
        f"{fewest_flagged(n, n_calibration, fdr):,} odd ones could not be"
    )
    return threshold


def require_rereadable(records: str) -> None:
    """Raise InputError for what cannot be read twice, such as a pipe."""
    path = Path(records)
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise InputError(
            f"{records}: --fdr reads its input twice, expected a file or a folder, received what "
            "can be read once; save it to a file first, or use --fpr"
        )


def _blocks(
    bundle: Bundle, records: str, data: Path | None, out: Output
) -> Iterator[FeatureMatrix]:
    """The features of all records, as `detect` reads them."""
    from oddflow.cli.recordings import Tally, featured, is_recording, recorded, schema_of
    from oddflow.cli.records import records_path
    from oddflow.datasets.kdd_rows import read_kdd_rows

    require_rereadable(records)
    if is_recording(records):
        for _, features in featured(recorded(records), schema_of(bundle), Tally()):
            yield features
    else:
        for block in read_kdd_rows(records_path(records, data, out)):
            yield block.features
