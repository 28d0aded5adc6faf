"""A process that sends frames over a wire at a rate: JSON on stdout says how many."""

from __future__ import annotations

import json
import sys

from benchmarks.traffic import Sender, one_round
from benchmarks.wire import END


def main() -> None:
    """Send so many packets a second for so many seconds."""
    packets_per_s, seconds = map(float, sys.argv[1:])
    n_sent, took_s = Sender(END, one_round()).run(packets_per_s, seconds)
    sys.stdout.write(json.dumps({"sent": n_sent, "seconds": took_s}) + "\n")


if __name__ == "__main__":
    main()
