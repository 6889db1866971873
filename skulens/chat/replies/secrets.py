"""Keys and passwords are taken out of what is kept, should an engine or a server repeat one."""

import os
import re
from collections.abc import Iterable

HIDDEN = "[hidden]"
PATTERNS = (
    (re.compile(r"(?<![\w-])(sk|pk|hf|gsk|xai|ghp|key|api)[-_](?=[\w-]*\d)[\w-]{12,}"), HIDDEN),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/-]{8,}=*"), rf"\1 {HIDDEN}"),
    (re.compile(r"(://[^/@\s:]*):[^/@\s]+@"), rf"\1:{HIDDEN}@"),
)
"""The usual forms of API keys, authorization headers, and passwords in addresses."""
NAMES = re.compile(r"(KEY|TOKEN|PASSWORD|SECRET)$")
"""Ends of the names of environment variables that hold one."""
SHORTEST = 8
"""Characters; a shorter value may be an ordinary word."""


def known_secrets() -> list[str]:
    """Values of environment variables that are named like keys."""
    found = {v for n, v in os.environ.items() if len(v) >= SHORTEST and NAMES.search(n.upper())}
    return sorted(found, key=len, reverse=True)


def hide_known(text: str, secrets: Iterable[str]) -> str:
    """The text without these values."""
    for value in secrets:
        text = text.replace(value, HIDDEN)
    return text


def hide_secrets(text: str, secrets: Iterable[str]) -> str:
    """The text without these values, and without what looks like a key or a password."""
    text = hide_known(text, secrets)
    for pattern, instead in PATTERNS:
        text = pattern.sub(instead, text)
    return text
