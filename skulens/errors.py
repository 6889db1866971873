"""One small tree of errors. Every message says what we got, what we expected, what to do."""

import difflib
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
    """A catalogue, split or mapping that cannot be read as asked (single bad rows become rejects)."""


class PictureError(SkulensError):
    """Bytes that are not a picture we can use safely; `str()` is the reason of the reject row."""


class EncoderError(SkulensError):
    """An encoder that cannot do what was asked, such as texts for an image-only model."""


class QrelsError(SkulensError):
    """A run and its judgements do not fit together."""


class StoreError(SkulensError):
    """A cache or result store that is locked, full, corrupt or would be overwritten."""


def unknown(kind: str, name: str, known: Iterable[str], see: str) -> UnknownName:
    """The error for a name nobody knows, with the nearest known names."""
    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)
    hint = f"; did you mean {' or '.join(repr(n) for n in near)}?" if near else "."
    return UnknownName(f"unknown {kind} {name!r}{hint} See `{see}`")
