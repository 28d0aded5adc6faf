"""Every classifying network by name: how records become its input, and how it is trained.

The settings that Elazmazy and Nabil (2024) give in their table 3 (Adam, 50 epochs, batches of 128)
are those of `PAPER`. What an original does not say is our choice, made on training records alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oddflow.core.matrix import FeatureMatrix
from oddflow.features.encode import Encoder, Scaling
from oddflow.features.reduce import Reduction, columns_of, principal_components
from oddflow.features.select import by_boruta, by_mutual_information
from oddflow.features.windows import StepLayout
from oddflow.models.ann import build_ann
from oddflow.models.classifier import Build, Network, Task, learn
from oddflow.models.cnn import Sizes, learn_cnn
from oddflow.models.dbn import learn_dbn
from oddflow.models.dnn import build_dnn
from oddflow.models.lstm_autoencoder import Widths
from oddflow.models.lstm_autoencoder_classifier import learn_lstm_autoencoder_classifier
from oddflow.models.recurrent import build_lstm, build_rnn
from oddflow.models.sdae_elm import learn_sdae_elm
from oddflow.models.train import TrainSettings

PAPER = TrainSettings(epochs=50, batch_size=128, learning_rate=1e-3, patience=50)
"""Table 3 of the paper. All epochs are run; the weights of the best one are kept."""


class Input(StrEnum):
    """The form in which a network reads a record."""

    FLAT = "flat"
    """All columns at once, (n, columns)."""
    GROUPS = "groups"
    """Feature groups as steps, (n, groups, columns of the widest)."""
    FEATURES = "features"
    """Each feature or component that a reduction left as a step, (n, features, columns of the
    widest)."""


class Labelled(NamedTuple):
    """Training records as a reduction sees them: features, encoded, and the class of each."""

    encoder: Encoder
    records: FeatureMatrix
    encoded: NDArray[np.float32]
    classes: NDArray[np.object_]
    seed: int


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How one network is made.

    Attributes:
        title: what tables call it.
        description: the network in a sentence or two.
        learn: trains it; the layout is None for flat input.
        input: the form of its input.
        scaling: of numeric columns.
        reduce: which columns are left, learnt from training records; None for all.
        settings: of the (last) training.
        in_the_style_of: True where sizes that the original does not give are ours.
    """

    title: str
    description: str
    learn: Callable[[Task, StepLayout | None], Network]
    input: Input = Input.FLAT
    scaling: Scaling = Scaling.STANDARD
    reduce: Callable[[Labelled], Reduction] | None = None
    settings: TrainSettings = PAPER
    in_the_style_of: bool = True


SGD = TrainSettings(epochs=50, batch_size=128, optimizer="sgd", learning_rate=0.01, patience=50)


def layout_of(form: Input, encoder: Encoder, reduction: Reduction | None) -> StepLayout | None:
    """The steps of a form of input; None for flat input."""
    match form:
        case Input.FLAT:
            return None
        case Input.GROUPS:
            return StepLayout(encoder.group_slices)
        case Input.FEATURES:
            slices = encoder.slices.values() if reduction is None else reduction.slices
            return StepLayout(tuple(slices))


def _plain(build: Build) -> Callable[[Task, StepLayout | None], Network]:
    return lambda task, _layout: learn(task, build)


def _cnn(task: Task, _layout: StepLayout | None, *, sizes: Sizes) -> Network:
    return learn_cnn(task, sizes=sizes)


def _dbn(task: Task, _layout: StepLayout | None, *, widths: tuple[int, ...]) -> Network:
    return learn_dbn(task, widths=widths, pre_training=_share_of(task.settings, 0.2))


def _sdae_elm(task: Task, _layout: StepLayout | None) -> Network:
    return learn_sdae_elm(
        task,
        widths=(64, 32),
        noise=0.1,
        n_random=1000,
        penalty=1e-3,
        pre_training=task.settings,
    )


def _proposed(task: Task, layout: StepLayout | None) -> Network:
    assert layout is not None  # noqa: S101 - its input is always one of steps
    return learn_lstm_autoencoder_classifier(
        task,
        mask=layout.mask,
        widths=Widths(encoder=(64, 32), decoder=(32, 64)),
        n_hidden=64,
        dropout=0.1,
        pre_training=_share_of(task.settings, 0.2),
        auxiliary_weight=0.1,
    )


def _share_of(settings: TrainSettings, share: float) -> TrainSettings:
    """The same settings with a share of the epochs, at least one."""
    return replace(settings, epochs=max(1, round(share * settings.epochs)))


def _components(n: int) -> Callable[[Labelled], Reduction]:
    return lambda labelled: principal_components(labelled.encoded, n)


def _informative(n: int) -> Callable[[Labelled], Reduction]:
    def reduce(labelled: Labelled) -> Reduction:
        names = by_mutual_information(
            labelled.records, labelled.classes, n_features=n, seed=labelled.seed
        )
        return columns_of(labelled.encoder, names)

    return reduce


def _confirmed(n: int) -> Callable[[Labelled], Reduction]:
    def reduce(labelled: Labelled) -> Reduction:
        names = by_boruta(labelled.records, labelled.classes, n_features=n, seed=labelled.seed)
        return columns_of(labelled.encoder, names)

    return reduce


