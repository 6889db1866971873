"""What families and stored results share about `protocols.Numerics`; without torch."""

from collections.abc import Mapping
from dataclasses import asdict, fields

from skulens.errors import EncoderError
from skulens.protocols import Numerics

SCRIPT = Numerics(dtype="bfloat16", cast="parameters", autocast=True, as_published=True)
"""A plain bfloat16 script. Identities know it as "paper", because stored vectors and results do."""


def describe_numerics(numerics: Numerics, dtype: str) -> dict[str, str]:
    """The part of an encoder's identity that its numerics decide; `dtype` is never "auto" here."""
    facts = {**asdict(numerics), "dtype": dtype}
    if facts == asdict(SCRIPT):
        return {"dtype": dtype, "mode": "paper"}
    plain = {**asdict(Numerics()), "dtype": dtype}
    if facts in (plain, {**plain, "as_published": True}):  # what is published is in the config
        return {"dtype": dtype, "mode": "sound"}
    return {"dtype": dtype, "mode": str({k: v for k, v in facts.items() if k != "dtype"})}


def check_dtype_only(numerics: Numerics, family: str) -> None:
    """Raise EncoderError for numerics beyond a dtype, in families that cannot emulate a script."""
    if numerics.cast != "all" or numerics.autocast or numerics.as_published:
        raise EncoderError(
            f"{family} encoders know a dtype only, got {numerics}; leave cast, autocast and "
            "as_published at their defaults, or take an open_clip or hf encoder"
        )


def check_float32_only(numerics: Numerics, family: str, other: str, why: str) -> None:
    """Raise EncoderError where anything but float32 is asked of a family that has no choice.

    Args:
        other: an argument or revision that the family does not take; empty: none was given.
        why: what the family computes, and what to write instead.
    """
    check_dtype_only(numerics, family)
    if other or numerics.dtype not in ("auto", "float32"):
        raise EncoderError(f"{why}, got {other or numerics.dtype!r}")


def numerics_of(info: Mapping) -> Numerics:
    """The numerics that a stored EncoderInfo was computed in, of any version of skulens.

    Args:
        info: as JSON; older versions wrote "mode" ("sound" or "paper") where newer ones write
            about["numerics"].
    """
    written = (info.get("about") or {}).get("numerics")
    if written:
        known = {f.name for f in fields(Numerics)}
        return Numerics(**{k: v for k, v in written.items() if k in known})
    if info.get("mode") == "paper":
        return SCRIPT
    return Numerics(dtype=info.get("dtype", "auto"))
