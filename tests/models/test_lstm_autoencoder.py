import numpy as np
import pytest

from oddflow.core.errors import InputError
from oddflow.models.lstm_autoencoder import Widths, autoencoder_weights, build_lstm_autoencoder
from tests.detect.oracle import autoencode


@pytest.mark.parametrize(
    ("steps", "columns", "encoder", "decoder"),
    [(1, 7, (5,), (6,)), (4, 9, (8, 3), (4, 8)), (10, 3, (6, 5, 2), (3,))],
)
def test_the_network_is_the_papers_equations(
    steps: int, columns: int, encoder: tuple[int, ...], decoder: tuple[int, ...]
) -> None:
    widths = Widths(encoder=encoder, decoder=decoder)
    model = build_lstm_autoencoder(steps, columns, widths, seed=1)
    weights = autoencoder_weights(model)
    assert [layer.units for layer in weights.encoder] == list(encoder)
    assert weights.latent_width == encoder[-1]
    windows = np.random.default_rng(0).normal(size=(20, steps, columns)).astype(np.float32)
    expected, _ = autoencode(windows.astype(np.float64), weights)
    assert np.asarray(model(windows)) == pytest.approx(expected, abs=1e-5)


def test_the_seed_decides_the_weights() -> None:
    first, again, other = (
        build_lstm_autoencoder(2, 3, Widths(), seed=seed).get_weights() for seed in (1, 1, 2)
    )
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert any((a != b).any() for a, b in zip(first, other, strict=True))


def test_layers_of_one_model_start_differently() -> None:
    weights = autoencoder_weights(
        build_lstm_autoencoder(2, 8, Widths(encoder=(8, 8), decoder=(8, 8)), seed=0)
    )
    kernels = [layer.kernel for layer in (*weights.encoder, *weights.decoder)]
    assert all((kernels[0] != kernel).any() for kernel in kernels[1:])


@pytest.mark.parametrize("wrong", [{"encoder": ()}, {"decoder": ()}, {"encoder": (4, 0)}])
def test_layers_without_units_are_refused(wrong: dict[str, tuple[int, ...]]) -> None:
    with pytest.raises(InputError, match="at least 1 unit"):
        Widths(**wrong)
