"""The programs that the lab uses: Debian's, run as they are; none is part of the project."""

from __future__ import annotations

import shutil

from lab.processes import run

PACKAGES: dict[str, str] = {
    "ip": "iproute2",
    "sysctl": "procps",
    "ethtool": "ethtool",
    "setpriv": "util-linux",
    "tcpdump": "tcpdump",
    "nginx": "nginx-light",
    "sshd": "openssh-server",
    "vsftpd": "vsftpd",
    "dnsmasq": "dnsmasq-base",
    "postfix": "postfix",
    "telnetd": "inetutils-telnetd",
    "inetutils-inetd": "inetutils-inetd",
    "redis-server": "redis-server",
    "curl": "curl",
    "dig": "bind9-dnsutils",
    "ssh": "openssh-client",
    "sshpass": "sshpass",
    "lftp": "lftp",
    "swaks": "swaks",
    "telnet": "telnet",
    "redis-cli": "redis-tools",
    "ping": "iputils-ping",
    "openssl": "openssl",
    "nmap": "nmap",
    "masscan": "masscan",
    "hping3": "hping3",
    "hydra": "hydra",
    "ncrack": "ncrack",
    "slowhttptest": "slowhttptest",
    "sqlmap": "sqlmap",
    "ab": "apache2-utils",
    "iodine": "iodine",
    "arpspoof": "dsniff",
}
"""The Debian package of each program."""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def missing_packages() -> list[str]:
    """Packages whose program is not to be found."""
    return [
        package for program, package in PACKAGES.items() if not shutil.which(program, path=PATH)
    ]


def require_tools() -> None:
    """Check that every program is there.

    Raises:
        RuntimeError: some are missing. Says how to get them.
    """
    if missing := missing_packages():
        raise RuntimeError(
            f"expected the lab's tools, received none of {', '.join(missing)}; install them: "
            f"apt-get install --no-install-recommends {' '.join(missing)}"
        )


def versions() -> dict[str, str]:
    """The installed version of each package, as Debian's package manager says."""
    lines = run(["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *PACKAGES.values()])
    return dict(line.split(" ", 1) for line in lines.splitlines())
