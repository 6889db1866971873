"""Who may ask: names of the host, tokens with scopes.

A token is 256 random bits, shown once when it is made. The file has its SHA-256, which needs no salt
and no slowness: nobody guesses such numbers. It is read again whenever it changes, so that a token
withdrawn is refused at once, without a new start.
"""

import hashlib
import hmac
import json
import logging
import os
import re
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fastapi import Request

from skulens.errors import DataError, MissingFile
from skulens.serve.door.limits import App, Receive, Scope, Send
from skulens.serve.problems import Problem

LOG = logging.getLogger("skulens.serve")
SCOPES = ("read", "write")
PREFIX = "sku_"
"""So that a token is recognised where it should not be."""
NAME = re.compile(r"[\w.@-]{1,64}", re.ASCII)
MOST_DAYS = 36_500
"""Until a token expires; dates end in the year 9999."""
OPEN = frozenset({"/", "/livez", "/readyz", "/openapi.json", "/favicon.ico"})
"""Nothing of the store is there."""
OPEN_BELOW = "/page/"
WRITES = "/v1/products:"
HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^:\[\]]*)(?::\d*)?")
ALLOWED = "skulens.scopes"


@dataclass(frozen=True)
class Token:
    """What is kept of a token."""

    name: str
    sha256: str
    scopes: tuple[str, ...]
    created: str
    """ISO 8601, UTC."""
    expires: str = ""
    """ISO 8601, UTC; empty: never."""

    def expired(self, now: datetime) -> bool:
        return bool(self.expires) and now >= datetime.fromisoformat(self.expires)


def make_token(file: Path, name: str, scopes: Iterable[str], days: float = 0) -> str:
    """A new token, added to a file; the only time that it is seen.

    Args:
        days: until it expires; 0: never.
    Raises:
        DataError: a name that is taken or odd, an unknown scope, a file that is none of tokens.
    """
    held = read_tokens(file) if file.exists() else ()
    scopes = tuple(dict.fromkeys(scopes))
    if not NAME.fullmatch(name):
        raise DataError(f"the name of a token has letters, digits and . _ @ -, got {name!r:.80}")
    if any(one.name == name for one in held):
        raise DataError(f"{file} has a token {name!r}; choose another name, or withdraw that one")
    if not scopes or not set(scopes) <= set(SCOPES):
        raise DataError(f"scopes are {' and '.join(SCOPES)}, got {', '.join(scopes) or 'none'}")
    if not 0 <= days <= MOST_DAYS:  # nor NaN
        raise DataError(f"days are from 0 (never expires) to {MOST_DAYS:,}, got {days:g}")
    token, now = PREFIX + secrets.token_urlsafe(32), datetime.now(UTC)
    expires = (now + timedelta(days=days)).isoformat(timespec="seconds") if days else ""
    made = Token(name, digest(token), scopes, now.isoformat(timespec="seconds"), expires)
    write_tokens(file, (*held, made))
    return token


def withdraw_token(file: Path, name: str) -> None:
    """Raises DataError where there is none of that name; MissingFile."""
    held = read_tokens(file)
    kept = [one for one in held if one.name != name]
    if len(kept) == len(held):
        known = ", ".join(one.name for one in held) or "none"
        raise DataError(f"{file} has no token {name!r}; it has {known}")
    write_tokens(file, kept)


def read_tokens(file: Path) -> tuple[Token, ...]:
    """Raises MissingFile; DataError for anything but tokens."""
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        found = tuple(Token(**(one | {"scopes": tuple(one["scopes"])})) for one in record["tokens"])
        for one in found:
            one.expired(datetime.now(UTC))
    except FileNotFoundError:
        raise MissingFile(f"there is no {file}; make it by `skulens serve-token {file}`") from None
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise DataError(f"{file} is not a file of tokens: {type(e).__name__}: {e!s:.80}") from e
    return found


def write_tokens(file: Path, tokens: Iterable[Token]) -> None:
    """At no moment half a file, nor one that others may read."""
    text = json.dumps({"tokens": [asdict(one) for one in tokens]}, indent=1)
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(text + "\n")
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)


def digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


