"""What the commands that train have in common: settings, a progress bar, a fitted detector."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from oddflow.cli.console import Output
from oddflow.core.errors import InputError

if TYPE_CHECKING:
    from oddflow.core.matrix import FeatureMatrix
    from oddflow.detect.autoencoder import LSTMAutoencoderDetector
    from oddflow.detect.manifest import Manifest
    from oddflow.models.train import Epoch


class TunedSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of a detector that `oddflow tune` writes and `oddflow train --settings` reads."""

    encoder_widths: tuple[int, ...] | None = None
    decoder_widths: tuple[int, ...] | None = None
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None


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


def trained_text(output: Path, manifest: Manifest) -> str:
    """What there is now, for people: a model of this many records, and how much it flags."""
    training = manifest.training
    return (
        f"{output}: trained on {training.n_records:,} normal records of {training.source} in "
        f"{training.seconds:.0f} s ({training.n_epochs} epochs); flags "
        f"{manifest.target_fpr:.2%} of traffic like it"
    )


def contamination_warning(estimate: float, *, can_trim: bool) -> str:
    """What to say where training records seem to hold attacks.

    Args:
        estimate: share of the records in a group apart from the rest, from 0 to 1.
        can_trim: whether the detector has a `contamination`.
    """
    remedy = (
        f"leave them out with --contamination {estimate:.2g}"
        if can_trim
        else "take them out of the records"
    )
    return (
        f"warning: about {estimate:.1%} of the training records form a group apart from the rest, "
        "as attacks do that nobody noticed. Look at what happened there; if they may be attacks, "
        f"{remedy}"
    )
