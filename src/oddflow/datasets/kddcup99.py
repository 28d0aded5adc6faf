"""KDD Cup 99 (1999): nine weeks of simulated traffic of a US Air Force network, as 41 features.

What to know before using it:

- `kddcup.data_10_percent` is the training file that nearly all papers use, a tenth of the full one;
  `corrected` is the labelled test file, of later weeks, with 17 attacks that training has none of.
- 80 % of the records are attacks, most of them one flood (smurf) or another (neptune): a detector
  is better judged by family than by accuracy.
- Seven rows of ten in training and three of four in `corrected` equal an earlier row. They are kept
  as published and counted in `defects`; `duplicates.without_duplicates` drops them. NSL-KDD was
  made to be free of them.
- Some rows of `corrected` have the features of a row with another label (snmpgetattack looks like
  normal traffic there), and two have the service "icmp", which is no service.
- `num_outbound_cmds` is 0 in every row; `su_attempted` is 2 in some, though it is called a flag.
- The traffic was simulated and its attacks stand out by artefacts of the simulation (McHugh,
  "Testing Intrusion Detection Systems", ACM TISSEC 3(4), 2000; Mahoney and Chan, "An Analysis of
  the 1999 DARPA/Lincoln Laboratory Evaluation Data", RAID 2003).
- Terms: CC BY 4.0, by the UCI Machine Learning Repository, which names its authors.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from oddflow.core.matrix import LabelledMatrix
from oddflow.datasets.catalog import Corpus, CorpusFile, corpus_file
from oddflow.datasets.download import ProgressCallback
from oddflow.datasets.duplicates import counted
from oddflow.datasets.kdd_files import labelled, published_block

CORPUS = Corpus(
    name="KDD Cup 99",
    folder="kddcup99",
    homepage="https://kdd.ics.uci.edu/databases/kddcup99/kddcup99.html",
    terms="CC BY 4.0: may be used, changed and shared if its authors are named",
    citation=(
        "S. Stolfo, W. Fan, W. Lee, A. Prodromidis, P. Chan, 'KDD Cup 1999 Data', UCI Machine "
        "Learning Repository, 1999, https://doi.org/10.24432/C51C7N"
    ),
)

_UCI = "https://kdd.ics.uci.edu/databases/kddcup99/"
_SCIKIT_LEARN = "https://ndownloader.figshare.com/files/5976042"
_MIRROR_ST2 = (
    "https://raw.githubusercontent.com/Kapetis/ST2/6d94539ad0398088efa114c7749637d61a2b4f10/"
)
_MIRROR_BRF = (
    "https://raw.githubusercontent.com/potash/brf-example/"
    "cb1486bbec7069eec30474bce4bf9478e867e9d2/data/"
)

FILES = (
    CorpusFile(
        corpus=CORPUS,
        name="kddcup.data_10_percent",
        ending="",
        sha256="f8c8267ebcd9c0ed1fd7d6277fe5bfff8732e9b7db8e61b873542b2a534b6f9a",
        n_bytes=74_889_749,
        n_rows=494_021,
        urls=(
            _UCI + "kddcup.data_10_percent.gz",
            _SCIKIT_LEARN,
            _MIRROR_ST2 + "kddcup.data_10_percent.gz",
        ),
    ),
    CorpusFile(
        corpus=CORPUS,
        name="corrected",
        ending="",
        sha256="547dfb9c0f0dc1d9944219ec79e851191faebaeb8acbfa1cd171c418397052a4",
        n_bytes=47_251_540,
        n_rows=311_029,
        urls=(_UCI + "corrected.gz", _MIRROR_BRF + "corrected.gz"),
    ),
)
"""The files that are read; each is published as .gz, in wrappers that differ in name and date."""

SERVICE_ICMP = 'rows with the service "icmp"'
"""Key in `LabelledMatrix.defects`."""


def load_kddcup99(
    name: str = "kddcup.data_10_percent",
    *,
    data_dir: Path | None = None,
    on_progress: ProgressCallback | None = None,
) -> LabelledMatrix:
    """One file of KDD Cup 99, every row as published; its repeated rows are in `defects`.

    Args:
        name: `kddcup.data_10_percent` or `corrected`.
        data_dir: looked in first, then `$ODDFLOW_DATA`, then the per-user cache; what is in none
            of them is downloaded into the cache.
        on_progress: called with (bytes done, bytes in all) during a download.

    Raises:
        InputError: an unknown name, or a data folder that is none.
        MalformedInput: the file found is not the published one.
        DataUnavailable: it is nowhere on this machine and cannot be downloaded.
    """
    file = corpus_file(FILES, name)
    corpus = labelled(file, published_block(file, data_dir, on_progress))
    n_icmp = int((corpus.features.column("service") == "icmp").sum())
    return counted(replace(corpus, defects={SERVICE_ICMP: n_icmp} if n_icmp else {}))
