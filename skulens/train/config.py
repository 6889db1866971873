"""Settings of a contrastive training run: frozen dataclasses, and recipes that are their YAML."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from skulens.errors import SkulensError

RECIPES = Path(__file__).parent / "recipes"
"""Those that come with skulens."""
MAX_RECIPE, MAX_BRACKETS = 100_000, 300
"""Bytes of a recipe, and opening brackets in it."""


class RecipeError(SkulensError):
    """A recipe or option that cannot be trained with."""


def check(ok: bool, name: str, got: object, expected: str) -> None:
    """Raise RecipeError, naming the setting, what it is and what it should be."""
    if not ok:
        raise RecipeError(f"{name} is {got!r}, expected {expected}")


@dataclass(frozen=True)
class Towers:
    """The two towers, in open_clip's terms."""

    vision: str = "mobilenetv4_conv_small"
    """A timm architecture; always from random weights."""
    image_px: int = 112
    """Side of the square picture the vision tower sees, pixels."""
    start_px: int = 0
    """Side of the pictures in the first epochs, pixels, growing evenly to image_px over the first
    three quarters of the run; 0: image_px throughout. Small pictures are seen several times
    faster."""
    resize_mode: Literal["squash", "shortest"] = "squash"
    """squash: the whole picture, aspect lost; shortest: the central square."""
    drop_path: float = 0.0
    """Stochastic depth of the vision tower, probability; 0 where the architecture has none."""
    embed_dim: int = 256
    """Length of the shared vectors."""
    text_width: int = 128
    """Channels of the text transformer."""
    text_layers: int = 2
    """Blocks of the text transformer."""
    text_heads: int = 4
    """Attention heads; must divide text_width."""
    context_length: int = 48
    """Tokens of a text, end token included; longer texts are cut."""
    vocab_size: int = 2048
    """Upper bound on tokens of the byte-level BPE."""

    def __post_init__(self):
        check(self.image_px >= 16, "image_px", self.image_px, "at least 16 pixels")
        check(
            self.start_px == 0 or 16 <= self.start_px <= self.image_px,
            "start_px",
            self.start_px,
            "0, or 16 to image_px",
        )
        check(
            self.resize_mode in ("squash", "shortest"),
            "resize_mode",
            self.resize_mode,
            "squash or shortest",
        )
        check(0 <= self.drop_path < 1, "drop_path", self.drop_path, "in [0, 1)")
        check(
            self.text_width % self.text_heads == 0,
            "text_width",
            self.text_width,
            f"a multiple of text_heads {self.text_heads}",
        )
        check(self.context_length >= 4, "context_length", self.context_length, "at least 4 tokens")
        check(
            300 <= self.vocab_size <= 65536,
            "vocab_size",
            self.vocab_size,
            "300 to 65536 (256 bytes, specials, merges)",
        )


@dataclass(frozen=True)
class Augment:
    """Random changes to a picture or text of a training batch; everything 0 changes nothing."""

    crop: float = 0.35
    """Smallest area of a random crop, share of the picture; 1 keeps the whole picture."""
    aspect: float = 1.33
    """Largest stretch of a crop, width over height or its inverse."""
    flip: float = 0.5
    """Probability of mirroring left to right; 0 where print must stay readable."""
    rotate: float = 20.0
    """Largest turn either way, degrees."""
    brightness: float = 0.3
    """Largest relative change of brightness."""
    contrast: float = 0.3
    """Largest relative change of contrast."""
    saturation: float = 0.3
    """Largest relative change of saturation."""
    hue: float = 0.03
    """Largest turn of the colour circle, share of a full turn."""
    erase: float = 0.0
    """Probability of blanking a rectangle."""
    cutmix: float = 0.0
    """Probability that a batch gets rectangles of other pictures, targets mixed by area."""
    mixup: float = 0.0
    """Probability that a batch is blended with itself, targets mixed by weight."""
    drop_tokens: float = 0.0
    """Probability of leaving out a token of a text."""

    def __post_init__(self):
        check(0 < self.crop <= 1, "crop", self.crop, "in (0, 1]")
        check(self.aspect >= 1, "aspect", self.aspect, "at least 1")
        check(0 <= self.hue <= 0.5, "hue", self.hue, "in [0, 0.5]")
        check(0 <= self.rotate <= 180, "rotate", self.rotate, "0 to 180 degrees")
        for name in ("flip", "erase", "cutmix", "mixup", "drop_tokens"):
            check(
                0 <= getattr(self, name) <= 1, name, getattr(self, name), "a probability in [0, 1]"
            )
        for name in ("brightness", "contrast", "saturation"):
            check(0 <= getattr(self, name) < 1, name, getattr(self, name), "in [0, 1)")
        check(
            self.cutmix + self.mixup <= 1, "cutmix + mixup", self.cutmix + self.mixup, "at most 1"
        )


