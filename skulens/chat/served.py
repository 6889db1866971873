"""What can be known of a server before any question: does it answer, to which key, with what."""

import time

from skulens.chat.check import Check
from skulens.errors import MissingDependency


def look_up_server(url: str, key: str) -> tuple[list[Check], list[str]]:
    """(checks, models served) of a server before any question; no check holds the key.

    Raises:
        MissingDependency: without the openai package.
    """
    try:
        import openai
    except ModuleNotFoundError as e:
        raise MissingDependency("asking a server needs openai: pip install 'skulens[chat]'") from e
    started = time.monotonic()
    listed = []
    try:
        client = openai.OpenAI(base_url=url, api_key=key or "none", max_retries=1, timeout=20)
        listed = sorted(model.id for model in client.models.list())
    except (openai.AuthenticationError, openai.PermissionDeniedError) as e:
        said = f"{'the key is refused' if key else 'it wants a key'} ({e.status_code})"
        return [Check("key", "fail", f"{said}: set the variable of --key-env")], []
    except openai.APIStatusError as e:
        said = f"/models answers {e.status_code}: give the model by name"
        return [Check("models served", "unjudged", said, "")], []
    except (openai.APIError, ValueError, TypeError) as e:
        said = f"no answer ({type(e).__name__}): is it started, and does the URL end in /v1?"
        return [Check("reachable", "fail", said)], []
    seconds = time.monotonic() - started
    names = ", ".join(listed[:3]) + (f" and {len(listed) - 3} more" if len(listed) > 3 else "")
    return [
        Check("reachable", "pass", f"{1000 * seconds:.0f} ms", facts={"seconds": seconds}),
        Check("models served", "pass", names or "none named", "", {"models": listed}),
        check_key(url, key),
    ], listed


def check_key(url: str, key: str) -> Check:
    """Whether a key is needed; of interest only, as it was accepted."""
    import openai

    if not key:
        return Check("key", "pass", "none given, none needed", "")
    try:
        other = openai.OpenAI(base_url=url, api_key="none", max_retries=0, timeout=20)
        list(other.models.list())
        return Check("key", "pass", "accepted, but the server answers without it, too", "")
    except openai.APIError:
        return Check("key", "pass", "accepted, and needed", "")
