"""Right lines of labelled connections in both forms, to be damaged by tests."""

from __future__ import annotations

from io import BytesIO

import pytest

from oddflow.datasets.conn_rows import FIELDS, ConnBlock, parse_conn_rows
from oddflow.datasets.iot23 import ATTACKS

RIGHT = {
    "ts": "1545403816.962094",
    "uid": "CrDn63WjJEmrWGjqf",
    "id.orig_h": "192.168.1.195",
    "id.orig_p": "41040",
    "id.resp_h": "fe80::1",
    "id.resp_p": "80",
    "proto": "tcp",
    "service": "http",
    "duration": "3.139211",
    "orig_bytes": "149",
    "resp_bytes": "128252",
    "conn_state": "SF",
    "local_orig": "-",
    "local_resp": "-",
    "missed_bytes": "2896",
    "history": "ShADadttcfF",
    "orig_pkts": "94",
    "orig_ip_bytes": "5525",
    "resp_pkts": "96",
    "resp_ip_bytes": "139044",
    "tunnel_parents": "-",
    "label": "Malicious",
    "detailed-label": "C&C",
}
HEAD = [
    "#separator \\x09",
    "#path\tconn",
    "\t".join(["#fields", *FIELDS[:-2]]) + "   label   detailed-label",
    "#types\ttime\tstring   string   string",
]
BENIGN = {"label": "Benign", "detailed-label": "-"}


def zeek_row(values: dict[str, str] | None = None) -> str:
    fields = list((RIGHT | (values or {})).values())
    return "\t".join([*fields[:-3], "   ".join(fields[-3:])])


def csv_row(values: dict[str, str] | None = None) -> str:
    return ",".join("" if v == "-" else v for v in (RIGHT | (values or {})).values())


def zeek(*rows: str) -> bytes:
    return "\n".join([*HEAD, *rows, ""]).encode()


def csv(*rows: str) -> bytes:
    return "\n".join([",".join(FIELDS), *rows, ""]).encode()


FORMS = [(zeek, zeek_row, len(HEAD)), (csv, csv_row, 1)]
BOTH_FORMS = pytest.mark.parametrize(("form", "row", "n_head"), FORMS, ids=["zeek", "csv"])


def parse(content: bytes, block_rows: int = 2) -> list[ConnBlock]:
    return list(parse_conn_rows(BytesIO(content), "x.log", list(ATTACKS), block_rows=block_rows))
