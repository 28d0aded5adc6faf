"""Which words in the payload of text protocols make the 13 content features of KDD.

Lee and Stolfo (2000) name the features; the scripts that made them were not published, so that the
words below are our choice, as are the ports (`GROUPS`).
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np


class Content(IntEnum):
    """Columns of a connection's content: the features in KDD's order, then what is remembered."""

    HOT = 0
    NUM_FAILED_LOGINS = 1
    LOGGED_IN = 2
    NUM_COMPROMISED = 3
    ROOT_SHELL = 4
    SU_ATTEMPTED = 5
    NUM_ROOT = 6
    NUM_FILE_CREATIONS = 7
    NUM_SHELLS = 8
    NUM_ACCESS_FILES = 9
    NUM_OUTBOUND_CMDS = 10
    IS_HOST_LOGIN = 11
    IS_GUEST_LOGIN = 12
    ORIG_AT = 13  # state of the automaton after what the originator sent
    RESP_AT = 14
    ORIG_READ = 15  # bytes
    RESP_READ = 16


class Group(IntEnum):
    """Services that speak alike."""

    NONE = 0
    FTP = 1
    LOGIN = 2
    SMTP = 3
    HTTP = 4
    MAILBOX = 5


_PORTS = {
    Group.FTP: (21,),
    Group.LOGIN: (23, 513, 514),
    Group.SMTP: (25, 587),
    Group.HTTP: (80, 2784, 3128, 8000, 8001, 8080),
    Group.MAILBOX: (110, 143),
}
GROUPS = np.zeros(1 << 16, dtype=np.int64)
"""`Group` of each port of a responder; payload of others is not read."""
for _group, _ports in _PORTS.items():
    GROUPS[list(_ports)] = _group.value


class Rule(NamedTuple):
    """What a word adds.

    word: small letters; a line break before it means the start of a line; by_orig: looked for in
    what the originator sends; groups: and with these services only; feature: a column of
    `Content`; is_flag: set to 1 instead of counted.
    """

    word: bytes
    by_orig: bool
    groups: tuple[Group, ...]
    feature: Content
    is_flag: bool = False


_ANY = tuple(_PORTS)
_O, _R = True, False
_FTP, _LOGIN, _SMTP, _HTTP, _MAILBOX = ((group,) for group in _PORTS)

RULES = (
    Rule(b"login incorrect", _R, _LOGIN, Content.NUM_FAILED_LOGINS),
    Rule(b"authentication failure", _R, _LOGIN, Content.NUM_FAILED_LOGINS),
    Rule(b"\n530 ", _R, _FTP, Content.NUM_FAILED_LOGINS),
    Rule(b"\n535 ", _R, _SMTP, Content.NUM_FAILED_LOGINS),
    Rule(b"\n-err", _R, _MAILBOX, Content.NUM_FAILED_LOGINS),
    Rule(b" no [authenticationfailed]", _R, _MAILBOX, Content.NUM_FAILED_LOGINS),
    Rule(b"\n230 ", _R, _FTP, Content.LOGGED_IN, is_flag=True),
    Rule(b"last login", _R, _LOGIN, Content.LOGGED_IN, is_flag=True),
    Rule(b"\n+ok logged in", _R, _MAILBOX, Content.LOGGED_IN, is_flag=True),
    Rule(b"ok logged in", _R, _MAILBOX, Content.LOGGED_IN, is_flag=True),
    Rule(b"not found", _R, _LOGIN, Content.NUM_COMPROMISED),
    Rule(b"no such file", _R, _LOGIN, Content.NUM_COMPROMISED),
    Rule(b"permission denied", _R, _LOGIN, Content.NUM_COMPROMISED),
    Rule(b"root@", _R, _LOGIN, Content.ROOT_SHELL, is_flag=True),
    Rule(b"\n# ", _R, _LOGIN, Content.ROOT_SHELL, is_flag=True),
    Rule(b"uid=0(root)", _R, _ANY, Content.ROOT_SHELL, is_flag=True),
    Rule(b"\nsu root", _O, _LOGIN, Content.SU_ATTEMPTED),
    Rule(b"\nsu -", _O, _LOGIN, Content.SU_ATTEMPTED),
    Rule(b"\nsu\r", _O, _LOGIN, Content.SU_ATTEMPTED),
    Rule(b"\nsudo ", _O, _LOGIN, Content.SU_ATTEMPTED),
    Rule(b"\ntouch ", _O, _LOGIN, Content.NUM_FILE_CREATIONS),
    Rule(b"\nmkdir ", _O, _LOGIN, Content.NUM_FILE_CREATIONS),
    Rule(b" > ", _O, _LOGIN, Content.NUM_FILE_CREATIONS),
    Rule(b"\nstor ", _O, _FTP, Content.NUM_FILE_CREATIONS),
    Rule(b"\nstou", _O, _FTP, Content.NUM_FILE_CREATIONS),
    Rule(b"\nappe ", _O, _FTP, Content.NUM_FILE_CREATIONS),
    Rule(b"\nmkd ", _O, _FTP, Content.NUM_FILE_CREATIONS),
    Rule(b"/bin/sh", _O, _ANY, Content.NUM_SHELLS),
    Rule(b"/bin/bash", _O, _ANY, Content.NUM_SHELLS),
    Rule(b"/bin/csh", _O, _ANY, Content.NUM_SHELLS),
    Rule(b"cmd.exe", _O, _ANY, Content.NUM_SHELLS),
    Rule(b"/etc/passwd", _O, _ANY, Content.NUM_ACCESS_FILES),
    Rule(b"/etc/shadow", _O, _ANY, Content.NUM_ACCESS_FILES),
    Rule(b".rhosts", _O, _ANY, Content.NUM_ACCESS_FILES),
    Rule(b"hosts.equiv", _O, _ANY, Content.NUM_ACCESS_FILES),
    Rule(b".htpasswd", _O, _ANY, Content.NUM_ACCESS_FILES),
    Rule(b".htaccess", _O, _ANY, Content.NUM_ACCESS_FILES),
    Rule(b"../", _O, _HTTP + _FTP, Content.HOT),
    Rule(b"..%2f", _O, _HTTP, Content.HOT),
    Rule(b"/cgi-bin/phf", _O, _HTTP, Content.HOT),
    Rule(b"/" * 32, _O, _HTTP, Content.NUM_COMPROMISED),
    Rule(b"site exec", _O, _FTP, Content.HOT),
    Rule(b"\ncwd /etc", _O, _FTP, Content.HOT),
    Rule(b"\ncwd /bin", _O, _FTP, Content.HOT),
    Rule(b"\ngcc ", _O, _LOGIN, Content.HOT),
    Rule(b"\nperl -e", _O, _LOGIN, Content.HOT),
    Rule(b"\nchmod +s", _O, _LOGIN, Content.HOT),
    Rule(b"\nuser anonymous", _O, _FTP, Content.IS_GUEST_LOGIN, is_flag=True),
    Rule(b"\nuser ftp\r", _O, _FTP, Content.IS_GUEST_LOGIN, is_flag=True),
    Rule(b"\nuser guest", _O, _FTP, Content.IS_GUEST_LOGIN, is_flag=True),
    Rule(b"\nguest\r", _O, _LOGIN, Content.IS_GUEST_LOGIN, is_flag=True),
    Rule(b"\nretr ", _O, _FTP, Content.HOT),
    Rule(b"\nlist", _O, _FTP, Content.HOT),
)
"""The last two count in a guest's session alone, where KDD has the most hot indicators."""

OF_GUESTS = (len(RULES) - 2, len(RULES) - 1)
"""Places of those."""
