"""OpenMPR's own evaluation script, executed on a CPU with weights from disk; and tiny models for it.

The script asks for CUDA and for open_clip's published weights. What is changed to run it here is
SUBSTITUTIONS and where `open_clip` finds weights and tokenizer; nothing else.
"""

import io
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image

import skulens.torch_shim  # noqa: F401  # before open_clip

# isort: split
import open_clip
import torch
from safetensors.torch import save_file

SUBSTITUTIONS = (
    ('torch.bfloat16 if device == "cuda" else torch.float16', "torch.bfloat16", 3),
    ('torch.autocast("cuda"', 'torch.autocast("cpu"', 1),
    # The norm is float32 under CUDA autocast, bfloat16 under that of a CPU.
    (".norm(dim=-1", ".float().norm(dim=-1", 2),
    # A CPU batch norm refuses 16-bit weights beside 32-bit statistics.
    ("model.to(device)\n", "widen_norms(model); model.to(device)\n", 1),
)
"""(what stands in the script, what stands for it here, how often)."""


@dataclass(frozen=True)
class Checkpoint:
    """One that both sides open."""

    encoder: str
    """Name in skulens."""
    arch: str
    tag: str
    weights: Path
    tokenizer: Callable[[Sequence[str]], torch.Tensor] | None = None
    """None: open_clip's own."""


@dataclass(frozen=True)
class Shots:
    """Photos of products, in the order in which the script takes them."""

    captions: dict[str, str]
    photos: tuple[tuple[str, Path], ...]
    """(product, file), product by product."""

    def write_table(self) -> Path:
        """As a table that skulens reads, beside the photos."""
        rows = [{"id": p, "description": self.captions[p], "image": f.name} for p, f in self.photos]
        path = self.photos[0][1].parent / "table.jsonl"
        path.write_text("\n".join(json.dumps(row | {"split": "test"}) for row in rows))
        return path


def widen_norms(model: torch.nn.Module) -> None:
    for module in model.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.float()


def use_weights(monkeypatch, checkpoints: Sequence[Checkpoint]) -> None:
    """Let open_clip list these checkpoints alone and find them on disk."""
    by_arch = {c.arch: c for c in checkpoints}
    create, tokenizer = open_clip.create_model_and_transforms, open_clip.get_tokenizer

    def create_here(arch: str, pretrained: str) -> Any:
        with monkeypatch.context() as here:
            found = str(by_arch[arch].weights)
            here.setattr(open_clip.factory, "download_pretrained", lambda *_, **__: found)
            return create(arch, pretrained=pretrained)

    listed = [(c.arch, c.tag) for c in checkpoints]
    monkeypatch.setattr(open_clip, "list_pretrained", lambda: listed)
    monkeypatch.setattr(open_clip, "create_model_and_transforms", create_here)
    monkeypatch.setattr(
        open_clip, "get_tokenizer", lambda arch: by_arch[arch].tokenizer or tokenizer(arch)
    )


def execute(script: Path, place: Path, shots: Shots, monkeypatch) -> tuple[list, dict]:
    """Every `torch.topk` of the script in its order, (k,) positions each; its micro CMC by arch."""
    source = script.read_text(encoding="utf-8")
    for old, new, times in SUBSTITUTIONS:
        assert source.count(old) == times, f"{script} is not the script we know: {old!r}"
        source = source.replace(old, new)
    (place / "src/data").mkdir(parents=True)
    catalogue = {
        product: {
            "label": caption,
            "image_paths": [str(f) for p, f in shots.photos if p == product],
        }
        for product, caption in shots.captions.items()
    }
    (place / "src/data/barcode_to_images_map.json").write_text(json.dumps(catalogue))
    (place / "src/data/paths.yaml").write_text("mpr_dataset:\n  path_to_images: ''\n")
    lists: list[list[int]] = []
    topk = torch.topk

    def logged(probabilities, k):
        found = topk(probabilities, k=k)
        lists.append(found.indices[0].tolist())
        return found

    with monkeypatch.context() as here:
        here.chdir(place)
        here.setattr(sys, "argv", [script.name])
        here.setattr(torch, "topk", logged)
        exec(
            compile(source, str(script), "exec"),
            {"__name__": "__main__", "widen_norms": widen_norms},
        )
    results = place / "src/benchmark/results"
    assert json.loads((results / "openclip_skipped_models.json").read_text()) == []
    micro = {f.stem.split("--")[0]: json.loads(f.read_text()) for f in results.glob("micro_cmc/*")}
    return lists, micro


