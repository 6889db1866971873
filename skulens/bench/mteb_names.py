"""What mteb calls our models and tasks; needs no mteb."""

import re
from collections.abc import Mapping
from pathlib import Path


def mteb_model(name: str, info: Mapping) -> dict:
    """An encoder as mteb's ModelMeta, of its `EncoderInfo` as a dictionary."""
    return {
        "name": mteb_model_name(name),
        "revision": info["identity"][:16],
        "n_parameters": (info["params_image"] or 0) + (info["params_text"] or 0) or None,
        "max_tokens": info["context_length"],
        "embed_dim": info["dim"],
        "modalities": list(info["modalities"]),
        "similarity_fn_name": "cosine",
    }


def mteb_model_name(name: str) -> str:
    """mteb's "organisation/model", all under skulens: preprocessing and activation are ours.

    A path is cut to its last part.
    """
    family, _, argument = name.rpartition(":")
    local = (
        Path(argument).name
        if argument.startswith((".", "/", "~")) or argument.count("/") > 1
        else argument
    )
    return "skulens/" + re.sub(r"[^\w.-]+", "-", f"{family}-{local}" if family else local)


def mteb_task_name(data: str, gallery: str) -> str:
    """ "my shop", "text" -> "MyShopText"."""
    words = re.split(r"[\W_]+", f"{Path(data).stem} {gallery}")
    return "".join(word[:1].upper() + word[1:] for word in words)


MAIN_SCORE = ("ndcg_at_10", "hit_rate_at_1")
"""What mteb orders retrieval tasks by, and what stands for it where it was not measured."""


def mteb_score(metric: str) -> str:
    """ "ndcg@10" -> "ndcg_at_10"."""
    return metric.replace("@", "_at_")
