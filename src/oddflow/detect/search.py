"""Search for settings of the LSTM autoencoder with Optuna, on held-out normals alone.

The code is given a width of its own list, never free: a wider code always rebuilds better, and past
some width it copies instead of understanding, which held-out error cannot show.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from oddflow.core.errors import InputError, MissingExtra
from oddflow.core.matrix import FeatureMatrix
from oddflow.detect.autoencoder import LSTMAutoencoderDetector

if TYPE_CHECKING:
    import optuna

    from oddflow.models.train import Epoch

OUTER_WIDTHS = (32, 64, 96)
CODE_WIDTHS = (8, 16, 32)
BATCH_SIZES = (64, 128, 256, 512)
EPOCHS = (10, 50)
LEARNING_RATES = (3e-4, 1e-2)


class Found(NamedTuple):
    """The best settings of a search.

    parameters: of `LSTMAutoencoderDetector`; validation_loss: mean squared error of held-out
    normals; n_trials: finished or cut short; n_pruned: cut short.
    """

    parameters: dict[str, Any]
    validation_loss: float
    n_trials: int
    n_pruned: int


def search(
    normals: FeatureMatrix,
    *,
    n_trials: int,
    seed: int,
    seconds: float | None = None,
    on_trial: Callable[[int, float], None] | None = None,
) -> Found:
    """Try settings by the tree-structured Parzen estimator; median pruning stops the hopeless.

    Args:
        normals: records to train and to judge by; the calibration share of them is not touched.
        n_trials: settings to try.
        seed: of the search, of the split and of every training.
        seconds: start no trial after this long.
        on_trial: told how many trials are done and the lowest loss.

    Raises:
        InputError: no trial was finished in `seconds`.
        MissingExtra: Optuna or Keras is not installed.
    """
    try:
        import optuna
    except ImportError as error:
        raise MissingExtra(purpose="tuning", package="optuna", extra="train") from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=5),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=4),
    )

    def objective(trial: optuna.Trial) -> float:
        detector = LSTMAutoencoderDetector(seed=seed, **_suggest(trial))

        def report(epoch: Epoch) -> None:
            trial.report(epoch.validation_loss, epoch.number)
            if trial.should_prune():
                raise optuna.TrialPruned

        _, history = detector.train_network(normals, on_epoch=report)
        return history.validation_loss[history.best_epoch]

    def tell(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        if on_trial is not None:
            on_trial(trial.number + 1, study.best_value)

    study.optimize(objective, n_trials=n_trials, timeout=seconds, callbacks=[tell])
    complete = optuna.trial.TrialState.COMPLETE
    if not any(trial.state == complete for trial in study.trials):
        raise InputError("no trial was finished; allow more of them, or more time")
    pruned = [t for t in study.trials if t.state == optuna.trial.TrialState.PRUNED]
    return Found(
        _suggest(study.best_trial), float(study.best_value), len(study.trials), len(pruned)
    )


def _suggest(trial: optuna.Trial | optuna.trial.FrozenTrial) -> dict[str, Any]:
    outer = trial.suggest_categorical("outer_width", OUTER_WIDTHS)
    code = trial.suggest_categorical("code_width", CODE_WIDTHS)
    return {
        "encoder_widths": (outer, code),
        "decoder_widths": (max(outer // 2, code), outer),
        "epochs": trial.suggest_int("epochs", *EPOCHS),
        "batch_size": trial.suggest_categorical("batch_size", BATCH_SIZES),
        "learning_rate": trial.suggest_float("learning_rate", *LEARNING_RATES, log=True),
    }