@dataclass(frozen=True)
class Contrastive:
    """A whole run of `skulens train contrastive`."""

    towers: Towers = field(default_factory=Towers)
    augment: Augment = field(default_factory=Augment)
    loss: Literal["infonce", "siglip"] = "infonce"
    """infonce: symmetric softmax (OpenMPR Eq. 1-3); siglip: pairwise sigmoid, learnable bias."""
    temperature: float = 0.07
    """Start of the learnable temperature tau."""
    bias: float = -10.0
    """Start of the learnable bias of the sigmoid loss."""
    smoothing: float = 0.0
    """Label smoothing, share of the target spread over all texts of the batch."""
    text_roles: Mapping[str, float] = field(default_factory=dict)
    """Role -> weight with which a product's text is drawn; empty: all its texts alike."""
    sources: Mapping[str, float] = field(default_factory=dict)
    """Catalogue's name -> weight of its pictures in every batch, such as {world: 1, groceries: 1};
    empty: every picture alike. An epoch is then as many pictures as there are, in these shares."""
    views: tuple[str, ...] = ()
    """Views of catalogue pictures to train on beside the photos of the split, such as "iconic";
    empty: all, ("none",): none."""
    frozen_image: str = ""
    """Registered encoder whose frozen vectors replace the vision tower, such as onnx:DIR."""
    frozen_views: int = 8
    """Views per picture whose frozen vectors are computed once; the first is the plain one."""
    frozen_drop: float = 0.2
    """Dropout of frozen vectors before their projection, probability."""
    epochs: int = 70
    """Passes over the pictures."""
    batch: int = 64
    """Pictures per step."""
    extra_texts: int = 0
    """Texts of products without a picture in the batch, added as negatives of its pictures."""
    balance: float = 0.0
    """0: every picture alike; 1: every product alike."""
    lr: float = 2e-3
    """Peak learning rate of AdamW."""
    weight_decay: float = 0.05
    """Of matrices and filters; biases, norms, embeddings and the temperature have none."""
    warmup: float = 3.0
    """Epochs of linear warm-up before the cosine."""
    clip_grad: float = 1.0
    """Largest norm of the gradient; 0 leaves it."""
    ema: float = 0.998
    """Decay per step of the averaged weights that are kept; 0: the last weights."""
    bf16: bool = False
    """bfloat16 autocast of the vision tower."""
    seed: int = 0
    """Of weights, order and augmentation."""

    def __post_init__(self):
        check(self.loss in ("infonce", "siglip"), "loss", self.loss, "infonce or siglip")
        check(0.01 <= self.temperature <= 1, "temperature", self.temperature, "0.01 to 1")
        check(0 <= self.smoothing < 1, "smoothing", self.smoothing, "in [0, 1)")
        check(self.epochs >= 1, "epochs", self.epochs, "at least 1")
        check(self.batch >= 2, "batch", self.batch, "at least 2 pictures")
        check(self.extra_texts >= 0, "extra_texts", self.extra_texts, "0 or more")
        check(0 <= self.balance <= 1, "balance", self.balance, "in [0, 1]")
        check(self.lr > 0 and math.isfinite(self.lr), "lr", self.lr, "above 0")
        check(
            0 <= self.warmup < self.epochs,
            "warmup",
            self.warmup,
            f"0 to under {self.epochs} epochs",
        )
        check(0 <= self.ema < 1, "ema", self.ema, "in [0, 1)")
        check(0 <= self.frozen_drop < 1, "frozen_drop", self.frozen_drop, "in [0, 1)")
        check(self.frozen_views >= 1, "frozen_views", self.frozen_views, "at least 1")
        for name in ("text_roles", "sources"):
            weights = getattr(self, name)
            right = isinstance(weights, Mapping) and all(
                isinstance(w, int | float) and w > 0 for w in weights.values()
            )
            check(right, name, weights, "names with weights above 0")
        frozen_mixing = self.frozen_image and self.augment.cutmix
        check(
            not frozen_mixing,
            "cutmix",
            self.augment.cutmix,
            "0 with frozen_image: there are no pixels to mix",
        )


