"""A small log to watch, and a model of what is calm in it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cli.running import Run

N_LINES = 200


def zeek_line(i: int) -> str:
    """Calm connections, and now and then one that is refused at an odd port."""
    is_odd = i % 17 == 16
    return json.dumps(
        {
            "ts": 1000.0 + i,
            "uid": f"C{i}",
            "id.orig_h": "10.0.0.1",
            "id.orig_p": 2000 + i,
            "id.resp_h": "10.0.0.2",
            "id.resp_p": 31337 if is_odd else 80,
            "proto": "tcp",
            "conn_state": "REJ" if is_odd else "SF",
            "duration": 0.5 + i % 7 / 10,
            "orig_bytes": 100 + i % 13,
            "resp_bytes": 1000 + i % 11,
        }
    )


LINES = [zeek_line(i) + "\n" for i in range(N_LINES)]


def calm_model(run: Run, folder: Path, settings: Path) -> Path:
    """A model of calm connections, trained by the first who asks."""
    path = folder / "model"
    if not path.exists():
        calm = folder / "calm.log"
        calm.write_text("".join(zeek_line(i) + "\n" for i in range(400) if i % 17 != 16))
        ran = run(
            *("train", "--records", calm, "-o", path, "--settings", settings),
            *("--fpr", 0.05, "-q"),
        )
        assert ran.code == 0, ran.err
    return path


@contextmanager
def meanwhile(action: Callable[[], None]) -> Iterator[None]:
    """Does something in another thread."""
    thread = threading.Thread(target=action)
    thread.start()
    try:
        yield
    finally:
        thread.join(timeout=30)
    assert not thread.is_alive()