def transcribe(checkpoint: Checkpoint, shots: Shots) -> list[list[int]]:
    """The script's procedure, written down again: the first five captions of every photo."""
    model, _, transform = open_clip.create_model_and_transforms(
        checkpoint.arch, pretrained=checkpoint.tag
    )
    model.eval()
    for parameter in model.parameters():
        parameter.data = parameter.data.bfloat16()
    widen_norms(model)
    tokens = open_clip.get_tokenizer(checkpoint.arch)(list(shots.captions.values()))
    lists = []
    with torch.no_grad():
        with torch.autocast("cpu", dtype=torch.bfloat16):
            texts = model.encode_text(tokens)  # all captions in one batch, defaults of the model
        texts /= texts.float().norm(dim=-1, keepdim=True)
        for _, file in shots.photos:
            pixels = transform(PIL.Image.open(file).convert("RGB"))[None].bfloat16()
            with torch.autocast("cpu", dtype=torch.bfloat16):
                image = model.encode_image(pixels)
                image /= image.float().norm(dim=-1, keepdim=True)
                logits = 100.0 * image @ texts.T
            sigmoid = "siglip" in checkpoint.arch.lower()
            likely = torch.sigmoid(logits) if sigmoid else logits.softmax(dim=-1)
            lists.append(torch.topk(likely, k=5).indices[0].tolist())
    return lists


def make_shots(place: Path, products: int = 12, each: int = 3, turned: bool = True) -> Shots:
    """Noise photos, every third stored on its side with the EXIF tag that says so."""
    rng = np.random.default_rng(0)
    words = ("red cup", "green tea", "blue shoe", "milk carton", "apple", "shelf of tins")
    captions, photos = {}, []
    for n in range(products):
        product = f"p{n}"
        captions[product] = f"{words[n % 6]} of {words[n // 2 % 6]}, {n * 7} g"
        for shot in range(each):
            coarse = PIL.Image.fromarray(rng.integers(0, 256, (5, 3, 3), np.uint8))
            exif = PIL.Image.Exif()
            if turned and shot == 2:
                exif[0x0112] = 6
            data = io.BytesIO()
            coarse.resize((36, 60)).save(data, "JPEG", exif=exif)
            file = place / f"{product}-{shot}.jpg"
            file.write_bytes(data.getvalue())
            photos.append((product, file))
    return Shots(captions, tuple(photos))


def tiny_config(kind: str) -> dict:
    """A few thousand weights beside the vocabulary; kind: softmax, sigmoid or coca."""
    vision = {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8}
    text = {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2}
    config: dict[str, Any] = {"embed_dim": 24, "vision_cfg": vision, "text_cfg": text}
    if kind == "sigmoid":
        text |= {"no_causal_mask": True, "proj_bias": True, "pool_type": "last"}
        config |= {"init_logit_bias": -10, "custom_text": True}
    if kind == "coca":
        vision |= {"attentional_pool": True, "attn_pooler_heads": 2, "output_tokens": True}
        text |= {"embed_cls": True, "output_tokens": True}
        config |= {"multimodal_cfg": dict(text) | {"attn_pooler_heads": 2}, "custom_text": True}
        for name in ("embed_cls", "output_tokens"):
            del config["multimodal_cfg"][name]
    return config


ARCHS = {"softmax": "tiny-clip", "sigmoid": "tiny-SigLIP", "coca": "coca_tiny"}


def make_tiny(kind: str, cache: Path, shots: Shots, monkeypatch) -> Checkpoint:
    """A seeded random model that open_clip and skulens know as ARCHS[kind]/made_up."""
    arch, tag = ARCHS[kind], "made_up"
    published = {"hf_hub": "nobody/nothing/", "mean": [0.5] * 3, "std": [0.25] * 3}
    monkeypatch.setitem(open_clip.factory._MODEL_CONFIGS, arch, tiny_config(kind))
    monkeypatch.setitem(open_clip.pretrained._PRETRAINED, arch, {tag: published})
    weights = cache / "models" / f"{arch}--{tag}" / "open_clip_model.safetensors"
    weights.parent.mkdir(parents=True)
    torch.manual_seed(3)
    model = open_clip.create_model(arch).eval()
    for parameter in model.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    if kind == "coca":  # left uninitialised by open_clip: as bad as it can get
        model.text_decoder.text_projection.data.fill_(float("nan"))
    # get_tokenizer would fetch a vocabulary for every name with siglip in it
    tokenizer = open_clip.SimpleTokenizer(context_length=16)
    if kind == "sigmoid":
        centre_cosines(model, tokenizer, shots)
    state = {name: tensor.contiguous().clone() for name, tensor in model.state_dict().items()}
    save_file(state, weights)
    return Checkpoint(f"open_clip:{arch}/{tag}", arch, tag, weights, tokenizer)


def centre_cosines(model: Any, tokenizer: Any, shots: Shots, cosine: float = 0.07) -> None:
    """Shift the text bias so that about half of all cosines saturate a bfloat16 sigmoid."""
    size = model.visual.image_size[0]
    transform = open_clip.transform.image_transform(size, is_train=False)
    pixels = torch.stack(
        [transform(PIL.Image.open(f).convert("RGB")) for _, f in shots.photos[:16]]
    )
    tokens = tokenizer(list(shots.captions.values()))
    with torch.no_grad():
        images, texts = model.encode_image(pixels), model.encode_text(tokens)
    towards = torch.nn.functional.normalize(images.mean(0), dim=0)
    across = texts - texts @ towards[:, None] * towards
    shift = cosine * across.norm(dim=1).mean() - (texts @ towards).mean()
    model.text.text_projection.bias.data += shift * towards
