"""Messages arrive whole at real sockets on this machine, or their loss is told."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from oddflow.alerts import eve
from oddflow.alerts.destination import Destination, Transport
from oddflow.alerts.syslog import DeliveryFailed, SyslogSender, framed, message
from oddflow.core.errors import InputError
from tests.alerts.receivers import (
    LOOPBACK,
    WAIT_S,
    Receiver,
    datagrams,
    free_port,
    messages,
    parsed,
)
from tests.alerts.samples import ANSWER, PING, SCAN


def send_many(sender: SyslogSender, n_messages: int) -> None:
    for _ in range(n_messages):
        sender.send(b"x" * 1000)


def quick(destination: Destination) -> SyslogSender:
    return SyslogSender(destination, n_retries=2, wait_s=0.01, timeout_s=0.5)


def test_udp_sends_a_datagram_a_message() -> None:
    with datagrams(socket.AF_INET, (LOOPBACK, 0)) as receiver:
        destination = Destination(
            transport=Transport.UDP, host=LOOPBACK, port=receiver.getsockname()[1]
        )
        with quick(destination) as sender:
            sender.send(b"one\nwith a line end")
            sender.send(b"two")
            assert receiver.recv(65536) == b"one\nwith a line end"
            assert receiver.recv(65536) == b"two"
    assert (sender.n_sent, sender.n_breaks) == (2, 0)


def test_a_unix_socket_gets_the_same(tmp_path: Path) -> None:
    path = str(tmp_path / "log")
    with datagrams(socket.AF_UNIX, path) as receiver:
        with quick(Destination(transport=Transport.UNIX, path=path)) as sender:
            for alert in (SCAN, ANSWER, PING):
                sender.send(message(alert, eve.line(alert), hostname="sensor"))
        found = [parsed(receiver.recv(65536))[2] + b"\n" for _ in range(3)]
    assert found == [eve.line(alert) for alert in (SCAN, ANSWER, PING)]


def test_tcp_counts_octets() -> None:
    receiver = Receiver()
    sent = [b"one\nwith a line end", b"3 two", b"x" * 300_000, "é".encode()]
    with quick(receiver.destination) as sender:
        for content in sent:
            sender.send(content)
    receiver.join()
    assert messages(receiver.streams[0]) == sent
    assert (sender.n_sent, sender.n_breaks) == (4, 0)


def test_a_receiver_that_closes_is_connected_to_again() -> None:
    first = framed(b"one", Transport.TCP)
    receiver = Receiver(n_connections=2, read_bytes=len(first))
    with quick(receiver.destination) as sender:
        sender.send(b"one")
        assert receiver.closed.wait(WAIT_S)
        sender.send(b"two")
        sender.send(b"three")
    receiver.join()
    assert [messages(stream) for stream in receiver.streams] == [[b"one"], [b"two", b"three"]]
    assert (sender.n_sent, sender.n_breaks) == (3, 1)


def test_a_sender_that_does_not_look_would_lose_a_message() -> None:
    """What the check before each message is for: without it the second one is gone, unnoticed."""
    first = framed(b"one", Transport.TCP)
    receiver = Receiver(n_connections=2, read_bytes=len(first))
    place = (receiver.destination.host, receiver.destination.port)
    with socket.create_connection(place, WAIT_S) as careless:
        careless.sendall(first)
        assert receiver.closed.wait(WAIT_S)
        careless.sendall(framed(b"two", Transport.TCP))
    socket.create_connection(place, WAIT_S).close()
    receiver.join()
    assert [messages(stream) for stream in receiver.streams] == [[b"one"], []]


@pytest.mark.parametrize("transport", [Transport.TCP, Transport.UNIX])
def test_nobody_there_is_told_after_a_bounded_number_of_attempts(
    transport: Transport, tmp_path: Path
) -> None:
    destination = (
        Destination(transport=transport, host=LOOPBACK, port=free_port())
        if transport is Transport.TCP
        else Destination(transport=transport, path=str(tmp_path / "nobody"))
    )
    with quick(destination) as sender, pytest.raises(DeliveryFailed, match="not taken in 3") as at:
        sender.send(b"one")
    assert str(destination) in str(at.value)
    assert (sender.n_sent, sender.n_breaks) == (0, 0)


def test_each_wait_is_twice_the_last_and_their_number_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("oddflow.alerts.syslog.time.sleep", waits.append)
    destination = Destination(transport=Transport.TCP, host=LOOPBACK, port=free_port())
    sender = SyslogSender(destination)
    with pytest.raises(DeliveryFailed):
        sender.send(b"one")
    assert waits == [0.5, 1.0, 2.0, 4.0]


def test_a_receiver_that_starts_late_gets_the_message() -> None:
    port = free_port()
    destination = Destination(transport=Transport.TCP, host=LOOPBACK, port=port)
    taken: list[bytes] = []

    def start_late() -> None:
        with socket.create_server((LOOPBACK, port)) as listener:
            listener.settimeout(WAIT_S)
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(WAIT_S)
                while piece := connection.recv(65536):
                    taken.append(piece)

    timer = threading.Timer(0.2, start_late)
    timer.start()
    with SyslogSender(destination, n_retries=6, wait_s=0.05, timeout_s=0.5) as sender:
        sender.send(b"one")
    timer.join(WAIT_S)
    assert messages(b"".join(taken)) == [b"one"]


def test_a_receiver_that_does_not_read_is_told_of() -> None:
    with socket.create_server((LOOPBACK, 0)) as listener:
        destination = Destination(
            transport=Transport.TCP, host=LOOPBACK, port=listener.getsockname()[1]
        )
        sender = SyslogSender(destination, n_retries=1, wait_s=0.01, timeout_s=0.2)
        with sender:
            sender.send(b"one, which the system takes over for it")
            with pytest.raises(DeliveryFailed, match="timed out"):
                sender.send(b"x" * 32_000_000)
    assert (sender.n_sent, sender.n_breaks) == (1, 1)


def test_a_full_unix_socket_is_told_of(tmp_path: Path) -> None:
    path = str(tmp_path / "log")
    with datagrams(socket.AF_UNIX, path) as receiver:
        sender = SyslogSender(
            Destination(transport=Transport.UNIX, path=path),
            n_retries=1,
            wait_s=0.01,
            timeout_s=0.1,
        )
        with sender:
            with pytest.raises(DeliveryFailed, match="timed out"):
                send_many(sender, 10_000)
            receiver.setblocking(False)
            received = [receiver.recv(65536) for _ in range(sender.n_sent)]
            with pytest.raises(BlockingIOError):
                receiver.recv(65536)
    assert received == [b"x" * 1000] * sender.n_sent


def test_a_refused_datagram_is_counted() -> None:
    destination = Destination(transport=Transport.UDP, host=LOOPBACK, port=free_port())
    with quick(destination) as sender:
        sender.send(b"nobody hears this, and the system says so")
    assert (sender.n_sent, sender.n_breaks) == (1, 1)
    with quick(destination) as sender:
        sender.send(b"one")
        sender.send(b"two")
    assert sender.n_sent == 2
    assert sender.n_breaks >= 1


def test_a_reset_at_the_end_is_counted() -> None:
    with socket.create_server((LOOPBACK, 0)) as listener:
        destination = Destination(
            transport=Transport.TCP, host=LOOPBACK, port=listener.getsockname()[1]
        )
        sender = quick(destination)
        sender.send(b"one")
        connection, _ = listener.accept()
        connection.close()  # with what was sent unread: the system answers with a reset
        sender.close()
    assert (sender.n_sent, sender.n_breaks) == (1, 1)


def test_a_message_too_long_for_a_datagram_is_refused() -> None:
    with datagrams(socket.AF_INET, (LOOPBACK, 0)) as receiver:
        destination = Destination(
            transport=Transport.UDP, host=LOOPBACK, port=receiver.getsockname()[1]
        )
        with quick(destination) as sender:
            sender.send(b"short")
            with pytest.raises(InputError, match="70,000 bytes does not fit in one datagram"):
                sender.send(b"x" * 70_000)
            sender.send(b"still works")
            assert [receiver.recv(65536) for _ in range(2)] == [b"short", b"still works"]
    assert (sender.n_sent, sender.n_breaks) == (2, 0)


def test_closing_twice_or_unused_does_nothing() -> None:
    sender = quick(Destination(transport=Transport.UDP, host=LOOPBACK, port=free_port()))
    sender.close()
    sender.close()
    assert (sender.n_sent, sender.n_breaks) == (0, 0)
