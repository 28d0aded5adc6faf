"""`python -m lab FOLDER`: record, once for each seed, and cut a small example from the last."""

from __future__ import annotations

import argparse
import logging
import signal
from pathlib import Path

from lab.attacks.catalog import ATTACKS
from lab.example import cut_example
from lab.record import record
from lab.schedule import Size


def main() -> None:
    """Record what the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    parser.add_argument("folder", type=Path, help="rec1, rec2, ... and example.pcap go there")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2], help="one recording each")
    parser.add_argument("--connections", type=int, default=Size().n_connections, help="normal ones")
    parser.add_argument("--attacks", nargs="*", default=list(ATTACKS), choices=list(ATTACKS))
    arguments = parser.parse_args()
    folders = [arguments.folder / f"rec{i}" for i in range(1, len(arguments.seeds) + 1)]
    for folder in folders:
        if folder.exists():
            parser.error(f"{folder} is there already; remove it or give another folder")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # clean up as after Ctrl-C
    attacks = [ATTACKS[kind] for kind in arguments.attacks]
    try:
        for folder, seed in zip(folders, arguments.seeds, strict=True):
            record(folder, seed, attacks, Size(n_connections=arguments.connections))
        cut_example(folders[-1], arguments.folder / "example.pcap")
    except RuntimeError as error:
        raise SystemExit(f"lab: {error}") from error
    except KeyboardInterrupt as interrupt:
        raise SystemExit(130) from interrupt


if __name__ == "__main__":
    main()
