"""Records by name or by file: what a command is given to read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from oddflow.cli.console import Output
from oddflow.core.errors import InputError

if TYPE_CHECKING:
    from oddflow.core.matrix import FeatureMatrix, LabelledMatrix


LAB = "lab-first"
"""Name of the recording that comes with the package."""
LAB_RECORDINGS = {LAB: "first", "lab-second": "second"}
"""Names of the recordings that come with the package, and what `load_lab` calls them."""


def load_corpus(name: str, data: Path | None, out: Output) -> LabelledMatrix:
    """A file of NSL-KDD, downloaded with a bar if it is not at hand."""
    from oddflow.datasets.nsl_kdd import load_nsl_kdd

    with out.download() as on_progress:
        return load_nsl_kdd(name, data_dir=data, on_progress=on_progress)


def records_path(records: str, data: Path | None, out: Output) -> Path:
    """The file meant by a path or by the name of an NSL-KDD file, downloaded if need be.

    Raises:
        InputError: neither a file nor such a name.
        DataUnavailable: the corpus is neither on disk nor downloadable.
    """
    from oddflow.datasets.catalog import corpus_file
    from oddflow.datasets.download import obtain
    from oddflow.datasets.nsl_kdd import FILES

    path = Path(records)
    if path.exists():
        return path
    try:
        file = corpus_file(FILES, records)
    except InputError as error:
        raise InputError(f"{records}: no such file, and no corpus of that name: {error}") from None
    with out.download() as on_progress:
        return obtain(file, data_dir=data, on_progress=on_progress)


def load_records(records: str, data: Path | None, out: Output) -> FeatureMatrix:
    """Features of an NSL-KDD file or a recording of the lab by name, or of a file of rows."""
    from oddflow.datasets.kdd_rows import gather, read_kdd_rows
    from oddflow.datasets.lab import load_lab

    if records in LAB_RECORDINGS and not Path(records).exists():
        return load_lab(LAB_RECORDINGS[records]).features
    return gather(read_kdd_rows(records_path(records, data, out))).features


def load_normals(
    records: str, data: Path | None, out: Output, *, profile: str | None = None
) -> tuple[FeatureMatrix, str]:
    """Records to learn from, and what to call them.

    Those of an NSL-KDD file by name, of a file of rows, or of the lab's first recording, by the
    name `lab-first`, without labelled attacks; or all connections of a capture or log.

    Raises:
        InputError: they cannot be read, or a profile is asked for that they do not have.
    """
    from oddflow.cli.recordings import default_profile, gathered, is_recording
    from oddflow.datasets.kdd_rows import gather, read_kdd_rows
    from oddflow.datasets.lab import load_lab
    from oddflow.features.kdd import PROFILES

    if records == LAB and not Path(records).exists():
        normals = load_lab("first").normals()
        return normals.select(PROFILES[profile]) if profile else normals, "lab, first recording"
    if is_recording(records):
        return gathered(records, profile or default_profile(records)), Path(records).name
    block = gather(read_kdd_rows(records_path(records, data, out)))
    is_normal = slice(None) if block.attacks is None else block.attacks == "normal"
    normals = block.features.take(is_normal)
    return normals.select(PROFILES[profile]) if profile else normals, Path(records).name


def load_attacks(
    records: str, data: Path | None, out: Output, *, profile: str | None = None
) -> LabelledMatrix | None:
    """The same records with their labels; None where nobody labelled them."""
    from oddflow.cli.recordings import is_recording
    from oddflow.core.matrix import LabelledMatrix, Labels
    from oddflow.datasets.families import families_where_known
    from oddflow.datasets.kdd_rows import gather, read_kdd_rows
    from oddflow.datasets.lab import load_lab
    from oddflow.features.kdd import PROFILES

    if records == LAB and not Path(records).exists():
        lab = load_lab("first")
        features, labels = lab.features, lab.labels
    elif is_recording(records):
        return None
    else:
        block = gather(read_kdd_rows(records_path(records, data, out)))
        if block.attacks is None:
            return None
        labels = Labels(block.attacks, families_where_known(block.attacks))
        features = block.features
    if profile:
        features = features.select(PROFILES[profile])
    return LabelledMatrix(records, features, labels)
