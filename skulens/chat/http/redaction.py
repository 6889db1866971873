"""Keys and passwords stay out of messages, logs, replies and results."""

import base64
import json
import logging
import re
from urllib.parse import quote

MASK = "***"
SHORT = 8
"""Characters below which a key is masked only where it stands behind "Bearer" or the like: masking
every "abc" would make nonsense of answers."""
PATTERNS = (
    re.compile(r"(//)[^/\s@\"']+(?=@)"),  # userinfo of a URL
    re.compile(r"(?i)(authorization\W{1,6}(?:bearer|basic|token)?\s*)[^\s\"',}\]\\*]+"),
    re.compile(r"(?i)(\bbearer\s+)(?=[^\s\"',}]*\d)[^\s\"',}\]\\]+"),
    re.compile(r"(?i)(api[-_]?key['\"]?\s*[:=]\s*['\"]?)[^\s\"',}\]\\*]+"),
    re.compile(r"(\bsk-)[A-Za-z0-9_-]{12,}"),
)
"""What to keep is group 1."""
LOGGERS = [
    "openai",
    "openai._base_client",
    "openai._response",
    "openai._legacy_response",
    *("httpx", "httpx2"),
    *(
        f"{root}.{part}"
        for root in ("httpcore", "httpcore2")
        for part in ("connection", "http11", "http2", "proxy", "socks")
    ),
]
"""Of the HTTP client, of which some are made with its first request: a filter works on the very
logger that is written to, not on those below it."""


class Redactor:
    """Masks secrets in whatever text they may come back in."""

    def __init__(self, secret: str = ""):
        self._secret = secret
        forms = {
            secret,
            quote(secret, safe=""),
            json.dumps(secret)[1:-1],
            base64.b64encode(secret.encode("utf-8", "surrogatepass")).decode(),
        }
        self._forms = sorted((f for f in forms if len(secret) >= SHORT), key=len, reverse=True)
        self._data = [f.encode("utf-8", "surrogatepass") for f in self._forms]

    def __repr__(self) -> str:
        return "Redactor()"

    def clean(self, text: str) -> str:
        """The text of a message without secrets, those of others included where they look so."""
        text = self.mask(text)
        for pattern in PATTERNS:
            text = pattern.sub(rf"\g<1>{MASK}", text)
        if self._secret and len(self._secret) < SHORT:
            text = re.sub(rf"(?i)(bearer\s+){re.escape(self._secret)}", rf"\g<1>{MASK}", text)
        return text

    def mask(self, text: str) -> str:
        """What a model said, without our secret; anything else is unchanged."""
        for form in self._forms:
            text = text.replace(form, MASK)
        return text

    def clean_bytes(self, data: bytes) -> bytes:
        """What a server sent, without our secret; anything else is unchanged."""
        for form in self._data:
            if form in data:
                data = data.replace(form, MASK.encode())
        return data


class LogFilter(logging.Filter):
    """Cleans the records of the HTTP client, which at DEBUG holds headers that servers sent."""

    def __init__(self) -> None:
        super().__init__()
        self.redactors: list[Redactor] = []

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        clean = said
        for redactor in self.redactors:
            clean = redactor.clean(clean)
        if clean != said:
            record.msg, record.args = clean, ()
        return True


LOGS = LogFilter()


def clean_logs(redactor: Redactor) -> None:
    """Keep a secret out of the logs of the HTTP client from now on."""
    if not any(r._secret == redactor._secret for r in LOGS.redactors):
        LOGS.redactors.append(redactor)
    for name in LOGGERS:
        logging.getLogger(name).addFilter(LOGS)
