"""What must hold whatever bytes a reader is given; each check raises where it does not.

A file is read or refused by an `InputError`, every record is counted, by `tests.ingest.counting`
too, and features can be made of what comes out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from oddflow.core.connection import COUNTS, UNKNOWN, Connections
from oddflow.core.errors import InputError, MalformedInput
from oddflow.core.kdd41 import KDD41, TRAFFIC28
from oddflow.core.schema import FeatureSchema, Kind
from oddflow.features.kdd import kdd_features, kdd_rows
from oddflow.features.kdd_windows import Windows, new_windows
from oddflow.ingest.capture import CUT_OFF, DAMAGED, read_packets
from oddflow.ingest.conn_columns import MAX_COUNT, MAX_NAME_CHARS, MAX_PORT
from oddflow.ingest.fields import N_FIELDS, Data, Field, Reason
from oddflow.ingest.iso_time import MAX_S
from oddflow.ingest.packet import decode, decode_inner
from oddflow.ingest.pcap import DECODED, Captured, FlowSettings, read_pcap
from oddflow.ingest.reading import Read
from oddflow.ingest.recording import kind_of
from tests.ingest.counting import layout_of

CaptureReader = Callable[[Path, FlowSettings], Iterator[Captured]]
LogReader = Callable[[Path], Iterator[Read]]

MAX_FRAMES_ALONE = 16
MAX_CUT_BYTES = 100
_MARGIN = 64


def check_capture(
    content: bytes, path: Path, settings: FlowSettings, *, read: CaptureReader = read_pcap
) -> bool:
    """Packets read = decoded + skipped = packets that there are; True if it was not refused.

    Args:
        content: of a capture, unpacked.
        path: where it lies, plain or packed.
        settings: how packets become connections.
        read: the reader.
    """
    layout = layout_of(content)
    try:
        packets = _all_of(read(path, settings))
    except InputError:
        if layout is not None:
            raise
        return False
    assert layout is not None, "what is no capture was read"
    n_ends = packets.pop(CUT_OFF, 0) + packets.pop(DAMAGED, 0)
    assert n_ends == int(not layout.is_whole), f"{n_ends} ends of a file, whole: {layout.is_whole}"
    assert packets.total() == len(layout.packets), (packets, len(layout.packets))
    return True


def _all_of(portions: Iterator[Captured]) -> Counter[str]:
    """What became of the packets; their connections are checked."""
    packets: Counter[str] = Counter()
    windows = new_windows()
    n_in_connections = 0
    for captured in portions:
        packets.update(captured.packets)
        check_connections(captured.connections)
        check_features(captured.connections, KDD41, windows)
        n_in_connections += sum(
            int(captured.connections.counts[name].sum()) for name in ("orig_pkts", "resp_pkts")
        )
    assert min(packets.values(), default=0) >= 0, packets
    assert n_in_connections >= packets[DECODED], "packets were decoded and are in no connection"
    return packets


def check_no_other_error(path: Path, settings: FlowSettings) -> bool:
    """A damaged archive gives what can be unpacked, then an error; True if there was none."""
    try:
        _all_of(read_pcap(path, settings))
    except InputError:
        return False
    return True


def check_frames_alone(path: Path) -> None:
    """A frame is decoded by its own bytes alone, whatever lies around them, and wherever it is cut.

    The first frames of a capture, two of them cut short everywhere in their headers.
    """
    for block in read_packets(path):
        frames = block.frames[:MAX_FRAMES_ALONE].tolist()
        for number, (start, end, _, link) in enumerate(frames):
            is_cut = number in (0, len(frames) // 2)
            n_cuts = min(end - start, MAX_CUT_BYTES) if is_cut else 0
            _check_frame(block.data[start:end], link, [end - start, *reversed(range(n_cuts))])
        return


def _check_frame(frame: Data, link: int, lengths: Sequence[int]) -> None:
    """Decode a frame cut to some lengths, longest first, among zeros and among ones."""
    zeros, ones = (np.full(len(frame) + 2 * _MARGIN, bits, dtype=np.uint8) for bits in (0, 0xFF))
    for room in (zeros, ones):
        room[_MARGIN : _MARGIN + len(frame)] = frame
    for length in lengths:
        zeros[_MARGIN + length :], ones[_MARGIN + length :] = 0, 0xFF
        found = [_decoded(room, length, link) for room in (zeros, ones)]
        _decoded(ones[: _MARGIN + length], length, link)  # where bounds are checked, it may raise
        assert found[0] == found[1], f"link {link}: {frame[:length].tobytes().hex()}"


def _decoded(room: Data, length: int, link: int) -> list[list[int]]:
    """Fields of a frame and of what it carries, or why it cannot be decoded."""
    packet = np.zeros(N_FIELDS, dtype=np.int64)
    found: list[list[int]] = []
    reason = decode(room, _MARGIN, _MARGIN + length, link, packet)
    while reason == Reason.DECODED and len(found) < MAX_FRAMES_ALONE:
        found.append(packet.tolist())
        if packet[Field.INNER_KIND] == 0:
            return found
        reason = decode_inner(room, packet)
    return [*found, [reason]]


def check_log(path: Path, n_records: int | None, *, read: LogReader) -> bool:
    """Records read = connections + skipped = records that there are; True if any was right.

    Args:
        path: of a log, plain or packed.
        n_records: that are in it; None for one whose archive is damaged.
        read: the reader.
    """
    n_read = n_connections = 0
    windows, is_refused = new_windows(), False
    try:
        for portion in read(path):
            n_read += portion.n_records
            n_connections += len(portion.connections)
            check_read(portion)
            check_features(portion.connections, TRAFFIC28, windows)
    except MalformedInput:  # behind the last record
        if n_records is not None and n_connections:
            raise
        is_refused = True
    assert n_records is None or n_read == n_records, (n_read, n_records)
    return not is_refused


def check_kind(path: Path, *, is_whole: bool) -> None:
    """What a file is can be told, unless its archive is damaged."""
    try:
        kind_of(path)
    except InputError:
        if is_whole:
            raise


def check_read(read: Read) -> None:
    """Whatever was read, it is within the bounds that were promised."""
    check_connections(read.connections)
    assert all(why.isprintable() and len(why) < 120 for why in read.skipped)
    assert all(n >= 0 for n in read.skipped.values()), read.skipped


def check_connections(many: Connections) -> None:
    """Connections are within the bounds that were promised."""
    assert ((many.start_s >= 0) & (many.start_s <= MAX_S)).all()
    assert (np.isnan(many.duration_s) | (many.duration_s >= 0)).all()
    for port in (many.orig_p, many.resp_p):
        assert ((port >= 0) & (port <= MAX_PORT)).all()
    for name in COUNTS:
        assert ((many.counts[name] >= UNKNOWN) & (many.counts[name] <= MAX_COUNT)).all(), name
    for names in many.names.values():
        assert all(len(name) <= MAX_NAME_CHARS and name.isascii() for name in names.levels)
        assert all(name.isprintable() for name in names.levels)
        assert len(set(names.levels)) == len(names.levels)


def check_features(connections: Connections, schema: FeatureSchema, windows: Windows) -> None:
    """Features can be made of connections: no negative or infinite one, and no rate above 1."""
    numeric = kdd_features(connections.take(kdd_rows(connections)), windows, schema=schema).numeric
    assert np.isfinite(numeric).all()
    assert (numeric >= 0).all()
    is_rate = [feature.kind == Kind.RATE for feature in schema.numeric]
    assert (numeric[:, is_rate] <= 1).all()
