"""The servers: Debian's own programs, each with a small configuration in a folder of its own."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lab.processes import run
from lab.scene import DOMAIN, TUNNEL, WORDS, Scene

POSTFIX_PROCESSES = {
    "pickup": "n - n 60 1 pickup",
    "cleanup": "n - n - 0 cleanup",
    "qmgr": "n - n 300 1 qmgr",
    "rewrite": "- - n - - trivial-rewrite",
    "bounce": "- - n - 0 bounce",
    "defer": "- - n - 0 bounce",
    "trace": "- - n - 0 bounce",
    "error": "- - n - - error",
    "retry": "- - n - - error",
    "anvil": "- - n - 1 anvil",
    "discard": "- - n - - discard",
    "proxymap": "- - n - - proxymap",
    "tlsmgr": "- - n 1000? 1 tlsmgr",
}
"""What postfix consists of; none of it in a chroot, which would need copies of /etc."""

Prepare = Callable[[Scene, Path, str], tuple[str, ...]]
"""Writes the configuration for a server at an address and returns its command."""


@dataclass(frozen=True, slots=True)
class Service:
    """A kind of server.

    Attributes:
        port: where it listens.
        prepare: writes its configuration.
    """

    port: int
    prepare: Prepare


def web(scene: Scene, folder: Path, address: str) -> tuple[str, ...]:
    """Nginx: pages, an upload folder, a page behind a password, an answer that is computed."""
    uploads = folder / "uploads"
    uploads.mkdir()
    uploads.chmod(0o777)
    secret = run(["openssl", "passwd", "-1", "-stdin"], text=scene.passwords["ana"]).strip()
    (folder / "secret").write_text(f"ana:{secret}\n")
    (folder / "nginx.conf").write_text(
        f"""\
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 8192; }}
http {{
  access_log off; keepalive_timeout 15s; client_max_body_size 8m; types {{ text/html html; }}
  client_body_temp_path {folder}/body; default_type application/octet-stream; server_tokens on;
  fastcgi_temp_path {folder}/f; proxy_temp_path {folder}/p; scgi_temp_path {folder}/s;
  uwsgi_temp_path {folder}/u;
  server {{
    listen {address}:80 backlog=4096; root {scene.site}; index page00.html;
    location /api/ {{ default_type application/json; return 200 '{{"id": "$arg_id"}}'; }}
    location /member/ {{ auth_basic members; auth_basic_user_file {folder}/secret;
      alias {scene.site}/; }}
    location /up/ {{ alias {uploads}/; dav_methods PUT; }}
  }}
}}
"""
    )
    return ("nginx", "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf"))


def ssh(_scene: Scene, folder: Path, address: str) -> tuple[str, ...]:
    """OpenSSH, by key and by password."""
    key = folder / "host_key"
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)])
    (folder / "sshd.conf").write_text(
        f"ListenAddress {address}\nHostKey {key}\nPidFile {folder}/pid\nUsePAM no\nUseDNS no\n"
        "PasswordAuthentication yes\nMaxStartups 200\nMaxAuthTries 3\nStrictModes no\n"
        "LogLevel ERROR\nPrintLastLog no\nSubsystem sftp internal-sftp\n"
    )
    return ("/usr/sbin/sshd", "-D", "-e", "-f", str(folder / "sshd.conf"))


def ftp(scene: Scene, folder: Path, address: str) -> tuple[str, ...]:
    """FTP by vsftpd: for users, and for anybody, who sees the web pages."""
    (folder / "home" / "ftp").mkdir()  # Debian's user of that name lives there
    (folder / "vsftpd.conf").write_text(
        f"listen=YES\nlisten_address={address}\nbackground=NO\nlocal_enable=YES\n"
        "anonymous_enable=YES\nwrite_enable=YES\npam_service_name=vsftpd\n"
        f"anon_root={scene.site}\nseccomp_sandbox=NO\nsecure_chroot_dir=/run/vsftpd/empty\n"
        "xferlog_enable=NO\nconnect_from_port_20=YES\nmax_login_fails=1\n"
    )
    return ("vsftpd", str(folder / "vsftpd.conf"))


def dns(scene: Scene, folder: Path, address: str) -> tuple[str, ...]:
    """dnsmasq: a small domain, no such name for the rest of it, refusal for all else."""
    rng = random.Random(f"names {scene.seed}")
    lines = ["no-resolv", "no-hosts", "no-daemon", "user=root", "bind-interfaces", "pid-file"]
    lines += [f"listen-address={address}", "except-interface=lo", f"local=/{DOMAIN}/"]
    lines += [
        f"host-record={name}.{DOMAIN},{rng.choice(list(scene.plan.addresses.values()))}"
        for name in WORDS
    ]
    lines += [f"mx-host={DOMAIN},{WORDS[0]}.{DOMAIN},10", "log-facility=-", "cache-size=1000"]
    lines += [f"txt-record=big.{DOMAIN}," + ",".join([(rng.choice(WORDS) * 60)[:200]] * 4)]
    if "dns_tunnel_end" in scene.plan.addresses:
        lines.append(f"server=/{TUNNEL}/{scene.address('dns_tunnel_end')}")
    (folder / "dnsmasq.conf").write_text("\n".join(lines) + "\n")
    return ("dnsmasq", "-k", "-C", str(folder / "dnsmasq.conf"))


def mail(_scene: Scene, folder: Path, address: str) -> tuple[str, ...]:
    """Postfix: takes mail for its domain and throws it away; refuses to pass any other on."""
    for name in ("conf", "queue", "data"):
        (folder / name).mkdir()
    run(["chown", "postfix", str(folder / "data")])
    (folder / "conf" / "main.cf").write_text(
        f"compatibility_level = 3.6\nmyhostname = mail.{DOMAIN}\nmydestination = {DOMAIN}\n"
        f"inet_interfaces = {address}\ninet_protocols = ipv4\nmynetworks = 127.0.0.0/8\n"
        f"queue_directory = {folder}/queue\ndata_directory = {folder}/data\n"
        "local_recipient_maps =\nlocal_transport = discard:\nalias_maps =\n"
        "smtpd_client_connection_count_limit = 0\ndisable_dns_lookups = yes\n"
        "smtp_host_lookup = native\nmaillog_file = /var/log/mail.log\n"
        "smtpd_peername_lookup = no\ndefault_process_limit = 60\n"
    )
    (folder / "conf" / "master.cf").write_text(
        "smtp inet n - n - - smtpd\npostlog unix-dgram n - n - 1 postlogd\n"
        + "".join(f"{name} unix {more}\n" for name, more in POSTFIX_PROCESSES.items())
    )
    return ("postfix", "-c", str(folder / "conf"), "start-fg")


def telnet(_scene: Scene, folder: Path, address: str) -> tuple[str, ...]:
    """GNU telnetd behind inetd, with the machine's login program."""
    (folder / "inetd.conf").write_text(
        f"{address}:telnet stream tcp nowait root /usr/sbin/telnetd telnetd -h\n"
    )
    return ("inetutils-inetd", "-R", "6000", str(folder / "inetd.conf"))


def redis(_scene: Scene, folder: Path, address: str) -> tuple[str, ...]:
    """Redis without a password, as it is often found."""
    (folder / "redis.conf").write_text(
        f"bind {address}\nport 6379\nprotected-mode no\ndaemonize no\nsave ''\n"
        f"appendonly no\ndir {folder}\ntcp-backlog 511\n"
    )
    return ("redis-server", str(folder / "redis.conf"))


SERVICES: dict[str, Service] = {
    "web": Service(80, web),
    "ssh": Service(22, ssh),
    "ftp": Service(21, ftp),
    "dns": Service(53, dns),
    "mail": Service(25, mail),
    "telnet": Service(23, telnet),
    "redis": Service(6379, redis),
}
SERVERS: dict[str, str] = {
    "web1": "web",
    "web2": "web",
    **{f"{name}1": name for name in SERVICES if name != "web"},
}
"""The service of each server that everybody uses."""
