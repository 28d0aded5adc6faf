"""Messages wait for a receiver that is away, and what is lost is counted."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable

from oddflow.alerts.destination import Destination, Transport
from oddflow.alerts.outbox import Outbox
from oddflow.alerts.syslog import SyslogSender
from tests.alerts.receivers import LOOPBACK, WAIT_S, Receiver, datagrams, free_port, messages


def quick(destination: Destination) -> SyslogSender:
    return SyslogSender(destination, n_retries=0, wait_s=0.01, timeout_s=0.5)


def nobody() -> Destination:
    return Destination(transport=Transport.TCP, host=LOOPBACK, port=free_port())


def outbox(
    sender: SyslogSender, told: Callable[[str], object], *, patience_s: float = 5, room: int = 100
) -> Outbox:
    return Outbox(sender, told, max_waiting=room, wait_s=0.02, patience_s=patience_s)


def test_messages_arrive_in_order_and_whole() -> None:
    receiver, told = Receiver(), list[str]()
    sent = [b"message %d" % i for i in range(50)]
    with outbox(quick(receiver.destination), told.append) as box:
        for content in sent:
            box.put(content)
    receiver.join()
    assert messages(receiver.streams[0]) == sent
    assert (box.sender.n_sent, box.n_lost, told) == (50, 0, [])


def test_a_receiver_that_is_back_gets_what_waited() -> None:
    destination, told = nobody(), list[str]()
    taken: list[bytes] = []

    def start_late() -> None:
        with socket.create_server((LOOPBACK, destination.port)) as listener:
            listener.settimeout(WAIT_S)
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(WAIT_S)
                while piece := connection.recv(65536):
                    taken.append(piece)

    late = threading.Timer(0.3, start_late)
    late.start()
    with outbox(quick(destination), told.append) as box:
        for i in range(20):
            box.put(b"message %d" % i)
    late.join(WAIT_S)
    assert messages(b"".join(taken)) == [b"message %d" % i for i in range(20)]
    assert box.n_lost == 0
    assert len(told) == 2  # not once an attempt
    assert "alerts wait, 100 at most" in told[0]
    assert "taken again" in told[1]


def test_whoever_puts_never_waits_and_losses_are_counted() -> None:
    box = outbox(quick(nobody()), lambda _text: None, patience_s=0.1, room=10)
    start_s = time.monotonic()
    for i in range(500):
        box.put(b"message %d" % i)
    assert time.monotonic() - start_s < 1
    box.close()
    assert box.sender.n_sent == 0
    assert box.n_lost == 500
    assert "not taken" in box.reason


def test_a_receiver_that_leaves_has_the_rest_counted() -> None:
    """Every message was taken over by the system or is lost for certain; nothing is in between."""
    listener = socket.create_server((LOOPBACK, 0))
    place = Destination(transport=Transport.TCP, host=LOOPBACK, port=listener.getsockname()[1])
    with outbox(quick(place), lambda _text: None, patience_s=0.3) as box:
        box.put(b"one")
        connection, _ = listener.accept()
        assert connection.recv(5) == b"3 one"
        connection.close()
        listener.close()
        for _ in range(5):
            box.put(b"another")
    assert (box.sender.n_sent, box.n_lost, box.sender.n_breaks) == (1, 5, 1)


def test_one_that_is_too_long_is_lost_alone() -> None:
    with datagrams(socket.AF_INET, (LOOPBACK, 0)) as receiver:
        port = receiver.getsockname()[1]
        place = Destination(transport=Transport.UDP, host=LOOPBACK, port=port)
        with outbox(quick(place), lambda _text: None) as box:
            box.put(b"x" * 70_000)
            box.put(b"short")
            assert receiver.recv(65536) == b"short"
    assert (box.sender.n_sent, box.n_lost) == (1, 1)
    assert "does not fit" in box.reason


def test_who_is_interrupted_does_not_wait() -> None:
    start_s = time.monotonic()
    try:
        with outbox(quick(nobody()), lambda _text: None, patience_s=60) as box:
            box.put(b"one")
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    assert time.monotonic() - start_s < 5
    assert box.n_lost == 1
