"""Every corpus whose published files oddflow knows by their hashes, under one contract.

A loader takes the name of one of its files and gives features and labels apart, in typed columns
that its schema describes. Benign records are `normal`; rows are as many as the catalog says; what
was found wrong with them is in `defects`. A file that is not the published one is refused.

Tables of which no hash is known are read outside it: see `insdn` and
`cicids2017.read_cicids2017`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Protocol

from oddflow.core.errors import InputError
from oddflow.core.matrix import LabelledMatrix
from oddflow.datasets import cicids2017, iot23, kddcup99, nsl_kdd, unsw_nb15
from oddflow.datasets.catalog import Corpus, CorpusFile
from oddflow.datasets.download import ProgressCallback


class Loader(Protocol):
    """Reads one file of a corpus."""

    def __call__(
        self,
        name: str,
        /,
        *,
        data_dir: Path | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> LabelledMatrix:
        """All records of the file.

        Args:
            name: of the file, with or without its ending.
            data_dir: looked in first, then `$ODDFLOW_DATA`, then the per-user cache.
            on_progress: called with (bytes done, bytes in all) during a download.

        Raises:
            InputError: an unknown name, or a data folder that is none.
            MalformedInput: the file found is not the published one.
            DataUnavailable: it is nowhere on this machine and cannot be downloaded.
        """
        ...


@dataclass(frozen=True, slots=True)
class ReadableCorpus:
    """A corpus, its files, and what reads them."""

    corpus: Corpus
    files: tuple[CorpusFile, ...]
    load: Loader


CORPORA: Mapping[str, ReadableCorpus] = {
    "nsl-kdd": ReadableCorpus(nsl_kdd.CORPUS, nsl_kdd.FILES, nsl_kdd.load_nsl_kdd),
    "kddcup99": ReadableCorpus(kddcup99.CORPUS, kddcup99.FILES, kddcup99.load_kddcup99),
    "unsw-nb15": ReadableCorpus(unsw_nb15.CORPUS, unsw_nb15.FILES, unsw_nb15.load_unsw_nb15),
    "cicids2017": ReadableCorpus(cicids2017.CORPUS, cicids2017.FILES, cicids2017.load_cicids2017),
    "iot-23": ReadableCorpus(iot23.CORPUS, iot23.FILES, iot23.load_iot23),
}
"""Name, which is also the corpus's folder -> corpus, files and loader."""


def readable_corpus(name: str) -> ReadableCorpus:
    """The entry of a corpus.

    >>> readable_corpus("unsw-nb15").corpus.name
    'UNSW-NB15'

    Raises:
        InputError: no such corpus.
    """
    if name in CORPORA:
        return CORPORA[name]
    close = get_close_matches(name, CORPORA, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise InputError(f"no corpus {name!r}; expected one of {', '.join(CORPORA)}{hint}")
