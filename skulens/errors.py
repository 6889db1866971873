"""One small tree of errors. Every message says what we got, what we expected, what to do."""

import difflib
import re
from collections.abc import Iterable


class SkulensError(Exception):
    """Anything skulens refuses to do; the command line prints it without a traceback."""


class UnknownName(SkulensError):
    """A name that no registry row, dataset folder or suite answers to."""


class MissingDependency(SkulensError):
    """An optional package that the asked-for name needs is not installed."""


class MissingFile(SkulensError):
    """Data or weights that are neither on disk nor reachable; says which file to put where."""


class DataError(SkulensError):
    """Data that cannot be read or used as asked (single bad rows become rejects)."""


class PictureError(SkulensError):
    """Bytes that are not a picture we can use safely; `str()` is the reason of the reject row."""


class EncoderError(SkulensError):
    """An encoder that cannot do what was asked, such as texts for an image-only model."""


class ChatError(SkulensError):
    """A model that cannot be asked at all: no such server, model or key; single questions that
    fail become replies with an error class."""


class BudgetReached(ChatError):
    """The budget in tokens or money is spent; what was answered is kept."""


class QrelsError(SkulensError):
    """A run and its judgements do not fit together."""


class StoreError(SkulensError):
    """A cache or result store that is locked, full, corrupt or would be overwritten."""


class StoreBusy(StoreError):
    """Another process holds the lock of what should be written."""


def unknown(kind: str, name: str, known: Iterable[str], see: str) -> UnknownName:
    """The error for a name nobody knows, with the nearest known names."""
    near = nearest(name, list(known))
    hint = f"; did you mean {' or '.join(repr(n) for n in near)}?" if near else "."
    return UnknownName(f"unknown {kind} {name!r}{hint} See `{see}`")


def nearest(name: str, known: list[str], most: int = 3) -> list[str]:
    """Known names that look like `name` as a whole, that contain it or, failing that, look like it
    in one of their parts.

    "ViT-L-14" is a part of "open_clip:ViT-L-14/openai"; "siglp2" is close to no name, but to a part
    of "open_clip:ViT-B-16-SigLIP2/webli".
    """
    if whole := difflib.get_close_matches(name, known, n=most, cutoff=0.6):
        return whole
    if len(name) > 2 and (holding := [k for k in known if name.lower() in k.lower()]):
        return sorted(holding, key=len)[:most]
    parts: dict[str, list[str]] = {}
    for candidate in known:
        for part in re.split(r"[^a-z0-9]+", candidate.lower()):
            parts.setdefault(part, []).append(candidate)
    close = difflib.get_close_matches(
        name.lower(), [p for p in parts if len(p) > 2], n=1, cutoff=0.7
    )
    return parts[close[0]][:most] if close else []
