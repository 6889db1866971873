"""What can go wrong with a published checkpoint without any error: codes, and sentences for people.

A code may carry an argument, "duplicate-weights=ViT-B-32/openai". Rules look at rows of the
zoo only, so that lint needs neither torch nor a download.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from skulens.encode.zoo.rows import ZooRow

SENTENCES = {
    "activation-mismatch": (
        "open_clip's architecture says {arch_activation}, the weights were trained with {tag_activation}; "
        "sound mode forces the trained one, paper mode runs the mismatch as OpenMPR's script did"
    ),
    "activation-doubtful": (
        "open_clip's tag says {tag_activation} and its only architecture {arch_activation}; "
        "the tag probably lacks the field, so the architecture is believed in both modes"
    ),
    "image-size": (
        "open_clip's configuration says {image_px} px where the name says {argument}; sound mode runs the "
        "name's, paper mode the configuration's, as OpenMPR did"
    ),
    "duplicate-weights": "the same weights as {argument}; do not count both as evidence",
    "same-results": "published results are identical, hit for hit, with those of {argument}: probably the same weights",
    "non-commercial": "the licence ({licence}) forbids commercial use",
    "licence-unknown": "no licence known to us; ask the authors before you deploy it",
    "licence-terms": "{licence} is no open-source licence; read its terms before you deploy it",
    "card-scope": "the code is MIT, but the model card calls any deployment out of scope",
    "canonical-text": "texts are lower-cased and lose their punctuation before they are tokenised",
    "short-context": "reads {context_length} tokens only; `skulens audit` counts how many of your texts are cut",
    "one-language": "the tokenizer marks every text as English unless it is told another language",
    "pickled-upstream": "open_clip names a pickled file; skulens takes a safetensors file of the repository or refuses",
    "revision-unpinned": "revision not pinned: the hub repository may change; results carry the weights' sha256",
}
"""Code -> sentence; placeholders are fields of the zoo row, or `argument`."""

SERIOUS = (
    "activation-mismatch",
    "image-size",
    "duplicate-weights",
    "same-results",
    "non-commercial",
)
"""Codes worth a line in every report; the others are for `skulens list`."""

IDENTICAL_RESULTS = (("ViT-B-32/datacomp_s_s13m_b4k", "ViT-B-32/commonpool_s_image_s13m_b4k"),)
"""Pairs that OpenMPR published with byte-identical results although their repositories differ."""

DOUBTFUL = ("roberta-ViT-B-32",)
"""Architectures made for one checkpoint whose tag lacks the activation."""


def named_px(arch: str) -> int | None:
    """The picture size that an architecture's name ends in: ViTamin-XL-384 -> 384."""
    found = re.search(r"-(\d{3})(-quickgelu)?$", arch)
    return int(found[1]) if found else None


def own_codes(row: "ZooRow") -> list[str]:
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


def licence_codes(row: "ZooRow") -> list[str]:
    if row.commercial == "no":
        return ["non-commercial"]
    if row.licence == "unknown":
        return ["licence-unknown"]
    if row.tag == "openai":
        return ["card-scope"]
    return ["licence-terms"] if row.commercial == "unknown" else []


def shared_weights(rows: Iterable["ZooRow"]) -> dict[str, list[str]]:
    """Row name -> codes naming the first row with the same weights: same hub file, or equal results."""
    groups = defaultdict(list)
    for row in rows:
        groups[row.hub, row.hub_file].append(row.name)
    codes = defaultdict(list)
    for first, *others in groups.values():
        for name in others:
            codes[name].append(f"duplicate-weights={first}")
    for first, second in IDENTICAL_RESULTS:
        codes[second].append(f"same-results={first}")
    return dict(codes)


def distinct_weights(rows: Iterable["ZooRow"]) -> int:
    """How many different sets of weights stand behind rows, as far as their codes tell."""
    twins = ("duplicate-weights", "same-results")
    return sum(not any(code.startswith(twins) for code in row.lint) for row in rows)


def card_lint(licence: str, canonical_text: bool = False) -> tuple[str, ...]:
    """Sentences for a model outside the zoo, from what its card says."""
    lint = []
    if "-nc" in licence.lower() or "noncommercial" in licence.lower().replace("-", ""):
        lint.append(sentence("non-commercial", {"licence": licence}))
    if canonical_text:
        lint.append(sentence("canonical-text", {}))
    return tuple(lint)


def sentence(code: str, row: Mapping[str, object]) -> str:
    """A line for people: the code, then what it means for this row."""
    key, _, argument = code.partition("=")
    activations = {
        f"{side}_activation": "QuickGELU" if row.get(f"quick_gelu_{side}") else "GELU"
        for side in ("tag", "arch")
    }
    return f"{key}: " + SENTENCES[key].format(**{**row, **activations, "argument": argument})
