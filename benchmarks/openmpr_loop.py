"""Our benchmark run against a loop that follows OpenMPR's script step for step.

The script, by its description: for every image open it, preprocess it, tokenise ALL captions
again (their encoding is kept from the first image), forward at batch 1 under bfloat16 autocast
with parameters cast to bfloat16, 100 * cosine, softmax, topk(5), copy to the host. Its cost on an
A100 is bound by the tokenizer. Here both run in one process on the same random weights, the same
photos and captions; quality of random weights means nothing, so what is checked beside speed is
that both put the same SKU first. `same dtype` is bfloat16 for both; our default is printed too.

    python -m benchmarks.openmpr_loop --photos ../shared/data/groceries
"""

import argparse
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import torch

import skulens.torch_shim  # noqa: F401  # before open_clip imports torchvision

# isort: split
import open_clip

from benchmarks.common import report, spread, time_call
from skulens.bench.store import first_products
from skulens.bench.suites.mpr import Mpr, MprSettings
from skulens.bench.task import Tools
from skulens.catalog.open import open_catalog
from skulens.encode import open_encoder
from skulens.encode.batching import Batching
from skulens.encode.numerics import SCRIPT
from skulens.protocols import Numerics
from skulens.records import DatasetInfo, Item, Product, Query


class Photos:
    """Photos against captions, as a catalogue; judgements are arbitrary, as weights are random."""

    def __init__(self, images, captions):
        self.info = DatasetInfo(
            "openmpr-loop", "photos against captions", gallery_text=("caption",)
        )
        self.rejects = []
        self.images, self.captions = images, captions

    def products(self):
        for i, caption in enumerate(self.captions):
            yield Product(id=f"{i:04d}", texts={"caption": caption})

    def queries(self, split):
        for i, image in enumerate(self.images):
            yield Query(str(i), Item(str(i), (image,)), {f"{i % len(self.captions):04d}": 1})


def their_loop(model, preprocess, tokenizer, images, captions) -> list[int]:
    """First candidate of each image."""
    device, text_features, firsts = torch.device("cpu"), None, []
    for image in images:
        picture = (
            preprocess(PIL.Image.open(image.path).convert("RGB"))
            .unsqueeze(0)
            .to(device, torch.bfloat16)
        )
        text = tokenizer(captions).to(device)  # every image, as the script does
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            features = model.encode_image(picture)
            features /= features.norm(dim=-1, keepdim=True)
            if text_features is None:
                text_features = model.encode_text(text)
                text_features /= text_features.norm(dim=-1, keepdim=True)
            probabilities = (100.0 * features @ text_features.T).softmax(dim=-1)
            _, order = probabilities.topk(5)
        firsts.append(order.cpu().numpy()[0, 0].item())
    return firsts


def our_run(encoder, images, captions) -> list[int]:
    settings = MprSettings(gallery="text")
    tools = Tools(batching=Batching(progress=False), time_probes=False)
    suite = Mpr(Photos(images, captions), settings, tools=tools)
    [result] = suite.run([encoder])
    firsts = first_products(result)
    return [int(firsts[str(i)]) for i in range(len(images))]


def measure(arch: str, images, captions, repeats: int) -> dict:
    torch.manual_seed(0)
    same, default = (
        open_encoder(f"open_clip:{arch}/random", numerics=Numerics(d)).model
        for d in ("bfloat16", "auto")
    )
    paper: Any = open_encoder(f"open_clip:{arch}/random", numerics=SCRIPT).model
    _, _, preprocess = open_clip.create_model_and_transforms(arch, pretrained=None)
    tokenizer = open_clip.get_tokenizer(arch)
    firsts: dict[str, list[int]] = {}

    def run_theirs() -> None:
        firsts["theirs"] = their_loop(paper.model, preprocess, tokenizer, images, captions)

    def run_ours() -> None:
        firsts["ours"] = our_run(same, images, captions)

    took: dict[str, list[float]] = {"theirs": [], "ours, bfloat16": [], "ours, default": []}
    for _ in range(repeats):
        took["theirs"].append(time_call(run_theirs))
        took["ours, bfloat16"].append(time_call(run_ours))
        took["ours, default"].append(time_call(lambda: our_run(default, images, captions)))
    seconds = {k: spread(v) for k, v in took.items()}
    base = seconds["theirs"]["median"]
    return {
        "architecture": arch,
        "theirs, s": seconds["theirs"],
        "ours bfloat16, s": seconds["ours, bfloat16"],
        f"ours default ({default.info.dtype}), s": seconds["ours, default"],
        "ratio, same dtype": round(base / seconds["ours, bfloat16"]["median"], 2),
        "ratio, default": round(base / seconds["ours, default"]["median"], 2),
        "same first SKU": round(
            float(np.mean(np.array(firsts["theirs"]) == np.array(firsts["ours"]))), 3
        ),
    }


def captions_of(path: Path | None, n: int) -> list[str]:
    """OpenMPR's captions where they are at hand, else texts of the same length."""
    if path and path.exists():
        return [row["label"] for row in json.loads(path.read_text())][:n]
    words = [
        "red",
        "white",
        "can",
        "of",
        "soup",
        "with",
        "yellow",
        "text",
        "label",
        "brand",
        "chicken",
        "rice",
        "organic",
        "low",
        "fat",
        "family",
        "size",
        "pack",
    ]
    draw = np.random.default_rng(0)
    return [f"The product is number {i} " + " ".join(draw.choice(words, 20)) for i in range(n)]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", default="groceries")
    parser.add_argument("--captions", type=Path, help="synthetic_captions.json of OpenMPR")
    parser.add_argument("--arch", action="append", default=None)
    parser.add_argument("--n", type=int, default=200)
    parser.add_argument("--n-captions", type=int, default=409)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    images = [
        q.item.parts[0] for q in itertools.islice(open_catalog(args.photos).queries("test"), args.n)
    ]
    captions = captions_of(args.captions, args.n_captions)
    rows = [
        measure(arch, images, captions, args.repeats) for arch in args.arch or ["RN50", "ViT-B-32"]
    ]
    report(
        "openmpr_loop",
        rows,
        {k: str(v) for k, v in vars(args).items()} | {"torch_threads": torch.get_num_threads()},
        args.save,
    )


if __name__ == "__main__":
    main()
