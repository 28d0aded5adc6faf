"""Community IDs equal those that Corelight publishes for its specification and its package."""

from __future__ import annotations

import pytest

from oddflow.alerts.community import community_id, protocol_number
from oddflow.core.connection import Connection

NODE, OTHER = "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea"
SITE = "3ffe:507:0:1:200:86ff:fe05:80da"
SITE_2 = "3ffe:507:0:1:260:97ff:fe07:69ea"
MAIL_4, MAIL_6 = "2001:470:e5bf:dead:4957:2174:e82c:4887", "2607:f8b0:400c:c03::1a"

# protocol, one end, the other, name
PUBLISHED = [
    ("tcp", "128.232.110.120", 34855, "66.35.250.204", 80, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
    ("tcp", "66.35.250.204", 80, "128.232.110.120", 34855, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
    ("tcp", "10.0.0.1", 10, "10.0.0.2", 11569, "1:SXBGMX1lBOwhhoDrZynfROxnhnM="),
    ("tcp", MAIL_4, 63943, MAIL_6, 25, "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="),
    ("tcp", MAIL_6, 25, MAIL_4, 63943, "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="),
    ("udp", "192.168.1.52", 54585, "8.8.8.8", 53, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="),
    ("udp", "8.8.8.8", 53, "192.168.1.52", 54585, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="),
    ("icmp", "192.168.0.89", 8, "192.168.0.1", 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="),
    ("icmp", "192.168.0.1", 0, "192.168.0.89", 8, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="),
    ("icmp", "192.168.0.1", 0, "192.168.0.89", 20, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="),
    ("icmp", "192.168.0.89", 20, "192.168.0.1", 0, "1:3o2RFccXzUgjl7zDpqmY7yJi8rI="),
    ("icmp", "192.168.0.89", 20, "192.168.0.1", 1, "1:tz/fHIDUHs19NkixVVoOZywde+I="),
    ("icmp", "10.0.0.1", 11, "10.0.0.2", 0, "1:YHxtAirCG//0OzkcVAukqKQN9xM="),
    ("icmp", NODE, 135, OTHER, 0, "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="),
    ("icmp", OTHER, 136, NODE, 0, "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="),
    ("icmp", OTHER, 135, NODE, 136, "1:zavyT/cezQr1fmImYCwYnMXbgck="),
    ("icmp", SITE_2, 3, SITE, 0, "1:NdobDX8PQNJbAyfkWxhtL2Pqp5w="),
    ("icmp", SITE, 3, SITE_2, 0, "1:/OGBt9BN1ofenrmSPWYicpij2Vc="),
    ("icmp", SITE, 128, "3ffe:501:0:1001::2", 129, "1:+TW+HtLHvV1xnGhV1lv7XoJrqQg="),
    ("icmp", NODE, 133, "ff02::2", 134, "1:hO+sN4H+MG5MY/8hIrXPqc4ZQz0="),
    ("icmp", OTHER, 134, "ff02::1", 133, "1:pkvHqCL88/tg1k4cPigmZXUtL00="),
]


def between(proto: str, orig_h: str, orig_p: int, resp_h: str, resp_p: int) -> Connection:
    return Connection(
        start_s=0,
        orig_h=orig_h,
        orig_p=orig_p,
        resp_h=resp_h,
        resp_p=resp_p,
        proto=proto,
        conn_state="OTH",
    )


@pytest.mark.parametrize(("proto", "orig_h", "orig_p", "resp_h", "resp_p", "name"), PUBLISHED)
def test_published_names(
    proto: str, orig_h: str, orig_p: int, resp_h: str, resp_p: int, name: str
) -> None:
    assert community_id(between(proto, orig_h, orig_p, resp_h, resp_p)) == name


def test_another_port_has_another_name() -> None:
    proto, orig_h, orig_p, resp_h, resp_p, name = PUBLISHED[0]
    assert community_id(between(proto, orig_h, orig_p + 1, resp_h, resp_p)) != name


def test_the_zone_of_an_address_is_not_part_of_it() -> None:
    assert community_id(between("icmp", f"{NODE}%eth0", 135, OTHER, 0)) == PUBLISHED[13][-1]


@pytest.mark.parametrize(
    ("proto", "orig_h", "orig_p", "resp_h"),
    [
        ("tcp", "server", 1, "192.0.2.1"),
        ("tcp", "192.0.2.1", 1, "2001:db8::1"),
        ("tcp", "192.0.2.1", 65536, "192.0.2.2"),
        ("tcp", "192.0.2.1", -1, "192.0.2.2"),
        ("unknown_transport", "192.0.2.1", 1, "192.0.2.2"),
    ],
)
def test_what_has_no_name(proto: str, orig_h: str, orig_p: int, resp_h: str) -> None:
    assert community_id(between(proto, orig_h, orig_p, resp_h, 80)) is None


def test_protocols_have_the_numbers_of_iana() -> None:
    def number(proto: str, host: str) -> int | None:
        return protocol_number(between(proto, host, 1, host, 1))

    assert [number(proto, "192.0.2.1") for proto in ("icmp", "tcp", "udp")] == [1, 6, 17]
    assert [number(proto, "2001:db8::1") for proto in ("icmp", "tcp", "udp")] == [58, 6, 17]
    assert number("sctp", "192.0.2.1") is None
