"""What the commands that train have in common: records in, a progress bar, a fitted detector."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from oddflow.cli.console import Output
from oddflow.core.errors import InputError

if TYPE_CHECKING:
    from oddflow.core.matrix import FeatureMatrix, LabelledMatrix
    from oddflow.detect.autoencoder import LSTMAutoencoderDetector
    from oddflow.models.train import Epoch


class TunedSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of a detector that `oddflow tune` writes and `oddflow train --settings` reads."""

    encoder_widths: tuple[int, ...] | None = None
    decoder_widths: tuple[int, ...] | None = None
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None


def load_corpus(name: str, data: Path | None, out: Output) -> LabelledMatrix:
    """A file of NSL-KDD, downloaded with a bar if it is not at hand."""
    from oddflow.datasets.nsl_kdd import load_nsl_kdd

    with out.download() as on_progress:
        return load_nsl_kdd(name, data_dir=data, on_progress=on_progress)


def load_records(records: str, data: Path | None, out: Output) -> FeatureMatrix:
    """Features of an NSL-KDD file by name, or of a file of rows."""
    path = Path(records)
    if not path.is_file():
        return load_corpus(records, data, out).features
    from oddflow.datasets.kdd_rows import gather, read_kdd_rows

    return gather(read_kdd_rows(path)).features


def load_normals(records: str, data: Path | None, out: Output) -> tuple[FeatureMatrix, str]:
    """Normal records of an NSL-KDD file by name, or of a file of rows; and what to call them."""
    path = Path(records)
    if not path.is_file():
        return load_corpus(records, data, out).normals(), records
    from oddflow.datasets.kdd_rows import gather, read_kdd_rows

    block = gather(read_kdd_rows(path))
    is_normal = slice(None) if block.attacks is None else block.attacks == "normal"
    return block.features.take(is_normal), path.name


def read_settings(path: Path) -> dict[str, Any]:
    """Parameters of a detector from a JSON file.

    Raises:
        InputError: not such a file; the key is named.
    """
    try:
        found = msgspec.json.decode(path.read_bytes(), type=TunedSettings)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: expected the JSON that `oddflow tune` writes: {error}") from None
    return {name: v for name, v in msgspec.structs.asdict(found).items() if v is not None}


def train_with_progress(
    normals: FeatureMatrix,
    out: Output,
    **parameters: Any,  # noqa: ANN401 - of the detector
) -> LSTMAutoencoderDetector:
    """A detector fitted to normal records, with a bar that shows losses, rate and time left."""
    from oddflow.detect.autoencoder import LSTMAutoencoderDetector

    detector = LSTMAutoencoderDetector(**parameters)
    with out.progress("compiling", detector.epochs, "epochs") as advance:

        def show(epoch: Epoch) -> None:
            text = (
                f"epoch {epoch.number}: loss {epoch.loss:.5f}, held out "
                f"{epoch.validation_loss:.5f}, {epoch.rows_per_s:,.0f} records/s"
            )
            advance(epoch.number, text)

        return detector.fit(normals, on_epoch=show)
