"""CICIDS2017: five days of traffic of a made-up office, as flows of CICFlowMeter.

What to know before using it:

- The publisher gives out eight files (`DAYS`), 2.8 million flows with 77 features and one of them
  twice. Their hashes are not known here, so `load_cicids2017` does not have them; `read_cicids2017`
  reads them, or any table of that layout, without checking what they are.
- The files of the catalogue are samples that others made and published. `*.sampled` hold all
  attacks of a file and so many of its normal flows that three flows of ten are attacks; numbers
  were printed anew, and infinite rates replaced by -1. `hif_cicids2017_stratified_sample` is 12,000
  flows of the whole corpus after its author's cleaning, with 52 of the features, the names of
  families in place of those of attacks, and its own schema (`CICIDS2017_52`).
- Addresses, source ports, times and the protocol are dropped: not all files have them, they tell
  which machine was the attacker's, and in the sampled web file they are meaningless integer codes.
- `Destination Port` tells attacks apart by itself: of 7,938 FTP-Patator flows all but one go to
  port 21, and all of SSH-Patator to 22. Report figures without it too.
- The files have the defects of `flow_csv`: all are set right and counted in `defects`.
- Of the 77 features, 10 are 0 in every row of the `*.sampled` files (six on bulk transfers, four on
  TCP flags), and seven equal another: three subflow features the totals, the mean segment sizes the
  mean lengths, and, which cannot be meant, `SYN Flag Count` equals `Fwd PSH Flags` and `ECE Flag
  Count` equals `RST Flag Count`. All flag counts are 0 or 1. Large times and sizes are rounded to
  three digits.
- Many rows repeat an earlier one; they are kept and counted in `defects`.
- Some labels are wrong. Engelen, Rimmer and Joosen, "Troubleshooting an Intrusion Detection
  Dataset: the CICIDS2017 Case Study" (IEEE S&P Workshops, 2021): the last packets of a TCP
  connection become a flow of their own, with the label of the attack; attempts that never reached
  their target count as attacks. Lanvin et al., "Errors in the CICIDS2017 Dataset and the
  Significant Differences in Detection Performances It Makes" (CRiSIS, 2022): packets captured
  twice or out of order, and a port scan labelled as normal. Rosay et al., "Network Intrusion
  Detection: A Comprehensive Analysis of CIC-IDS2017" (ICISSP, 2022): features and protocols that
  the tool computes wrongly. They publish corrected tables, whose columns are other ones.
- Terms: free if Sharafaldin, Lashkari and Ghorbani (ICISSP, 2018) is cited.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from oddflow.core.matrix import LabelledMatrix
from oddflow.core.schema import FeatureSchema
from oddflow.datasets.catalog import Corpus, CorpusFile, corpus_file, read_verified, require_rows
from oddflow.datasets.download import ProgressCallback, obtain
from oddflow.datasets.duplicates import counted
from oddflow.datasets.flow_csv import gather, parse_flow_csv
from oddflow.datasets.flow_features import flow_columns
from oddflow.datasets.flow_layout import FlowLayout
from oddflow.ingest.source import open_stream

CORPUS = Corpus(
    name="CICIDS2017",
    folder="cicids2017",
    homepage="https://www.unb.ca/cic/datasets/ids-2017.html",
    terms="free if the paper is cited",
    citation=(
        "I. Sharafaldin, A. H. Lashkari, A. A. Ghorbani, 'Toward Generating a New Intrusion "
        "Detection Dataset and Intrusion Traffic Characterization', International Conference on "
        "Information Systems Security and Privacy (ICISSP), 2018"
    ),
)

DAYS = (
    "Monday-WorkingHours.pcap_ISCX.csv",
    "Tuesday-WorkingHours.pcap_ISCX.csv",
    "Wednesday-workingHours.pcap_ISCX.csv",
    "Thursday-WorkingHours-Morning-WebAttacks.pcap_ISCX.csv",
    "Thursday-WorkingHours-Afternoon-Infilteration.pcap_ISCX.csv",
    "Friday-WorkingHours-Morning.pcap_ISCX.csv",
    "Friday-WorkingHours-Afternoon-PortScan.pcap_ISCX.csv",
    "Friday-WorkingHours-Afternoon-DDos.pcap_ISCX.csv",
)
"""The publisher's files, for `read_cicids2017`; the first holds normal traffic alone."""

_HIF = "hif_cicids2017_stratified_sample"
_HIF_URL = (
    "https://raw.githubusercontent.com/Dicotomico23/hif-cicids2017/"
    "5b13b31c0e63b9715f2d5fde6e2ae29f805584b4/data/sample/cicids2017_sample.csv"
)

# name, bytes, rows, sha256, urls
_SAMPLES: tuple[tuple[str, int, int, str, tuple[str, ...]], ...] = (
    (
        "Tuesday-WorkingHours.sampled",
        15_541_764,
        46_117,
        "58d4e5b93213fe3fb40cf1cad9a55e48396ca84e8ab2a3ddf5a1f65b5b5f5185",
        (),
    ),
    (
        "Thursday-WorkingHours-Morning-WebAttacks.sampled",
        3_391_404,
        7_267,
        "ee062ed2e265c123c62af4774456bc9e088316bdf2da50c4a3d45b65f232644d",
        (),
    ),
    (
        "Thursday-WorkingHours-Afternoon-Infilteration.sampled",
        43_852,
        121,
        "63f6e3c7d5b2a3ec7fded74bc7bf8620c7d7753b10c518ea4fe9ed8fbc803291",
        (),
    ),
    (
        "Friday-WorkingHours-Morning.sampled",
        2_161_699,
        6_554,
        "c17c42d7e9c74e7f61c21ef0e25744751b8996e88312c1d49da4d9a6e5401184",
        (),
    ),
    (
        _HIF,
        3_415_974,
        12_000,
        "a6fc745dfe8d5a2f95202f99428045e49fc262026a04fbe086edb4e9fd628221",
        (_HIF_URL,),
    ),
)

