"""A process that listens to a wire until its stdin ends, and says what it saw: JSON on stdout."""

from __future__ import annotations

import gc
import json
import select
import sys
import time
from collections import Counter

from benchmarks.wire import END
from oddflow.ingest.live import live_connections, warm_up
from oddflow.ingest.pcap import DECODED
from oddflow.ingest.ring import open_ring


def is_told_to_end() -> bool:
    """True if stdin has ended."""
    return bool(select.select([sys.stdin], [], [], 0)[0])


def main() -> None:
    """Say when listening begins, and at the end what came."""
    n_blocks = int(sys.argv[1])
    warm_up()
    packets: Counter[str] = Counter()
    n_connections = n_evicted = 0
    longest_s = 0.0
    with open_ring(END, is_promiscuous=True, n_blocks=n_blocks) as ring:
        tell({"is_ready": True})
        cpu_s, before_s = time.process_time(), time.perf_counter()
        for captured in live_connections(ring, is_over=is_told_to_end):
            packets.update(captured.packets)
            n_connections += len(captured.connections)
            n_evicted += captured.n_evicted
            now_s = time.perf_counter()
            longest_s, before_s = max(longest_s, now_s - before_s), now_s
        drops = ring.drops()
        tell(
            {
                "seen": drops.seen,
                "dropped": drops.dropped,
                "decoded": packets[DECODED],
                "others": packets.total() - packets[DECODED],
                "connections": n_connections,
                "evicted": n_evicted,
                "cpu_s": time.process_time() - cpu_s,
                "longest_s": longest_s,
                "collections": gc.get_stats()[2]["collections"],
            }
        )


def tell(what: dict[str, object]) -> None:
    """One line of JSON."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
