"""Calls to a server of skulens: errors as those of the house, and again where it was busy."""

import email.utils
import random
import re
import time
from typing import Any
from urllib.parse import urlsplit

from skulens.errors import DataError, MissingDependency, SkulensError, StoreError
from skulens.serve.codes import CLASSES

TRIES = 5
"""Of a call, the first included."""
PATIENCE_S = 60.0
"""Longest that all waits of a call take together."""
FIRST_WAIT_S = 0.25
"""Before the second try, unless the server says how long; it doubles from try to try."""
AGAIN = (429, 502, 503, 504)
"""Statuses of a server that is busy, or of a proxy whose server is not there."""
TOKEN = re.compile(r"[\x21-\x7e]+")
FINAL = ("missing-file", "store")
"""Codes of status 503 that waiting does not change."""


class Calls:
    """Calls to one server over kept connections; threads may share it.

    Args:
        token: sent with each call; never elsewhere, since redirections are not followed.
        timeout_s: for each try.
    Raises:
        MissingDependency: httpx is not installed. DataError: no address of a server, no token.
    """

    def __init__(self, url: str, token: str | None, timeout_s: float, tries: int = TRIES):
        try:
            import httpx
        except ModuleNotFoundError as e:
            raise MissingDependency(f"connect needs {e.name}: pip install 'skulens[serve]'") from e
        self.url, self._tries = check_url(url), tries
        if token and not TOKEN.fullmatch(token):
            raise DataError("a token has visible ASCII characters only; was it copied whole?")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._lost = httpx.TransportError
        self._http = httpx.Client(base_url=self.url, headers=headers, timeout=timeout_s)

    def close(self) -> None:
        self._http.close()

    def json(self, method: str, path: str, **given: Any) -> Any:
        """The JSON of an answer. Args and raises: see `call`."""
        answer = self.call(method, path, **given)
        try:
            return answer.json()
        except ValueError:
            raise StoreError(
                f"{self.url}{path} does not answer as skulens does; is it the right address?"
            ) from None

    def call(self, method: str, path: str, **given: Any) -> Any:
        """An answer of status 200.

        Calls are repeated after a lost connection and where the server is busy: each of them may
        be done twice, those that write because they bear a key (`Idempotency-Key`).

        Args:
            given: of `httpx.Client.request`.
        Raises:
            SkulensError: of the class that the server met; StoreError: no server, or no answer.
        """
        waited, wait = 0.0, FIRST_WAIT_S
        for left in reversed(range(self._tries)):
            pause = wait * random.uniform(0.5, 1.5)
            try:
                answer = self._http.request(method, path, **given)
            except self._lost as e:
                error: SkulensError = lost(self.url, e)
            else:
                if answer.status_code == 200:
                    return answer
                error = error_of(answer)
                asked = retry_after(answer.headers.get("Retry-After", ""))
                if not is_passing(answer, asked):
                    raise error
                pause = max(pause, asked or 0.0)
            if not left or waited + pause > PATIENCE_S:
                raise error
            time.sleep(pause)
            waited, wait = waited + pause, 2 * wait
        raise AssertionError("unreachable")


def check_url(url: str) -> str:
    """The address without a slash at its end. Raises DataError for none of a server."""
    try:
        found = urlsplit(url)
        found.port  # noqa: B018  # ValueError where it is not a number
    except (ValueError, AttributeError, TypeError):
        found = urlsplit("")
    if found.scheme not in ("http", "https") or not found.hostname:
        raise DataError(f"expected the address of a server, http://HOST:PORT, got {url!r:.200}")
    if found.username or found.password or found.query or found.fragment:
        raise DataError(
            "the address of a server is http://HOST:PORT alone; give a password as token="
        )
    return url.rstrip("/")


def lost(url: str, error: Exception) -> StoreError:
    said = str(error) or type(error).__name__
    return StoreError(f"{url} cannot be reached ({said}); is `skulens serve STORE` running there?")


def is_passing(answer: Any, asked: float | None) -> bool:
    """Whether the same call may succeed later."""
    if answer.status_code not in AGAIN:
        return False
    return asked is not None or problem_of(answer).get("code") not in FINAL


def retry_after(said: str) -> float | None:
    """Seconds that the server asks to wait; None where it does not say."""
    try:
        return max(0.0, float(said))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(said).timestamp() - time.time())
    except ValueError:
        return None


def problem_of(answer: Any) -> dict[str, Any]:
    """The problem details of an answer; empty where it has none."""
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def error_of(answer: Any) -> SkulensError:
    """The error that an answer of another status than 200 tells of."""
    problem, status = problem_of(answer), answer.status_code
    said = str(problem.get("detail") or problem.get("title") or answer.text[:200]).strip()
    kind = CLASSES.get(str(problem.get("code")))
    if kind is not None:
        return kind(said)
    if status in (401, 403):
        return SkulensError(f"the server refuses the call ({status}): {said or 'give a token='}")
    kind = DataError if 400 <= status < 500 and status not in (408, 409, 429) else StoreError
    return kind(f"the server answers {status}: {said or 'nothing'}")
