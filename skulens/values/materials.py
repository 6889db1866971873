"""Material compositions: "80% cotton, 20% polyester" -> parts with percentages, largest first."""

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from skulens.values.numbers import parse_number, write_number
from skulens.values.text import drop_punctuation, fold

_PART = re.compile(r"(\d+(?:[.,]\d+)?)\s*%\s*([^%\d]+?)(?=\s*\d+(?:[.,]\d+)?\s*%|$)")
_PART_AFTER = re.compile(r"([^%\d]+?)[\s:]*(\d+(?:[.,]\d+)?)\s*%")


@dataclass(frozen=True, slots=True)
class Share:
    """One material and how much of it."""

    material: str
    percent: Decimal

    def __str__(self) -> str:
        return f"{write_number(self.percent)}% {self.material}"


def name_material(text: str) -> str:
    """The English name of a material ("katun" -> "cotton"); an unknown one, folded, as it is."""
    folded = " ".join(fold(text).split())
    return _known().get(folded, folded)


@cache
def _known() -> dict[str, str]:
    names = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))["names"]
    return {other: name for name, others in names.items() for other in others}


def parse_materials(text: str) -> tuple[Share, ...] | None:
    """Shares, largest first, equal ones by name; None without percentages or with words left over.

    Both "80% cotton" and "cotton 80%" are read. Percentages need not add up to 100: labels round,
    and a shell and a lining are often written in one line.
    """
    folded = fold(text).strip()
    pattern = _PART if folded[:1].isdigit() else _PART_AFTER
    found = pattern.findall(folded)
    left = drop_punctuation(pattern.sub(" ", folded))
    if not found or left:
        return None
    shares = []
    for first, second in found:
        number, name = (first, second) if pattern is _PART else (second, first)
        percent, material = parse_number(number), drop_punctuation(name)
        material = re.sub(r"^(?:and|dan|và|และ)\s*|\s*(?:and|dan|và|และ)$", "", material)
        if percent is None or not material:
            return None
        shares.append(Share(name_material(material), percent))
    return tuple(sorted(shares, key=lambda s: (-s.percent, s.material)))
