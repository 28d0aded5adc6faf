"""All visits that clients make: lively on purpose, for people hurry, mistype and ask in vain."""

from __future__ import annotations

from lab.clients.exchange import (
    ftp_fetch,
    ftp_mistyped,
    ftp_store,
    ftp_visit,
    mail_newsletter,
    mail_sent,
)
from lab.clients.programs import (
    dns_failure,
    dns_lookup,
    health_check,
    ping,
    redis_command,
    redis_script,
    redis_watch,
)
from lab.clients.terminals import ssh_command, ssh_copy, ssh_password, telnet_login, telnet_mistyped
from lab.clients.visit import Make
from lab.clients.web import (
    gone,
    refused,
    web_burst,
    web_form,
    web_large,
    web_member,
    web_missing,
    web_page,
    web_poll,
    web_reuse,
    web_upload,
)

VISITS: dict[Make, float] = {
    web_page: 24,
    web_burst: 1,
    web_reuse: 5,
    web_poll: 1,
    web_large: 1,
    web_form: 8,
    web_upload: 1.5,
    web_missing: 3,
    web_member: 2,
    refused: 2,
    gone: 0.7,
    dns_lookup: 16,
    dns_failure: 3,
    ssh_command: 2.5,
    ssh_password: 1.5,
    ssh_copy: 0.7,
    ftp_fetch: 4,
    ftp_store: 1,
    ftp_visit: 1,
    ftp_mistyped: 0.5,
    mail_sent: 9,
    mail_newsletter: 0.3,
    telnet_login: 3.5,
    telnet_mistyped: 0.7,
    redis_command: 8,
    redis_script: 3,
    redis_watch: 1,
    ping: 3,
    health_check: 0.7,
}
"""How often each visit is made, relative to the others."""
