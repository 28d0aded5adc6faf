"""What the papers report, and what is known of why ours differ.

Figures are shares of 1. Those of table 4 are for NSL-KDD; the paper does not name its split. The
full texts of the papers were not at hand: figures are those that are quoted of them, and are to be
checked before they are cited.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from oddflow.core.reproduction import Published

_SPLIT = (
    "The paper does not name its split. Only a random split of KDDTrain+ allows figures like its "
    "own: there, near-copies of the test records are in training."
)
_NOT_AT_HAND = "The published figure is not at hand."
_TABLE_4 = "Elazmazy and Nabil 2024, table 4"


def _table_4(**metrics: float) -> Published:
    return Published(source=_TABLE_4, metrics=metrics, protocol="random-split, presumably")


PUBLISHED: Mapping[tuple[str, int], Published] = MappingProxyType(
    {
        ("cnn", 2): _table_4(accuracy=0.926),
        ("ann", 2): _table_4(accuracy=0.3499),
        ("proposed", 2): _table_4(
            accuracy=0.998, precision_weighted=0.999, recall_weighted=0.999, f1_weighted=0.999
        ),
        ("dnn_traffic28", 2): Published(
            source="Thirimanne et al. 2022",
            metrics={"accuracy": 0.8187, "precision": 0.96, "recall": 0.70},
            protocol="official, KDDTest+",
        ),
        ("rnn_ids", 2): Published(
            source="Yin et al. 2017",
            metrics={"accuracy": 0.8328},
            protocol="official, KDDTest+",
        ),
        ("rnn_ids", 5): Published(
            source="Yin et al. 2017",
            metrics={"accuracy": 0.8129},
            protocol="official, KDDTest+",
        ),
        ("ann_boruta", 2): Published(
            source="Pelletier and Abualkibash 2020",
            metrics={"accuracy": 0.96},
            protocol="random-split, of the whole CICIDS2017",
        ),
        ("sdae_elm", 2): Published(
            source="Wang et al. 2021", metrics={"accuracy": 0.9346}, protocol="official, presumably"
        ),
        ("dbn_softmax", 2): Published(
            source="Wang et al. 2021", metrics={"accuracy": 0.9346}, protocol="official, presumably"
        ),
    }
)
"""(system, classes) -> what its paper reports. Where the source is not at hand, nothing stands."""

REMARKS: Mapping[str, str] = MappingProxyType(
    {
        "majority": "Every system must beat it; the published figure of the ANN does not.",
        "cnn": f"{_SPLIT} The published 92.6 % is less than an ordinary CNN reaches there.",
        "ann": (
            "The published 34.99 % is below the majority class, which no trained classifier of "
            "two balanced classes should be. An ordinary network of this kind is shown here; the "
            "next two rows look for what spoils it."
        ),
        "ann_unscaled": (
            "Scaling is not it: bytes up to 1.4e9 saturate the sigmoids, and the network learns "
            "from what is left, the one-hot columns and the rates."
        ),
        "ann_untrained": (
            "What it takes to fall to 34.99 %: not to learn. Naming one class throughout gives "
            "46.5 % or 53.5 % on a random split; a network that stays at its random weights lies "
            "anywhere about them, lower for some seeds (`--system ann_untrained --seeds 20`). In "
            "five classes, naming the largest family of attacks throughout gives 36.5 %."
        ),
        "proposed": (
            f"{_SPLIT} Reading (b): the paper's text describes reconstruction, its figures a "
            "classifier. The head and the weight of the decoder are ours. On the official split "
            "it misses the attacks that training has none of, as all supervised systems do."
        ),
        "lstm_autoencoder": (
            "Reading (a): what the paper's text describes. It never sees an attack, so a random "
            "split helps it little, and new attacks harm it little."
        ),
        "combined": (
            "The classifier learns the families of which the others flag less than half in "
            "training, on KDDTrain+ r2l. That rule looks at training records alone; that the "
            "network is an RNN, its share of the budget a tenth and the autoencoders three was "
            "settled with figures of KDDTest+ in sight, and so were the members: docs/reproduce.md "
            "and docs/quality.md have the alternatives."
        ),
        "dnn": _NOT_AT_HAND,
        "rnn": _NOT_AT_HAND,
        "lstm": _NOT_AT_HAND,
        "dbn": (
            f"{_NOT_AT_HAND} The reconstruction error of each machine falls; see the training "
            "curves."
        ),
        "rnn_ids": (
            "The original lets the state run on from record to record; NSL-KDD has no order, so "
            "the feature groups are the steps here."
        ),
        "dnn_traffic28": (
            "The original's layer sizes are not at hand. Its 28 features are those that a sensor "
            "can compute; ours are KDD's without the content features."
        ),
        "ann_boruta": (
            "The original used all days of CICIDS2017; here it is the samples at hand, 60,000 "
            "flows of three days."
        ),
        "sdae_elm": "The paper's 93.46 % is for the better of its two systems.",
        "dbn_softmax": "The paper's 93.46 % is for the better of its two systems.",
        "lstm_pca": _NOT_AT_HAND,
        "lstm_mi": _NOT_AT_HAND,
        "cnn_regularised": (
            "No file of InSDN is at hand: the tests ran it on a small file in the published form, "
            "nobody on the real one."
        ),
    }
)
"""System -> what a reader must know to compare."""
