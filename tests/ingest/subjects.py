"""How a number becomes an input, and what reads it: the subjects of `tests.ingest.fuzz`."""

from __future__ import annotations

import os
import random
import socket
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from oddflow.ingest import capture
from oddflow.ingest.netflow import parse_messages, read_netflow
from oddflow.ingest.netflow_messages import MAX_MESSAGE_BYTES, messages
from oddflow.ingest.netflow_records import Templates
from oddflow.ingest.pcap import FlowSettings
from oddflow.ingest.reading import Read
from oddflow.ingest.suricata import read_eve
from oddflow.ingest.udp_socket import Datagram, udp_socket
from oddflow.ingest.zeek import read_zeek
from tests.ingest import hostile, originals
from tests.ingest.counting import n_lines, n_zeek_lines
from tests.ingest.log_mutation import mutated_log, mutated_message
from tests.ingest.mutation import MAX_BYTES, mutated
from tests.ingest.netflow_counting import Counting
from tests.ingest.packing import packed
from tests.ingest.workers import Check, Prepare

CAPTURES = "captures"
"""Folder with one file for each of the captures."""
PIECES = (1000, 4 << 20, 4 << 20, 4 << 20)
MAX_DATAGRAM_BYTES = 65_507
_LOOPBACK = "127.0.0.1"


class Subject(NamedTuple):
    """What is read, and what prepares its check."""

    name: str
    prepare: Prepare


def generator(name: str, seed: int, number: int) -> random.Random:
    """What makes the input of a number; the same one in every process and on every machine."""
    return random.Random(f"{name} {seed} {number}")


def corpora() -> Path | None:
    folder = os.environ.get("ODDFLOW_DATA")
    return Path(folder) if folder else None


def prepare_whole_captures(_: int, folder: Path) -> Check:
    """The captures as they are; a number is a place in their order."""
    paths = sorted((folder / CAPTURES).iterdir())
    settings = FlowSettings(capacity=512)
    warm_up(folder)

    def check(number: int) -> str:
        content = originals.unpacked(paths[number].read_bytes())
        hostile.check_kind(paths[number], is_whole=True)
        hostile.check_frames_alone(paths[number])
        return outcome(hostile.check_capture(content, paths[number], settings))

    return check


def prepare_captures(seed: int, folder: Path) -> Check:
    """Mutations of their first `MAX_BYTES`, plain or packed, read in pieces of several sizes."""
    paths = sorted((folder / CAPTURES).iterdir())
    warm_up(folder)
    return captures_check([path.read_bytes() for path in paths], seed, folder)


def captures_check(captures: Sequence[bytes], seed: int, folder: Path) -> Check:
    """The same for captures at hand, in the order of their names."""
    contents = [originals.unpacked(capture)[:MAX_BYTES] for capture in captures]
    path = folder / f"{os.getpid()}.capture"

    def check(number: int) -> str:
        rng = generator("captures", seed, number)
        return check_capture(mutated(rng.choice(contents), contents, rng), path, rng)

    return check


def check_capture(content: bytes, path: Path, rng: random.Random) -> str:
    """Write a capture as a file and read it, in a way that the generator chooses."""
    file = packed(content, rng)
    path.write_bytes(file.data)
    settings = FlowSettings(capacity=rng.choice([1, 8, 512]), splits_icmp=rng.random() < 0.5)
    hostile.check_kind(path, is_whole=file.is_whole)
    with pieces(rng.choice([512, 4096, 4 << 20])):
        if not file.is_whole:
            return outcome(hostile.check_no_other_error(path, settings))
        is_read = hostile.check_capture(content, path, settings)
        if is_read:
            hostile.check_frames_alone(path)
        return outcome(is_read)


@contextmanager
def pieces(n_bytes: int) -> Iterator[None]:
    """Captures are read in pieces of so many bytes."""
    before = capture.PIECE_BYTES
    capture.PIECE_BYTES = n_bytes
    try:
        yield
    finally:
        capture.PIECE_BYTES = before


def warm_up(folder: Path) -> None:
    """Let what is compiled be compiled, or loaded, before a clock runs."""
    path = folder / f"{os.getpid()}.plain"
    for content in originals.plain_captures():
        path.write_bytes(content)
        hostile.check_capture(content, path, FlowSettings(capacity=512))
        hostile.check_frames_alone(path)


