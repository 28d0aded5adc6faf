"""A conn.log in any of its forms gives the same connections; wrong lines are counted."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oddflow.core.connection import Connection
from oddflow.core.errors import MalformedInput
from oddflow.ingest.reading import NOT_JSON, NOT_UTF8, TOO_LONG, WRONG_WIDTH, Read
from oddflow.ingest.source import MAX_LINE_BYTES
from oddflow.ingest.zeek import CHANGED_TOO_OFTEN, MAX_CHANGES, parse_zeek, read_zeek
from oddflow.ingest.zeek_columns import REQUIRED
from oddflow.ingest.zeek_tsv import Header, with_line
from tests.ingest import logs
from tests.ingest.logs import CONNECTION, ROW, TYPES, UNSET, jsonl, records, skipped, tsv

Written = Callable[[list[dict[str, Any]]], bytes]
FORMS = pytest.mark.parametrize("form", [tsv, jsonl], ids=["tsv", "json"])
UNKNOWN = Connection(
    start_s=CONNECTION.start_s,
    orig_h=CONNECTION.orig_h,
    orig_p=CONNECTION.orig_p,
    resp_h=CONNECTION.resp_h,
    resp_p=CONNECTION.resp_p,
    proto="tcp",
    conn_state="SF",
)
"""A connection of which Zeek says no more than it has to."""


@FORMS
def test_every_value_is_read(form: Written) -> None:
    reads = logs.zeek_reads(form([ROW, ROW | {"uid": "C2"}]))
    assert records(reads) == [CONNECTION, replace(CONNECTION, uid="C2")]
    levels = {name: column.levels for name, column in reads[0].connections.names.items()}
    assert levels["uid"] == (CONNECTION.uid, "C2")
    assert levels["service"] == ("http,ssl",)
    assert skipped(reads) == {}


@FORMS
def test_what_is_not_there_is_unknown(form: Written) -> None:
    bare = {name: ROW[name] for name in REQUIRED}
    unset = ROW | UNSET
    unset |= dict.fromkeys([name for name in ROW if name.endswith(("_pkts", "_ip_bytes"))])
    assert records(logs.zeek_reads(form([bare, unset]))) == [UNKNOWN, UNKNOWN]


def test_empty_fields_are_unset() -> None:
    row = logs.fields(ROW).replace("http,ssl", "(empty)").replace("\t149\t", "\t\t")
    assert records(logs.zeek_reads((logs.header([*TYPES]) + row).encode())) == [
        replace(CONNECTION, service="-", orig_bytes=None)
    ]


@given(st.permutations([*TYPES, "_node_name", "community_id"]), st.integers(0, 8))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_columns_in_any_order_and_number(columns: list[str], n_left_out: int) -> None:
    optional = [name for name in columns if name not in REQUIRED][:n_left_out]
    kept = [name for name in columns if name not in optional]
    rows = [ROW, ROW | UNSET, ROW | {"_node_name": "worker-1"}]
    known = [{name: row[name] for name in row if name in kept} for row in rows]
    assert records(logs.zeek_reads(tsv(rows, kept))) == records(logs.zeek_reads(jsonl(known)))


@pytest.mark.parametrize("separator", ["\t", "|", ";"])
def test_the_header_says_how_it_is_written(separator: str) -> None:
    text = logs.header([*TYPES], separator) + logs.fields(ROW, separator=separator)
    text = text.replace(f"#set_separator{separator},", f"#set_separator{separator}+")
    text = text.replace("http,ssl", "http+ssl")
    text = text.replace(f"#unset_field{separator}-", f"#unset_field{separator}NONE")
    text = text.replace(f"{separator}-\n", f"{separator}NONE\n")
    text = text.replace(f"{separator}149{separator}", f"{separator}NONE{separator}")
    assert records(logs.zeek_reads(text.encode())) == [replace(CONNECTION, orig_bytes=None)]


def test_logs_may_follow_one_another() -> None:
    one, two = [*TYPES], ["_node_name", *reversed(TYPES)]
    text = tsv([ROW], one) + tsv([ROW], one) + tsv([ROW], two) + tsv([ROW, ROW], one)
    reads = logs.zeek_reads(text)
    assert records(reads) == [CONNECTION] * 5
    assert [len(read.connections) for read in reads] == [2, 1, 2]  # the same header parts nothing


def test_lines_before_a_header_are_json_and_those_after_it_fields() -> None:
    reads = logs.zeek_reads(jsonl([ROW]) + logs.fields(ROW).encode() + tsv([ROW]) + jsonl([ROW]))
    assert records(reads) == [CONNECTION, CONNECTION]
    assert skipped(reads) == {NOT_JSON: 1, WRONG_WIDTH: 1}


@pytest.mark.parametrize(
    "ts",
    [
        1545403816.962094,
        1545403816962.094,
        "2018-12-21T14:50:16.962094Z",
        "1545403816.962094",
        "1545403816962.094",
    ],
)
def test_all_styles_of_time(ts: float | str) -> None:
    assert records(logs.zeek_reads(jsonl([ROW | {"ts": ts}]))) == [CONNECTION]
    assert records(logs.zeek_reads(jsonl([ROW, ROW | {"ts": ts}]))) == [CONNECTION] * 2


def test_services_may_be_a_list() -> None:
    rows = [ROW, ROW | {"service": ["http", "ssl"]}]
    assert records(logs.zeek_reads(jsonl(rows))) == [CONNECTION, CONNECTION]


@pytest.mark.parametrize("separator", ["_", "."])
@FORMS
def test_the_ends_may_have_other_names(form: Written, separator: str) -> None:
    renamed = {name.replace(".", separator): value for name, value in ROW.items()}
    written = form([renamed]) if form is jsonl else tsv([renamed], [*renamed])
    assert records(logs.zeek_reads(written + written)) == [CONNECTION, CONNECTION]
    assert records(logs.zeek_reads(written + form([ROW]))) == [CONNECTION, CONNECTION]


def test_an_ipv6_address_has_one_spelling() -> None:
    row = ROW | {"id.resp_h": "2001:0DB8:0000:0000:0000:0000:0000:0001"}
    assert records(logs.zeek_reads(tsv([ROW, row]))) == [CONNECTION, CONNECTION]


WRONG: list[tuple[str, Any]] = [
    *(("ts", value) for value in (None, "", "soon", -1.0, 1e300, "inf", "nan")),
    *(("duration", value) for value in (-0.5, 1e300, "inf", "nan", "1,5")),
    *(("id.orig_p", value) for value in (None, -1, 65_536, "80.5", "http")),
    *(("orig_bytes", value) for value in (-1, 2**62 + 1, 2**63, 10**400, "1e3", "x")),
    ("resp_pkts", -1),
    *(("id.orig_h", value) for value in (None, "", "10.0.0", "10.0.0.256", "::g", "a" * 99)),
    *(("proto", value) for value in (None, "", "TCP", "sctp")),
    *(("conn_state", value) for value in (None, "", "SF\x1b[31m", "established")),
    *(("uid", value) for value in ("C" * 65, "a b", "C\x1b[31m", "\u202eC")),
    ("service", "s" * 65),
    ("history", "S" * 65),
]


@FORMS
@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_value_makes_a_line_bad(form: Written, name: str, value: Any) -> None:  # noqa: ANN401
    reads = logs.zeek_reads(form([ROW, ROW | {name: value}, ROW]))
    assert records(reads) == [CONNECTION, CONNECTION]
    (reason, n_lines) = skipped(reads).popitem()
    assert n_lines == 1
    assert reason.split()[0] in {"wrong", "no"}


@FORMS
def test_the_longest_and_largest_values_are_right(form: Written) -> None:
    row = ROW | {
        "uid": "C" * 64,
        "service": "s" * 64,
        "history": "S" * 64,
        "orig_bytes": 2**62,
        "id.orig_p": 65_535,
        "id.resp_p": 0,
    }
    read = records(logs.zeek_reads(form([row])))
    assert read == [
        replace(
            CONNECTION,
            uid="C" * 64,
            service="s" * 64,
            history="S" * 64,
            orig_bytes=2**62,
            orig_p=65_535,
            resp_p=0,
        )
    ]


@FORMS
def test_damage_spoils_its_line_alone(form: Written) -> None:
    lines = form([ROW]).splitlines(keepends=True)
    row = next(line for line in lines if not line.startswith(b"#"))
    bad = row.replace(b"SF", b"\xff\xfe"), b"x" * MAX_LINE_BYTES + b"\n", row[:40] + b"\n"
    whole = b"".join(lines) + b"".join(row + damage for damage in bad) + b"\n \n" + row
    reads = logs.zeek_reads(whole)
    assert records(reads) == [CONNECTION] * 5
    reason = WRONG_WIDTH if form is tsv else NOT_JSON
    assert skipped(reads) == {NOT_UTF8: 1, TOO_LONG: 1, reason: 1}


def test_objects_that_span_lines_or_share_one_are_bad() -> None:
    whole = jsonl([ROW]).decode().strip()
    halves = whole.replace(",", ",\n", 1)
    for text in (f"{whole}{whole}\n", f"{halves}\n", f"{whole}{whole}\n{halves}\n"):
        reads = logs.zeek_reads(text.encode() + jsonl([ROW]))
        assert records(reads) == [CONNECTION]
        assert logs.n_records(reads) == len(text.splitlines()) + 1


def test_deep_nesting_is_bad() -> None:
    deep = b'{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}\n"
    reads = logs.zeek_reads(jsonl([ROW]) + deep)
    assert records(reads) == [CONNECTION]
    assert skipped(reads) == {NOT_JSON: 1}


DAMAGE = [b"\n", b"\r\n", b"\xff", b"\t", b"#", b"\n#", b"-", b"-1", b"nan", b"\0", b'"', b"}{"]
DAMAGE += [b"\n#fields\tts\n", b"\n#separator |\n", b"\xef\xbb\xbf"]
WHOLES = {
    "tsv": tsv([ROW | {"ts": float(i), "uid": f"C{i}"} for i in range(5)]),
    "json": jsonl([ROW | {"ts": float(i), "uid": f"C{i}"} for i in range(5)]),
}


@given(
    form=st.sampled_from(sorted(WHOLES)),
    at=st.integers(0, 2000),
    n_lost=st.integers(0, 12),
    put=st.sampled_from(DAMAGE),
    n_bytes=st.integers(1, 700),
)
@settings(max_examples=120, deadline=None, derandomize=True)
def test_blocks_do_not_change_what_is_read(
    form: str,
    at: int,
    n_lost: int,
    put: bytes,
    n_bytes: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.mktemp("zeek") / "conn.log"
    path.write_bytes(WHOLES[form][:at] + put + WHOLES[form][at + n_lost :])
    assert outcome(path, n_bytes) == outcome(path, 1 << 20)


def outcome(path: Path, n_bytes: int) -> tuple[list[Connection], dict[str, int]] | str:
    reads: list[Read] = []
    try:
        reads.extend(read_zeek(path, n_bytes=n_bytes))
    except MalformedInput as error:
        return str(error)
    return records(reads), skipped(reads)


def test_right_files_are_not_refused(tmp_path: Path) -> None:
    """Else the test before would compare refusals alone."""
    for form, content in WHOLES.items():
        path = tmp_path / form
        path.write_bytes(content)
        assert outcome(path, 100)[1] == {}, form


FORWARDS, BACKWARDS = [*REQUIRED], [*reversed(REQUIRED)]
ALTERNATING = b"".join(tsv([ROW], columns) for columns in (FORWARDS, BACKWARDS))


def test_a_header_that_changes_with_each_line_costs_little(tmp_path: Path) -> None:
    """Each change took 2 ms, so that a file of 1 MB took a minute."""
    path = tmp_path / "conn.log"
    path.write_bytes(ALTERNATING * 2000)
    began_s = time.process_time()
    found = outcome(path, 1 << 20)
    assert time.process_time() - began_s < 4
    assert found == ([UNKNOWN] * (MAX_CHANGES + 1), {CHANGED_TOO_OFTEN: 3999 - MAX_CHANGES})
    assert outcome(path, 3000) == found


def test_logs_of_one_form_may_be_as_many_as_they_like(tmp_path: Path) -> None:
    path = tmp_path / "conn.log"
    path.write_bytes(tsv([ROW], FORWARDS) * 2000)
    assert outcome(path, 1 << 20) == ([UNKNOWN] * 2000, {})
    path.write_bytes(ALTERNATING * (MAX_CHANGES // 2))
    assert outcome(path, 1 << 20) == ([UNKNOWN] * MAX_CHANGES, {})


@pytest.mark.parametrize("line", ["#separator \\x0", "#separator ab", "#separator \\q", "#", "##"])
def test_odd_comments_change_nothing(line: str) -> None:
    assert with_line(Header(), line) == Header()


def test_a_header_is_plain_data() -> None:
    known, _ = parse_zeek(Header(), tsv([ROW]))
    assert known.columns == (*TYPES,)
    again = json.loads(json.dumps({"columns": known.columns}))
    assert Header(columns=tuple(again["columns"])) == known
