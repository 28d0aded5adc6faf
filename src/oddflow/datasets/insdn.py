"""InSDN (2020): traffic of a small software-defined network, as flows of CICFlowMeter.

What to know before using it:

- Three files: `Normal_data` holds normal traffic alone, `OVS` the attacks on the switch and the
  network behind it, `metasploitable-2` those on a server that was made to be attacked. Nobody can
  be judged on one file alone: `all` is the three of them in this order.
- The hashes of the published files are not known here: nothing is downloaded or verified, and the
  corpus is not in `corpora.CORPORA`. The reader follows the published list of 84 columns and was
  only run on a small made-up file with them; compare what it finds with the publishers' figures.
- Flow ID, both addresses, the source port and the time are dropped: normal traffic and attacks were
  recorded apart, so that each of them alone gives the label away. Destination port and protocol
  stay; report figures without the port too.
- Names of columns are those of a later CICFlowMeter than CICIDS2017's, features and their order are
  the same; the protocol comes on top. The defects of its tables (see `flow_csv`) are set right and
  counted in `defects`; so are labels with blanks around them.
- Others count that nearly half of the rows repeat an earlier one once the identifiers are gone.
  They are kept and counted in `defects`.
- Four rows of five are attacks, most of them floods and scans; there are few of U2R, BOTNET and
  Web-Attack.
- Terms: CC BY-NC 4.0 if Elsayed, Le-Khac and Jurcut (IEEE Access 8, 2020) is cited.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from oddflow.core.errors import DataUnavailable, InputError
from oddflow.core.matrix import LabelledMatrix
from oddflow.core.schema import Feature, FeatureSchema, Kind
from oddflow.datasets.catalog import DATA_VARIABLE, Corpus, search_folders
from oddflow.datasets.download import ProgressCallback
from oddflow.datasets.duplicates import counted
from oddflow.datasets.flow_csv import FlowBlock, gather, parse_flow_csv
from oddflow.datasets.flow_features import FlowColumn, Role, flow_columns
from oddflow.datasets.flow_layout import FlowLayout
from oddflow.ingest.source import open_stream

CORPUS = Corpus(
    name="InSDN",
    folder="insdn",
    homepage="https://aseados.ucd.ie/datasets/SDN/",
    terms="CC BY-NC 4.0: free for other than commercial use if the paper is cited",
    citation=(
        "M. S. Elsayed, N.-A. Le-Khac, A. D. Jurcut, 'InSDN: A Novel SDN Intrusion Dataset', IEEE "
        "Access 8, 2020"
    ),
)

NAMES = ("Normal_data", "OVS", "metasploitable-2")
"""The published files, each with the ending .csv; there are no `FILES` that can be verified."""

ALL = "all"
"""Name for the three files together, in the order of `NAMES`."""

_HEADER = (
    "Flow ID,Src IP,Src Port,Dst IP,Dst Port,Protocol,Timestamp,Flow Duration,Tot Fwd Pkts,"
    "Tot Bwd Pkts,TotLen Fwd Pkts,TotLen Bwd Pkts,Fwd Pkt Len Max,Fwd Pkt Len Min,Fwd Pkt Len Mean,"
    "Fwd Pkt Len Std,Bwd Pkt Len Max,Bwd Pkt Len Min,Bwd Pkt Len Mean,Bwd Pkt Len Std,Flow Byts/s,"
    "Flow Pkts/s,Flow IAT Mean,Flow IAT Std,Flow IAT Max,Flow IAT Min,Fwd IAT Tot,Fwd IAT Mean,"
    "Fwd IAT Std,Fwd IAT Max,Fwd IAT Min,Bwd IAT Tot,Bwd IAT Mean,Bwd IAT Std,Bwd IAT Max,"
    "Bwd IAT Min,Fwd PSH Flags,Bwd PSH Flags,Fwd URG Flags,Bwd URG Flags,Fwd Header Len,"
    "Bwd Header Len,Fwd Pkts/s,Bwd Pkts/s,Pkt Len Min,Pkt Len Max,Pkt Len Mean,Pkt Len Std,"
    "Pkt Len Var,FIN Flag Cnt,SYN Flag Cnt,RST Flag Cnt,PSH Flag Cnt,ACK Flag Cnt,URG Flag Cnt,"
    "CWE Flag Count,ECE Flag Cnt,Down/Up Ratio,Pkt Size Avg,Fwd Seg Size Avg,Bwd Seg Size Avg,"
    "Fwd Byts/b Avg,Fwd Pkts/b Avg,Fwd Blk Rate Avg,Bwd Byts/b Avg,Bwd Pkts/b Avg,Bwd Blk Rate Avg,"
    "Subflow Fwd Pkts,Subflow Fwd Byts,Subflow Bwd Pkts,Subflow Bwd Byts,Init Fwd Win Byts,"
    "Init Bwd Win Byts,Fwd Act Data Pkts,Fwd Seg Size Min,Active Mean,Active Std,Active Max,"
    "Active Min,Idle Mean,Idle Std,Idle Max,Idle Min,Label"
)

COLUMNS = tuple(_HEADER.split(","))
"""The 84 columns of the published files."""

_IDENTIFIERS = frozenset({"Flow ID", "Src IP", "Src Port", "Dst IP", "Timestamp"})
_PROTOCOL = FlowColumn(
    Feature(
        name="Protocol",
        kind=Kind.CATEGORY,
        group="volume",
        meaning="protocol above IP, by its number: 6 for TCP, 17 for UDP",
    ),
    Role.CODE,
    "",
)
_PORT, *_MEASURED = flow_columns(("Dst Port", *COLUMNS[7:-1]))

LAYOUT = FlowLayout(
    profile="insdn",
    columns=(_PORT, _PROTOCOL, *_MEASURED),
    ignored=_IDENTIFIERS,
    attacks={
        "normal": ("normal", "normal"),
        "dos": ("dos", "dos"),
        "ddos": ("ddos", "ddos"),
        "probe": ("probe", "port_scan"),
        "bfa": ("bfa", "brute_force"),
        "web_attack": ("web_attack", "web_attack"),
        "botnet": ("botnet", "bot"),
        "u2r": ("u2r", "u2r"),
    },
)
"""The published layout."""

INSDN: FeatureSchema = LAYOUT.schema
"""Profile `insdn`: 78 published features in their order, and three flags."""

_UNZIPPED = "InSDN_DatasetCSV"  # the folder in the publisher's archive
_PACKED = ("", ".gz", ".xz")


def load_insdn(
    name: str = ALL,
    *,
    data_dir: Path | None = None,
    on_progress: ProgressCallback | None = None,  # noqa: ARG001 - nothing is downloaded
) -> LabelledMatrix:
    """One file of the user's own copy, or all three; what is odd about it is in `defects`.

    A file may stand in a data folder, in its sub-folder `insdn` or in `InSDN_DatasetCSV`, plain or
    packed as .gz or .xz. That it is the published one is not verified.

    Args:
        name: `Normal_data`, `OVS`, `metasploitable-2`, or `all` for the three in this order.
        data_dir: looked in first, then `$ODDFLOW_DATA`, then the per-user cache.
        on_progress: never called.

    Raises:
        InputError: an unknown name, or a data folder that is none.
        MalformedInput: a header, row, value or archive is wrong, or there is no row.
        DataUnavailable: a file is nowhere on this machine.
    """
    wanted = NAMES if name == ALL else (name.removesuffix(".csv"),)
    if not set(wanted) <= set(NAMES):
        raise InputError(
            f"InSDN has no file {name!r}; expected one of {', '.join(NAMES)}, or {ALL!r}"
        )
    folders = search_folders(data_dir)
    return _read(name, [_find(file, folders) for file in wanted])


def read_insdn(*paths: str | Path) -> LabelledMatrix:
    """Tables in the published layout, one after another, plain or packed as .gz or .xz.

    Args:
        paths: of the files, at least one.

    Raises:
        InputError: no path, or a file that cannot be read.
        MalformedInput: a header, row, value or archive is wrong, or there is no row.
    """
    if not paths:
        raise InputError("expected the path of at least one file of InSDN, received none")
    return _read(" + ".join(Path(path).name for path in paths), paths)


def _read(name: str, paths: Sequence[str | Path]) -> LabelledMatrix:
    return counted(gather(name, (block for path in paths for block in _blocks(path))))


def _blocks(path: str | Path) -> Iterator[FlowBlock]:
    with open_stream(path) as stream:
        yield from parse_flow_csv(stream, path, LAYOUT)


def _find(name: str, folders: Sequence[Path]) -> Path:
    for folder in folders:
        for place in (folder, folder / CORPUS.folder, folder / _UNZIPPED):
            for packed in _PACKED:
                path = place / f"{name}.csv{packed}"
                if path.is_file():
                    return path
    raise DataUnavailable(
        f"{name}.csv of InSDN is not on this machine.\n"
        f"Looked for in: {', '.join(map(str, folders))}\n"
        f"Get it from {CORPUS.homepage} and name its folder with --data DIR or in "
        f"${DATA_VARIABLE}."
    )
