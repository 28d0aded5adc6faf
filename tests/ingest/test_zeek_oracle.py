"""Our connections against those that Zeek itself saw in the same captures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ingest import oracle

N_CONNECTIONS = 280


@pytest.mark.data
def test_nearly_all_connections_of_zeek_are_ours(corpora: Path, tmp_path: Path) -> None:
    oracle.unpack(corpora, tmp_path)
    found = list(oracle.pairs(corpora, tmp_path))
    assert len(found) == N_CONNECTIONS
    assert sum(pair.has_same_state for pair in found) >= 0.95 * N_CONNECTIONS
    assert sum(pair.has_same_bytes for pair in found) >= 0.95 * N_CONNECTIONS