def prepare_log(kind: str, seed: int, folder: Path) -> Check:
    """Mutations of one or a few logs of a kind, plain or packed."""
    contents = originals.logs(kind, corpora())
    others = [log for one in ("fields", "json", "eve") for log in originals.logs(one, corpora())]
    path = folder / f"{os.getpid()}.log"
    warm_up(folder)

    def check(number: int) -> str:
        rng = generator(kind, seed, number)
        chosen = rng.choices(contents, k=rng.choice([1, 1, 1, 3]))
        content = b"".join(mutated_log(one, others, rng) for one in chosen)
        file = packed(content, rng)
        path.write_bytes(file.data)
        hostile.check_kind(path, is_whole=file.is_whole)
        count = n_lines if kind == "eve" else n_zeek_lines
        read = partial(read_eve if kind == "eve" else read_zeek, n_bytes=rng.choice(PIECES))
        expected = count(content) if file.is_whole else None
        return outcome(hostile.check_log(path, expected, read=read))

    return check


def prepare_flow_file(seed: int, folder: Path) -> Check:
    """Mutated messages one after the other in a file, plain or packed."""
    contents = originals.exported()
    path = folder / f"{os.getpid()}.flows"
    warm_up(folder)

    def check(number: int) -> str:
        rng = generator("flow file", seed, number)
        content = b"".join(_sent(contents, rng))
        file = packed(content, rng)
        path.write_bytes(file.data)
        hostile.check_kind(path, is_whole=file.is_whole)
        parts = [*messages(BytesIO(content), "x", n_bytes=rng.choice(PIECES))]
        joined = b"".join(parts)
        assert content.startswith(joined), "messages are not what lies in the file"
        assert len(joined) == len(content) or len(parts[-1]) == MAX_MESSAGE_BYTES
        read = partial(read_netflow, block_flows=rng.choice([1, 3, 1 << 14]))
        expected = n_records(parts) if file.is_whole else None
        return outcome(hostile.check_log(path, expected, read=read))

    return check


def prepare_datagrams(seed: int, folder: Path) -> Check:
    """Mutated messages, sent to a socket of ours."""
    contents = originals.exported()
    warm_up(folder)

    def check(number: int) -> str:
        rng = generator("datagrams", seed, number)
        sent = [message[:MAX_DATAGRAM_BYTES] for message in _sent(contents, rng)]
        come = sent_and_received(sent)
        assert [one.data for one in come] == sent

        def read(_: Path) -> Iterator[Read]:
            return parse_messages(come, Templates())

        return outcome(hostile.check_log(folder, n_records(sent), read=read))

    return check


def _sent(contents: Sequence[bytes], rng: random.Random) -> list[bytes]:
    """A few messages, of which some are mutated."""
    chosen = rng.choices(contents, k=rng.randint(2, 6))
    return [
        mutated_message(message, contents, rng) if rng.random() < 0.4 else message
        for message in chosen
    ]


def sent_and_received(sent: Sequence[bytes]) -> list[Datagram]:
    """Datagrams as they come out of a socket of ours."""
    come: list[Datagram] = []
    with (
        udp_socket(_LOOPBACK, 0) as listening,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as exporter,
    ):
        for message in sent:
            exporter.sendto(message, (_LOOPBACK, listening.port))
        while len(come) < len(sent):
            some = listening.datagrams(wait_s=1.0)
            assert some, f"{len(sent) - len(come)} datagrams did not come"
            come += some
    return come


def n_records(sent: Sequence[bytes]) -> int:
    counting, counts = Counting(), Counter[str]()
    for message in sent:
        counts.update(counting.count(message))
    return counts.total()


def outcome(is_read: bool) -> str:
    return "read" if is_read else "refused"


WHOLE = Subject("whole captures", prepare_whole_captures)
MUTATED = Subject("captures", prepare_captures)
LOGS = (
    Subject("Zeek fields", partial(prepare_log, "fields")),
    Subject("Zeek JSON", partial(prepare_log, "json")),
    Subject("EVE", partial(prepare_log, "eve")),
    Subject("NetFlow file", prepare_flow_file),
    Subject("NetFlow datagrams", prepare_datagrams),
)
SUBJECTS = {subject.name: subject for subject in (WHOLE, MUTATED, *LOGS)}
