"""Makes zoo.csv from the installed open_clip:

    python tools/make_zoo.py [--totals openclip_model_nparams.json]

Models are built on torch's "meta" device, so nothing is downloaded and no memory is needed;
about a minute. Nine text towers need a configuration from a hub; their totals come from
OpenMPR's published counts (`--totals`, else what the present zoo.csv says), and the text
side is the total less the image tower.
"""

import argparse
import functools
import json
from dataclasses import replace
from pathlib import Path

import skulens.torch_shim  # noqa: F401  # before anything that imports torchvision

# isort: split
import open_clip
import torch
from open_clip.model import _build_vision_tower
from open_clip.pretrained import get_pretrained_cfg, list_pretrained
from tqdm import tqdm

from skulens.encode.flops import gflops
from skulens.encode.towers import build_model, towers_params
from skulens.encode.zoo.rows import ZOO, ZooRow, find_row, write_rows
from skulens.encode.zoo.rules import own_codes, shared_weights

FAMILIES = (
    ("nllb", "NLLB-CLIP"),
    ("worldwide", "Worldwide"),
    ("mobileclip", "MobileCLIP"),
    ("pe-core", "PE-Core"),
    ("clipa", "CLIPA"),
    ("siglip2", "SigLIP2"),
    ("siglip", "SigLIP"),
    ("convnext", "ConvNeXt"),
    ("vitamin", "ViTamin"),
    ("eva0", "EVA"),
    ("coca", "CoCa"),
    ("roberta", "Roberta-ViT"),
    ("rn", "ResNet"),
    ("vit", "ViT"),
)
"""What an architecture's name holds -> its family of Table 10; the first that fits."""

LICENCES = {
    "NLLB-CLIP": ("CC-BY-NC-4.0", "no"),
    "Worldwide": ("CC-BY-NC-4.0", "no"),
    "MobileCLIP": ("Apple model licence", "unknown"),
    "PE-Core": ("Apache-2.0", "yes"),
    "CLIPA": ("Apache-2.0", "yes"),
    "SigLIP": ("Apache-2.0", "yes"),
    "SigLIP2": ("Apache-2.0", "yes"),
    "EVA": ("MIT", "yes"),
    "ViT": ("MIT", "yes"),
}
"""By family; families that are not here have no licence we could check."""

TAG_LICENCES = (
    ("openai", ("MIT", "unknown")),
    ("metaclip", ("CC-BY-NC-4.0", "no")),
    ("dfn2b", ("Apple model licence", "unknown")),
    ("dfn5b", ("Apple model licence", "unknown")),
)
"""By what the tag begins with; these come before the family's."""


def family_of(arch: str) -> str:
    return next(family for part, family in FAMILIES if part in arch.lower())


def licence_of(family: str, tag: str) -> tuple[str, str]:
    """(licence, commercial use)."""
    by_tag = next((licence for start, licence in TAG_LICENCES if tag.startswith(start)), None)
    return by_tag or LICENCES.get(family, ("unknown", "unknown"))


@functools.cache
def count_costs(arch: str) -> dict[str, object]:
    """Sizes and costs of an architecture, counted on the meta device."""
    config = open_clip.get_model_config(arch)
    size = config["vision_cfg"]["image_size"]
    length = config["text_cfg"].get("context_length", 77)
    about = {"image_px": size, "context_length": length, "dim": config["embed_dim"]}
    with torch.device("meta"):
        if "hf_model_name" in config["text_cfg"]:
            visual = _build_vision_tower(
                config["embed_dim"], config["vision_cfg"], config.get("quick_gelu", False)
            )
            cost = gflops(visual.eval(), 1, 3, size, size)
            return about | {
                "params_image": sum(p.numel() for p in visual.parameters()),
                "gflops_image": cost,
            }
        model = build_model(config).eval()
    image, text = towers_params(model)
    return about | {
        "params": image + text,
        "params_image": image,
        "params_text": text,
        "gflops_image": gflops(model.encode_image, 1, 3, size, size),
        "gflops_text": gflops(model.encode_text, 1, length, dtype=torch.int64),
    }


def row_of(arch: str, tag: str, totals: dict[str, int]) -> ZooRow:
    """A row without the codes that need the other rows."""
    published = get_pretrained_cfg(arch, tag)
    hub, _, file = published["hf_hub"].rpartition("/")
    family = family_of(arch)
    licence, commercial = licence_of(family, tag)
    known = find_row(arch, tag) if ZOO.is_file() else None
    sizes = dict.fromkeys(("params", "params_text", "gflops_image", "gflops_text")) | count_costs(
        arch
    )
    if sizes["params"] is None:
        sizes["params"] = totals.get(f"open_clip/{arch}--{tag}") or (
            known.params if known else None
        )
        sizes["params_text"] = sizes["params"] - sizes["params_image"] if sizes["params"] else None
    row = ZooRow(
        arch=arch,
        tag=tag,
        family=family,
        hub=hub,
        hub_file=file,
        url=published["url"],
        revision=known.revision if known else "",
        licence=licence,
        commercial=commercial,
        resize_mode=published["resize_mode"],
        interpolation=published["interpolation"],
        quick_gelu_tag=published.get("quick_gelu", False),
        quick_gelu_arch=open_clip.get_model_config(arch).get("quick_gelu", False),
        lint=(),
        **sizes,
    )
    return replace(row, lint=tuple(own_codes(row)))


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--totals", type=Path, help="OpenMPR's openclip_model_nparams.json")
    given = options.parse_args()
    totals = json.loads(given.totals.read_text()) if given.totals else {}
    pairs = tqdm(list_pretrained(), unit=" pairs", desc="open_clip pairs")
    rows = [row_of(arch, tag, totals) for arch, tag in pairs]
    shared = shared_weights(rows)
    write_rows(replace(row, lint=(*shared.get(row.name, ()), *row.lint)) for row in rows)
    print(f"{len(rows)} pairs of open_clip {open_clip.__version__} in {ZOO}")


if __name__ == "__main__":
    main()