def as_dict(config: Contrastive) -> dict[str, Any]:
    """Plain nested dict, as a recipe is written."""
    plain = dataclasses.asdict(config)
    return plain | {
        "text_roles": dict(config.text_roles),
        "sources": dict(config.sources),
        "views": list(config.views),
    }


def from_dict(settings: Mapping[str, Any] | None) -> Contrastive:
    """A run from nested settings. Raises RecipeError for unknown names and bad values."""
    settings = dict(settings or {})
    for name in ("towers", "augment"):
        given = settings.get(name, {})
        check(isinstance(given, Mapping), name, given, "settings by name")
    views = settings.get("views", [])
    right = isinstance(views, list | tuple) and all(isinstance(view, str) for view in views)
    check(right, "views", views, "a list of names")
    towers = build(Towers, settings.pop("towers", {}), "towers.")
    augment = build(Augment, settings.pop("augment", {}), "augment.")
    if "views" in settings:
        settings["views"] = tuple(settings["views"])
    return build(Contrastive, settings | {"towers": towers, "augment": augment})


def build(kind: type, settings: Mapping[str, Any], prefix: str = "") -> Any:
    """An instance of dataclass `kind`, its values checked for type as well as name."""
    known = {f.name: f for f in dataclasses.fields(kind)}
    strange = sorted(map(str, set(settings) - set(known)))
    if strange:
        raise RecipeError(
            f"unknown setting {prefix}{strange[0]!r}; expected one of {', '.join(known)}"
        )
    for name, value in settings.items():
        want = known[name].type
        number = (
            want in (int, float)
            and isinstance(value, int | float)
            and not isinstance(value, bool)
            and math.isfinite(value)
        )
        right = number and (want is float or value == int(value)) if want in (int, float) else True
        if want in (str, bool):
            right = isinstance(value, want)
        check(right, prefix + name, value, getattr(want, "__name__", str(want)))
    return kind(**settings)


def shipped_recipes() -> dict[str, Path]:
    """Name -> file of the recipes that come with skulens."""
    return {path.stem: path for path in sorted(RECIPES.glob("*.yaml"), key=lambda p: p.stem)}


def read_recipe(path: str | Path) -> Contrastive:
    """A run from a YAML recipe: a file, or the name of one that comes with skulens.

    Raises:
        RecipeError: there is none, or it is no recipe.
    """
    import yaml

    path = Path(path)
    if not path.is_file():
        shipped = shipped_recipes()
        if str(path) not in shipped:
            known = ", ".join(shipped)
            raise RecipeError(f"no recipe at {path}; expected a YAML file, or one of {known}")
        path = shipped[str(path)]
    if (size := path.stat().st_size) > MAX_RECIPE:
        raise RecipeError(f"{path} has {size:,} bytes, expected a recipe of at most {MAX_RECIPE:,}")
    try:
        text = path.read_text("utf-8")
        if text.count("[") + text.count("{") > MAX_BRACKETS:  # the parser would need minutes
            raise RecipeError(f"{path} is not a recipe: it has over {MAX_BRACKETS} brackets")
        settings = yaml.safe_load(text)
    except (yaml.YAMLError, OSError, ValueError) as e:
        raise RecipeError(f"{path} is not YAML: {e}") from e
    except RecursionError as e:
        raise RecipeError(f"{path} is not a recipe: it is nested too deeply") from e
    if not isinstance(settings, dict | None):
        raise RecipeError(f"{path} holds {type(settings).__name__}, expected settings by name")
    try:
        return from_dict(settings)
    except RecipeError as e:
        raise RecipeError(f"{path}: {e}") from None
