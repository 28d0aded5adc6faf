"""IoT-23 (2020): connections of infected and of clean devices of the internet of things.

What to know before using it:

- 23 recordings, most of one infected device for a day, as labelled `conn.log` of Zeek. The five in
  the catalogue are two clean devices, `4-1` (a lamp) and `5-1` (a speaker), and three infected
  ones: `8-1` (Hakai), `20-1` (Torii) and `34-1` (Mirai). `34-1` is as published; the other four are
  CSV that others made of the published files, with nothing in place of `-`, and in `4-1` with times
  in whole seconds.
- Rows are sorted by time here; in the files they stand in the order in which Zeek wrote them. Rows
  of equal time keep that order. Who began which connection, and with whom, is in the `context` of
  the features, as numbers; `load_iot23_hosts` gives the addresses.
- Labels are spelt `benign` in some files and `Benign` in others; in Zeek's form they share one
  field with `tunnel_parents`. Both are set right and counted in `defects`.
- Labels come from rules over addresses, ports and states that the publishers found by hand: all
  traffic between an infected device and its master is an attack, whether or not it looks like one.
  All attacks of `8-1` are attempts on port 50 of two addresses, all of `20-1` on port 443 of one. A
  detector can learn the rule in place of the behaviour.
- Classes are far from balanced, and in each recording in another way: of `8-1` 79 % are attacks, of
  `20-1` 0.5 %, of `34-1` 92 %, most of them one flood. Where recordings are put together, a
  detector can learn to tell them apart in place of what they hold.
- Nearly all connections of an infected recording begin at the infected device itself.
- In the infected recordings 62 % of the rows and more equal an earlier one once addresses and times
  are gone. They are kept and counted in `defects`.
- In 77 % of `34-1` Zeek knew neither duration nor payload: there they are 0, and `duration_unset`
  and `bytes_unset` are 1.
- Terms: CC BY 4.0, if Garcia, Parmisano and Erquiaga (2020) are named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oddflow.core.conn import UNSET
from oddflow.core.context import Context
from oddflow.core.matrix import FeatureMatrix, LabelledMatrix, Labels, Times, consecutive
from oddflow.datasets.catalog import Corpus, CorpusFile, corpus_file, read_verified, require_rows
from oddflow.datasets.conn_rows import parse_conn_rows
from oddflow.datasets.download import ProgressCallback, obtain
from oddflow.datasets.duplicates import counted

CORPUS = Corpus(
    name="IoT-23",
    folder="iot-23",
    homepage="https://www.stratosphereips.org/datasets-iot23",
    terms="CC BY 4.0: may be used, changed and shared if its authors are named",
    citation=(
        "S. Garcia, A. Parmisano, M. J. Erquiaga, 'IoT-23: A labeled dataset with malicious and "
        "benign IoT network traffic', Zenodo, 2020, https://doi.org/10.5281/zenodo.4743746"
    ),
)

_AS_ZEEK = (
    "https://raw.githubusercontent.com/alejandro945/ul-feature-selection-for-botnet-detection/"
    "0c4939b31f98cc2ba9534388c964fe34f0ebb052/data/conn.log.labeled"
)
_AS_CSV = (
    "https://raw.githubusercontent.com/aucad/sensor-data/"
    "d3721027ab5bd6eafb5ef740bc685e60061c4716/iot-23/{}.csv"
)

# name, ending, bytes, rows, sha256, url
_PUBLISHED = (
    (
        "CTU-IoT-Malware-Capture-34-1",
        ".conn.log.labeled",
        3_019_283,
        23_145,
        "1c9fbd8a90bde2606e928beb9957a97f615179e8b1ba65bba0cf594d0395e1f1",
        _AS_ZEEK,
    ),
    (
        "CTU-Honeypot-Capture-4-1-labeled",
        ".csv",
        55_175,
        452,
        "a06bffea764fee031fabc272f9a02b6ba82ca280d9b22e68bf6c7150e935ad36",
        _AS_CSV,
    ),
    (
        "CTU-Honeypot-Capture-5-1-labeled",
        ".csv",
        170_781,
        1_374,
        "8f42c8840abc7b03e3a44dd469b360d10c3e0dfbfca64f7f42565e045af6c9f0",
        _AS_CSV,
    ),
    (
        "CTU-Malware-Capture-8-1-labeled",
        ".csv",
        1_339_323,
        10_403,
        "6e5cfe72ee4cbaabfec277e4ab38f649e73a84f3ef3076ce88b3e1eb883d1428",
        _AS_CSV,
    ),
    (
        "CTU-Malware-Capture-20-1-labeled",
        ".csv",
        391_568,
        3_209,
        "3317826d4fc14949110bee6a679a51da971d8702b18c368f03168ec030cb4e38",
        _AS_CSV,
    ),
)

FILES = tuple(
    CorpusFile(
        corpus=CORPUS,
        name=name,
        ending=ending,
        sha256=sha256,
        n_bytes=n_bytes,
        n_rows=n_rows,
        urls=(url.format(name),),
    )
    for name, ending, n_bytes, n_rows, sha256, url in _PUBLISHED
)
"""The recordings whose content is known."""

SCENARIOS: Mapping[str, str] = {
    "34-1": "CTU-IoT-Malware-Capture-34-1",
    "4-1": "CTU-Honeypot-Capture-4-1-labeled",
    "5-1": "CTU-Honeypot-Capture-5-1-labeled",
    "8-1": "CTU-Malware-Capture-8-1-labeled",
    "20-1": "CTU-Malware-Capture-20-1-labeled",
}
"""Number of a recording -> name of its file."""

ATTACKS: Mapping[str, tuple[str, str]] = {
    "Attack": ("attack", "attack"),
    "C&C": ("c_and_c", "command_and_control"),
    "C&C-FileDownload": ("c_and_c_file_download", "command_and_control"),
    "C&C-HeartBeat": ("c_and_c_heart_beat", "command_and_control"),
    "C&C-HeartBeat-Attack": ("c_and_c_heart_beat_attack", "command_and_control"),
    "C&C-HeartBeat-FileDownload": ("c_and_c_heart_beat_file_download", "command_and_control"),
    "C&C-Mirai": ("c_and_c_mirai", "command_and_control"),
    "C&C-PartOfAHorizontalPortScan": (
        "c_and_c_part_of_a_horizontal_port_scan",
        "command_and_control",
    ),
    "C&C-Torii": ("c_and_c_torii", "command_and_control"),
    "DDoS": ("ddos", "ddos"),
    "FileDownload": ("file_download", "file_download"),
    "Okiru": ("okiru", "bot"),
    "Okiru-Attack": ("okiru_attack", "bot"),
    "PartOfAHorizontalPortScan": ("part_of_a_horizontal_port_scan", "port_scan"),
    "PartOfAHorizontalPortScan-Attack": ("part_of_a_horizontal_port_scan_attack", "port_scan"),
}
"""Detailed label of the publishers -> (attack, family); no detailed label is `normal`."""

LOWER_CASE = "labels in lower case, unlike those of other files"
"""Key in `LabelledMatrix.defects`."""
ONE_FIELD = "rows with three columns in one field, divided at its blanks"
"""Key in `LabelledMatrix.defects`."""
OUT_OF_ORDER = "rows that began before the row before them, sorted by time"
"""Key in `LabelledMatrix.defects`."""
WHOLE_SECONDS = "rows with a time in whole seconds"
"""Key in `LabelledMatrix.defects`."""


class Hosts(NamedTuple):
    """Who began the connections of a recording and when, in the order of `load_iot23`.

    Attributes:
        start_s: seconds since 1970, shape (n,), rising.
        orig_h: address of the originator, shape (n,), strings.
        resp_h: address of the responder, shape (n,), strings.
    """

    start_s: NDArray[np.float64]
    orig_h: NDArray[np.object_]
    resp_h: NDArray[np.object_]


def load_iot23(
    name: str = "34-1",
    *,
    data_dir: Path | None = None,
    on_progress: ProgressCallback | None = None,
) -> LabelledMatrix:
    """The connections of one recording, sorted by time; what is odd about it is in `defects`.

    A connection counts as known (`times.known_s`) with its last packet, and where Zeek knew no
    duration with its first; Zeek itself waits some seconds longer before it logs one.

    Args:
        name: of a recording (`34-1`) or of its file.
        data_dir: looked in first, then `$ODDFLOW_DATA`, then the per-user cache; what is in none
            of them is downloaded into the cache.
        on_progress: called with (bytes done, bytes in all) during a download.

    Raises:
        InputError: an unknown name, or a data folder that is none.
        MalformedInput: the file found is not the published one.
        DataUnavailable: it is nowhere on this machine and cannot be downloaded.
    """
    recording = _load(name, data_dir, on_progress)
    start_s, orig_h, resp_h = recording.hosts
    context = Context.of_hosts(orig_h, resp_h, start_s)
    return counted(
        LabelledMatrix(
            recording.name,
            replace(recording.features, context=context),
            recording.labels,
            recording.defects,
            Times(start_s, start_s + recording.features.column("duration")),
        )
    )


def load_iot23_hosts(name: str = "34-1", *, data_dir: Path | None = None) -> Hosts:
    """Times and ends of the same connections in the same order; no features of them.

    Raises:
        OddflowError: as `load_iot23`.
    """
    return _load(name, data_dir, None).hosts


@dataclass(frozen=True, eq=False, slots=True)
class _Recording:
    name: str
    features: FeatureMatrix
    labels: Labels
    hosts: Hosts
    defects: dict[str, int]


def _load(name: str, data_dir: Path | None, on_progress: ProgressCallback | None) -> _Recording:
    file = corpus_file(FILES, SCENARIOS.get(name, name))
    path = obtain(file, data_dir=data_dir, on_progress=on_progress)
    content = BytesIO(read_verified(path, file))
    blocks = list(parse_conn_rows(content, path, list(ATTACKS)))
    features = consecutive([block.features for block in blocks])
    require_rows(file, path, len(features))
    start_s = np.concatenate([block.start_s for block in blocks])
    orig_h = np.concatenate([block.orig_h for block in blocks])
    resp_h = np.concatenate([block.resp_h for block in blocks])
    label = np.concatenate([block.label for block in blocks])
    found = {
        LOWER_CASE: int((label == "benign").sum()),
        ONE_FIELD: sum(block.n_blanks for block in blocks),
        OUT_OF_ORDER: int((np.diff(start_s) < 0).sum()),
        WHOLE_SECONDS: int((start_s == np.floor(start_s)).sum()),
    }
    order = np.argsort(start_s, kind="stable")
    labels = _labels(np.concatenate([block.detail for block in blocks]))
    return _Recording(
        name=file.name,
        features=features.take(order),
        labels=labels.take(order),
        hosts=Hosts(start_s[order], orig_h[order], resp_h[order]),
        defects={defect: n_rows for defect, n_rows in found.items() if n_rows},
    )


def _labels(details: NDArray[np.object_]) -> Labels:
    written, codes = np.unique(details.astype(str), return_inverse=True)
    known = {UNSET: ("normal", "normal"), **ATTACKS}
    attack = np.array([known[detail][0] for detail in written], dtype=object)
    family = np.array([known[detail][1] for detail in written], dtype=object)
    return Labels(attack[codes], family[codes])
