"""Payload told from the bytes of IP packets, where the headers between are of one length."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

_IPV4_BYTES, _IPV6_BYTES, _SHORT_HEADER_BYTES = 20, 40, 8


def with_payload(columns: Mapping[str, pl.Series]) -> dict[str, pl.Series]:
    """The same columns with `orig_bytes` and `resp_bytes` of UDP and ICMP; null for the rest.

    Their headers have 8 bytes, those of IP 20 or 40: exact but for IP options and extension
    headers, which are taken for payload, and fragments. TCP's headers vary.

    Args:
        columns: `proto`, `orig_h`, and packets and IP bytes of both sides.
    """
    is_v6 = columns["orig_h"].str.contains(":", literal=True)
    header_bytes = is_v6.cast(pl.Int64) * (_IPV6_BYTES - _IPV4_BYTES)
    header_bytes += _IPV4_BYTES + _SHORT_HEADER_BYTES
    is_known = columns["proto"].is_in(["udp", "icmp"])
    unknown = pl.repeat(None, len(is_known), dtype=pl.Int64, eager=True)
    payload = {}
    for side in ("orig", "resp"):
        n_bytes = without(columns[f"{side}_ip_bytes"], columns[f"{side}_pkts"] * header_bytes)
        payload[f"{side}_bytes"] = n_bytes.zip_with(is_known, unknown)
    return {**columns, **payload}


def without(n_bytes: pl.Series, header_bytes: pl.Series) -> pl.Series:
    """Bytes less those of headers; 0 where there are fewer, and wrong ones stay wrong."""
    rest = n_bytes - header_bytes
    return rest.zip_with(((rest > 0) | (n_bytes < 0)).fill_null(value=True), rest * 0)