class Tokens:
    """The tokens of a file, as it stands now."""

    def __init__(self, file: Path):
        self.file = file
        self._seen: tuple[int, ...] = ()
        self._held = self._read()

    def scopes_of(self, token: str) -> frozenset[str]:
        """Empty where the token is unknown or has expired. Every token is compared, each in the same
        time."""
        mine, now = digest(token), datetime.now(UTC)
        found: frozenset[str] = frozenset()
        for one in self._current():
            if hmac.compare_digest(one.sha256, mine) and not one.expired(now):
                found = frozenset(one.scopes)
        return found

    def _read(self) -> tuple[Token, ...]:
        found = self.file.stat() if self.file.exists() else None
        self._seen = (found.st_mtime_ns, found.st_size, found.st_ino) if found else ()
        return read_tokens(self.file)

    def _current(self) -> tuple[Token, ...]:
        """Nobody is let in by a file that cannot be read."""
        try:
            found = self.file.stat()
            seen: tuple[int, ...] = (found.st_mtime_ns, found.st_size, found.st_ino)
        except OSError:
            seen = ()
        if seen != self._seen:
            try:
                self._held = self._read()
            except (DataError, MissingFile) as e:
                self._held = ()
                LOG.error("no token is accepted: %s", e)
        return self._held


class Guard:
    """Middleware: refuses other hosts' names, and requests without a token of the right scope.

    Args:
        hosts: names that `Host` may have; none: any.
        tokens: None: nobody needs one.
    """

    def __init__(self, app: App, hosts: tuple[str, ...] = (), tokens: Tokens | None = None):
        self.app, self.tokens = app, tokens
        self.hosts = frozenset(name.lower() for name in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            headers = dict(scope["headers"])
            self._check_host(headers)
            check_origin(scope, headers)
            scope[ALLOWED] = self._scopes(headers)
            self._check_scope(scope)
        except Problem as e:
            await e.response()(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _check_host(self, headers: dict[bytes, bytes]) -> None:
        """A page elsewhere whose name leads here must not read what is here (DNS rebinding)."""
        if not self.hosts:
            return
        said = headers.get(b"host", b"").decode("latin-1").lower()
        found = HOST.fullmatch(said)
        if found is None or found[1] not in self.hosts:
            known = ", ".join(sorted(self.hosts))
            raise Problem(
                421, "wrong-host", "This server has another name",
                f"asked as {said!r:.80}, known as {known}; start it with --allow-host to add one",
            )  # fmt: skip

    def _scopes(self, headers: dict[bytes, bytes]) -> frozenset[str]:
        if self.tokens is None:
            return frozenset(SCOPES)
        kind, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        if not token:
            return frozenset()
        found = self.tokens.scopes_of(token.strip()) if kind.lower() == "bearer" else frozenset()
        if not found:
            raise unauthorised("the token is unknown or has expired", ', error="invalid_token"')
        return found

    def _check_scope(self, scope: Scope) -> None:
        needed = scope_needed(scope["method"], scope["path"])
        if not needed or needed in scope[ALLOWED]:
            return
        if not scope[ALLOWED]:
            raise unauthorised("this needs a token: Authorization: Bearer TOKEN", "")
        challenge = f'Bearer realm="skulens", error="insufficient_scope", scope="{needed}"'
        raise Problem(
            403, "forbidden", "The token does not allow this",
            f"this needs a token of scope {needed}", {"WWW-Authenticate": challenge},
        )  # fmt: skip


def scope_needed(method: str, path: str) -> str:
    """ "read", "write", or "" where anybody may ask."""
    if method in ("GET", "HEAD") and (path in OPEN or path.startswith(OPEN_BELOW)):
        return ""
    return "write" if method in ("DELETE", "PUT", "PATCH") or path.startswith(WRITES) else "read"


def check_origin(scope: Scope, headers: dict[bytes, bytes]) -> None:
    """Raise Problem where a page of another site makes a browser change something here.

    Browsers say so in Sec-Fetch-Site over https and on this machine, elsewhere in Origin alone.
    """
    if scope_needed(scope["method"], scope["path"]) != "write":
        return
    host = headers.get(b"host", b"")
    home = (b"http://" + host, b"https://" + host)
    guess = b"same-origin" if headers.get(b"origin", home[0]) in home else b"cross-site"
    if headers.get(b"sec-fetch-site", guess) not in (b"same-origin", b"none"):
        raise Problem(
            403, "cross-site", "Pages of other sites may not write here",
            "write from a program, or from a page of this server",
        )  # fmt: skip


def allowed(request: Request, scope: str) -> bool:
    """Whether whoever asks may read or write."""
    return scope in request.scope.get(ALLOWED, SCOPES)


def unauthorised(detail: str, more: str) -> Problem:
    challenge = {"WWW-Authenticate": f'Bearer realm="skulens"{more}'}
    return Problem(401, "unauthorised", "A token is needed", detail, challenge)