def _rnn_ids(shape: tuple[int, ...], n_classes: int, seed: int) -> object:
    return build_rnn(shape, n_classes, seed, n_hidden=80)


RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        "cnn": Recipe(
            title="CNN",
            description="Two 1-D convolutions (16 and 32 filters of 3 columns) with pooling, "
            "dropout .2, a dense layer of 64.",
            learn=partial(_cnn, sizes=Sizes()),
        ),
        "dnn": Recipe(
            title="DNN",
            description="Dense ReLU layers of 128, 64 and 32 with batch normalisation and "
            "dropout .1.",
            learn=_plain(build_dnn),
        ),
        "ann": Recipe(
            title="ANN",
            description="One hidden layer of 64 sigmoid units, plain gradient descent at .01.",
            learn=_plain(build_ann),
            settings=SGD,
        ),
        "ann_unscaled": Recipe(
            title="ANN, raw inputs",
            description="The same network and training on numbers that are not scaled; in the "
            "table bytes and seconds as they are.",
            learn=_plain(build_ann),
            scaling=Scaling.NONE,
            settings=SGD,
        ),
        "ann_untrained": Recipe(
            title="ANN, hardly trained",
            description="The same network at a learning rate of 1e-7: it stays where its random "
            "weights put it.",
            learn=_plain(build_ann),
            settings=replace(SGD, epochs=5, learning_rate=1e-7),
        ),
        "rnn": Recipe(
            title="RNN",
            description="A simple recurrent layer of 64 tanh units over the feature groups.",
            learn=_plain(build_rnn),
            input=Input.GROUPS,
        ),
        "dbn": Recipe(
            title="DBN",
            description="Restricted Boltzmann machines of 64 and 32 units, contrastive "
            "divergence layer by layer, then fine-tuning.",
            learn=partial(_dbn, widths=(64, 32)),
            scaling=Scaling.MIN_MAX,
        ),
        "lstm": Recipe(
            title="LSTM",
            description="LSTM layers of 64 and 32 over the feature groups, dropout .1.",
            learn=_plain(build_lstm),
            input=Input.GROUPS,
        ),
        "proposed": Recipe(
            title="Proposed (b)",
            description="LSTM autoencoder (64, 32 and back) pre-trained on all training records, "
            "then a head of 64 ReLU units fine-tuned with the decoder as auxiliary task.",
            learn=_proposed,
            input=Input.GROUPS,
            settings=replace(PAPER, decay="cosine", keep="last"),
        ),
        "cnn_regularised": Recipe(
            title="Elsayed 2021, CNN",
            description="The CNN with both regularisers: dropout .2, and penalties of 1e-5 (L1) "
            "and 1e-4 (L2) on its weights.",
            learn=partial(_cnn, sizes=Sizes(l1=1e-5, l2=1e-4)),
        ),
        "dnn_traffic28": Recipe(
            title="Thirimanne 2022, DNN",
            description="The DNN on the 28 features that need no packet content.",
            learn=_plain(build_dnn),
        ),
        "rnn_ids": Recipe(
            title="Yin 2017, RNN-IDS",
            description="A simple recurrent layer of 80 units over the feature groups; logarithm, "
            "then min-max; gradient descent.",
            learn=_plain(_rnn_ids),
            input=Input.GROUPS,
            scaling=Scaling.MIN_MAX,
            settings=replace(SGD, epochs=100, learning_rate=0.1, patience=100),
        ),
        "ann_boruta": Recipe(
            title="Pelletier 2020, ANN",
            description="One hidden layer of 64 sigmoid units on the ten features that Boruta "
            "finds most important.",
            learn=_plain(build_ann),
            reduce=_confirmed(10),
        ),
        "sdae_elm": Recipe(
            title="Wang 2021, SDAE-ELM",
            description="Denoising autoencoders with codes of 64 and 32, then an extreme learning "
            "machine of 1,000 random units.",
            learn=_sdae_elm,
            scaling=Scaling.MIN_MAX,
            settings=replace(PAPER, epochs=10),
        ),
        "dbn_softmax": Recipe(
            title="Wang 2021, DBN-Softmax",
            description="Restricted Boltzmann machines of 100, 50 and 20 units, then fine-tuning "
            "with softmax.",
            learn=partial(_dbn, widths=(100, 50, 20)),
            scaling=Scaling.MIN_MAX,
            settings=replace(PAPER, epochs=20),
        ),
        "lstm_pca": Recipe(
            title="Laghrissi 2021, LSTM-PCA",
            description="LSTM layers of 64 and 32 over the first three principal components.",
            learn=_plain(build_lstm),
            input=Input.FEATURES,
            reduce=_components(3),
            settings=replace(PAPER, epochs=20),
        ),
        "lstm_mi": Recipe(
            title="Laghrissi 2021, LSTM-MI",
            description="LSTM layers of 64 and 32 over the ten features of most mutual "
            "information with the class.",
            learn=_plain(build_lstm),
            input=Input.FEATURES,
            reduce=_informative(10),
            settings=replace(PAPER, epochs=20),
        ),
    }
)
"""The networks by the name under which a classifier is asked for one."""