FILES = tuple(
    CorpusFile(
        corpus=CORPUS,
        name=name,
        ending=".csv",
        sha256=sha256,
        n_bytes=n_bytes,
        n_rows=n_rows,
        urls=urls,
    )
    for name, n_bytes, n_rows, sha256, urls in _SAMPLES
)
"""The samples. Most of them are published inside zip archives, to be unpacked by hand."""

_FAMILIES = {
    "brute_force": ("ftp_patator", "ssh_patator"),
    "dos": ("dos_hulk", "dos_goldeneye", "dos_slowloris", "dos_slowhttptest"),
    "heartbleed": ("heartbleed",),
    "web_attack": ("web_attack_brute_force", "web_attack_xss", "web_attack_sql_injection"),
    "infiltration": ("infiltration",),
    "bot": ("bot",),
    "port_scan": ("portscan",),
    "ddos": ("ddos",),
}
_ATTACKS = {
    "benign": ("normal", "normal"),
    **{attack: (attack, family) for family, attacks in _FAMILIES.items() for attack in attacks},
}
_HIF_ATTACKS = {
    "normal_traffic": ("normal", "normal"),
    "dos": ("dos", "dos"),
    "ddos": ("ddos", "ddos"),
    "port_scanning": ("port_scanning", "port_scan"),
    "brute_force": ("brute_force", "brute_force"),
    "web_attacks": ("web_attacks", "web_attack"),
    "bots": ("bots", "bot"),
}
_NOT_IN_HIF = {
    *("Total Backward Packets", "Total Length of Bwd Packets", "Down/Up Ratio"),
    *("Fwd PSH Flags", "Bwd PSH Flags", "Fwd URG Flags", "Bwd URG Flags", "SYN Flag Count"),
    *("RST Flag Count", "URG Flag Count", "CWE Flag Count", "ECE Flag Count"),
    *("Avg Fwd Segment Size", "Avg Bwd Segment Size", "Fwd Avg Bytes/Bulk", "Fwd Avg Packets/Bulk"),
    *("Fwd Avg Bulk Rate", "Bwd Avg Bytes/Bulk", "Bwd Avg Packets/Bulk", "Bwd Avg Bulk Rate"),
    *("Subflow Fwd Packets", "Subflow Bwd Packets", "Subflow Bwd Bytes", "Active Std", "Idle Std"),
}

LAYOUT = FlowLayout(
    profile="cicids2017",
    columns=flow_columns(),
    ignored=frozenset(
        {"Flow ID", "Source IP", "Source Port", "Destination IP", "Protocol", "Timestamp"}
    ),
    doubled=frozenset({"Fwd Header Length"}),
    attacks=_ATTACKS,
)
"""The publisher's layout, with or without the columns that are dropped."""

_HIF_LAYOUT = FlowLayout(
    profile="cicids2017-52",
    columns=tuple(c for c in flow_columns() if c.feature.name not in _NOT_IN_HIF),
    label="Attack Type",
    attacks=_HIF_ATTACKS,
)

CICIDS2017: FeatureSchema = LAYOUT.schema
"""Profile `cicids2017`: the publisher's 77 features in its order, and three flags."""

CICIDS2017_52: FeatureSchema = _HIF_LAYOUT.schema
"""Profile `cicids2017-52`: 52 of the 77 features, and the same three flags."""


def load_cicids2017(
    name: str = "Tuesday-WorkingHours.sampled",
    *,
    data_dir: Path | None = None,
    on_progress: ProgressCallback | None = None,
) -> LabelledMatrix:
    """One of the samples, after its hash was found right; what is odd about it is in `defects`.

    Args:
        name: of a file of `FILES`.
        data_dir: looked in first, then `$ODDFLOW_DATA`, then the per-user cache.
        on_progress: called with (bytes done, bytes in all) during a download.

    Raises:
        InputError: an unknown name, or a data folder that is none.
        MalformedInput: the file found is not the published one.
        DataUnavailable: it is nowhere on this machine and cannot be downloaded.
    """
    file = corpus_file(FILES, name)
    path = obtain(file, data_dir=data_dir, on_progress=on_progress)
    layout = _HIF_LAYOUT if file.name == _HIF else LAYOUT
    content = BytesIO(read_verified(path, file))
    corpus = gather(file.name, parse_flow_csv(content, path, layout))
    require_rows(file, path, len(corpus))
    return counted(corpus)


def read_cicids2017(path: str | Path) -> LabelledMatrix:
    """A table in the publisher's layout, plain or packed as .gz or .xz, whatever its content.

    Args:
        path: of one of the publisher's files, say, or of flows in the same columns.

    Raises:
        InputError: the file cannot be read.
        MalformedInput: a header, row, value or archive is wrong, or there is no row.
    """
    with open_stream(path) as stream:
        return counted(gather(Path(path).name, parse_flow_csv(stream, path, LAYOUT)))
