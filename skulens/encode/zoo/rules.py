"""Which warnings a row of the zoo deserves: what `tools/make_zoo.py` writes into zoo.csv.

Rules look at rows only, so that they need neither torch nor a download. Codes are those of
`warnings.KINDS`.
"""

import re
from collections import defaultdict
from collections.abc import Iterable

from skulens.encode.zoo.rows import ZooRow

IDENTICAL_RESULTS = (("ViT-B-32/datacomp_s_s13m_b4k", "ViT-B-32/commonpool_s_image_s13m_b4k"),)
"""Pairs that OpenMPR published with byte-identical results although their repositories differ."""

DOUBTFUL = ("roberta-ViT-B-32",)
"""Architectures made for one checkpoint whose tag lacks the activation."""


def named_px(arch: str) -> int | None:
    """The picture size that an architecture's name ends in: ViTamin-XL-384 -> 384."""
    found = re.search(r"-(\d{3})(-quickgelu)?$", arch)
    return int(found[1]) if found else None


def own_codes(row: ZooRow) -> list[str]:
    """Codes that one row shows by itself."""
    codes = []
    if row.quick_gelu_tag != row.quick_gelu_arch:
        codes.append("activation-doubtful" if row.arch in DOUBTFUL else "activation-mismatch")
    size = named_px(row.arch)
    if size and size != row.image_px:
        codes.append(f"image-size={size}")
    codes += licence_codes(row)
    if "siglip" in row.arch.lower() and row.family != "NLLB-CLIP":
        codes.append("canonical-text")
    if row.context_length and row.context_length <= 32:
        codes.append("short-context")
    if row.family == "NLLB-CLIP":
        codes.append("one-language")
    if row.hub_file.endswith(".bin"):
        codes.append("pickled-upstream")
    if not row.revision:
        codes.append("revision-unpinned")
    return codes


def licence_codes(row: ZooRow) -> list[str]:
    if row.commercial == "no":
        return ["non-commercial"]
    if row.licence == "unknown":
        return ["licence-unknown"]
    if row.tag == "openai":
        return ["card-scope"]
    return ["licence-terms"] if row.commercial == "unknown" else []


def shared_weights(rows: Iterable[ZooRow]) -> dict[str, list[str]]:
    """Row name -> codes naming the first row with the same weights: same file or equal results."""
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        groups[row.hub, row.hub_file].append(row.name)
    codes: dict[str, list[str]] = defaultdict(list)
    for first, *others in groups.values():
        for name in others:
            codes[name].append(f"duplicate-weights={first}")
    for first, second in IDENTICAL_RESULTS:
        codes[second].append(f"same-results={first}")
    return dict(codes)
