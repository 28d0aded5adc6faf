"""Is a process still there?"""

from __future__ import annotations

from pathlib import Path


def is_running(pid: int) -> bool:
    """True if a process exists and is no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
