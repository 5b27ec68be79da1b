"""Which names announce a secret, and which user names are one."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

_ANYWHERE = re.compile(
    r"passw|passphrase|pwd|secret|token|credential|signature|key|auth", re.IGNORECASE
)
_WHOLE = frozenset({"bearer", "code", "jwt", "pat", "pw", "sas", "sig"})
_NAMES_A_FILE = re.compile(r"(file|path|sslkey)$", re.IGNORECASE)
_USER = frozenset({"login", "uid", "user", "user_id", "username"})

PAIR_NAMES = (
    r"[\w.-]{0,30}(?:password|passwd|passphrase|pwd|secret|token|signature"
    r"|(?:api|access|account|private|shared)[_-]?key|credentials?)\w{0,60}|pass|sslpass|sig|sas"
)
"""Pattern of names that announce a secret in running text: fewer, for 'key' is also a word."""

_OPAQUE_LENGTH = 16
_PLACEHOLDERS = frozenset({"", "***", "PASSWORD", "PORT"})


def announces(name: str) -> bool:
    """Whether the value of a key in an address is a secret, as far as the key tells."""
    plain = unquote_plus(name).strip()
    if _NAMES_A_FILE.search(plain):
        return False
    words = re.split(r"[^a-z0-9]+", plain.lower())
    return bool(_ANYWHERE.search(plain)) or any(w in _WHOLE or w.endswith("pass") for w in words)


def names_user(name: str) -> bool:
    """Whether the value of a key in an address is a user name."""
    return unquote_plus(name).strip().lower().replace(" ", "_") in _USER


def opaque(name: str) -> bool:
    """Whether a user name looks like a token: long, of letters and digits."""
    letters = any(c.isalpha() for c in name)
    return len(name) >= _OPAQUE_LENGTH and letters and any(c.isdigit() for c in name)


def placeholder(value: str) -> bool:
    """Whether a value hides nothing: it is masked already, or stands for one in a hint."""
    return value.strip("{}'\"") in _PLACEHOLDERS
