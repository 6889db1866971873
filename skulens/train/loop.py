"""The training loop: steps, schedule, averaged weights, log, checkpoints."""

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from skulens.encode.towers import encode_trimmed
from skulens.errors import StoreError
from skulens.progress import Bar
from skulens.train.augment import augment, mix
from skulens.train.checkpoint import load_state, read_about, save_state
from skulens.train.config import Contrastive, as_dict
from skulens.train.losses import infonce, pair_targets, siglip
from skulens.train.sampling import Mixture, TextBank, batches, generator, pick_products
from skulens.train.towers import normalise

if TYPE_CHECKING:
    import open_clip

MAX_SCALE = math.log(100)
"""1 / tau is kept under 100, as CLIP does."""


@dataclass
class Feed:
    """What a run trains on."""

    pixels: np.ndarray
    """(pictures, side, side, 3) uint8, or (pictures, views, dim) float32 of a frozen encoder."""
    owners: np.ndarray
    """(pictures,) product of each."""
    bank: TextBank
    key: str
    """Changes with the data, so that a checkpoint is not continued on other data."""
    mixture: Mixture


class Training:
    """One run in one folder: trains, writes train.jsonl and state.safetensors; can be resumed."""

    def __init__(self, model: "open_clip.CLIP", feed: Feed, config: Contrastive, folder: Path):
        self.model, self.feed, self.config, self.folder = model, feed, config, folder
        self.optimiser = torch.optim.AdamW(
            parameter_groups(model, config.weight_decay),
            lr=config.lr,
            betas=(0.9, 0.98),
            fused=True,
        )
        self.average = {k: v.detach().clone() for k, v in model.state_dict().items()}
        self.px = config.towers.image_px
        self.steps_per_epoch = max(1, len(feed.owners) // config.batch)
        self.state, self.log = folder / "state.safetensors", folder / "train.jsonl"

    def about(self, epoch: int) -> dict:
        return {"epoch": epoch, "recipe": as_dict(self.config), "data": self.feed.key}

    def resume(self) -> int:
        """Epochs already done, with everything put back as it was after the last of them.

        Raises:
            StoreError: the folder holds a run with other settings or data.
        """
        found = read_about(self.state)
        if found is None:
            self.log.unlink(missing_ok=True)
            return 0
        if found != json.loads(json.dumps(self.about(found["epoch"]))):
            raise StoreError(
                f"{self.folder} holds a run with another recipe or other data; "
                "take another --out or delete it"
            )
        load_state(self.state, self.model, self.average, self.optimiser)
        lines = [line for line in read_log(self.log) if line["epoch"] <= found["epoch"]]
        self.log.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
        return found["epoch"]

    def train(
        self, validate: Callable[["open_clip.CLIP"], dict[str, float]] | None = None, every: int = 5
    ) -> None:
        """All epochs that are not done yet; the model ends with the weights to keep.

        Args:
            validate: gives numbers for the log from the averaged model, each `every` epochs and at
                the end.
        """
        done, epochs = self.resume(), self.config.epochs
        bar = Bar(
            total=epochs * self.steps_per_epoch,
            initial=done * self.steps_per_epoch,
            unit=" steps",
            desc="train",
            mininterval=1,
        )
        with bar:
            for epoch in range(done + 1, epochs + 1):
                line = self.epoch(epoch, bar)
                if validate and (epoch % every == 0 or epoch == epochs):
                    line |= self.with_average(validate)
                    bar.set_postfix(
                        {k: round(v, 3) for k, v in line.items() if k.startswith(("val", "loss"))}
                    )
                with self.log.open("a", encoding="utf-8") as f:
                    f.write(json.dumps(line) + "\n")
                save_state(self.state, self.model, self.average, self.optimiser, self.about(epoch))
        self.model.load_state_dict(self.average)
        self.model.eval()

    def with_average(self, use: Callable[["open_clip.CLIP"], dict[str, float]]) -> dict[str, float]:
        """What `use` says of the model with its averaged weights; the running ones are put back."""
        running = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
        self.model.load_state_dict(self.average)
        self.model.eval()
        found = use(self.model)
        self.model.load_state_dict(running)
        return found

    def epoch(self, epoch: int, bar: Bar) -> dict[str, float]:
        """One pass over the pictures; its line for the log."""
        config, start, total = self.config, time.perf_counter(), 0.0
        rng = generator(config.seed, epoch)
        torch.manual_seed(generator(config.seed, epoch, 1).initial_seed())  # dropout and drop path
        self.model.train()
        self.px = side(config, epoch)
        steps = list(
            batches(self.feed.owners, config.batch, config.balance, rng, self.feed.mixture)
        )
        for number, positions in enumerate(steps):
            lr = self.set_lr(epoch - 1 + number / len(steps))
            total += self.step(np.sort(positions), rng)
            bar.update(1)
        seconds = time.perf_counter() - start
        return {
            "epoch": epoch,
            "loss": total / len(steps),
            "lr": lr,
            "tau": math.exp(-self.model.logit_scale.item()),
            "seconds": seconds,
            "images_per_s": len(steps) * len(positions) / seconds,
        }

    def step(self, positions: np.ndarray, rng: torch.Generator) -> float:
        """Forward, backward, update; the loss in nats."""
        loss = self.loss(positions, rng)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        if self.config.clip_grad:
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip_grad)
        self.optimiser.step()
        with torch.no_grad():
            self.model.logit_scale.clamp_(0, MAX_SCALE)
        self.follow()
        return loss.item()

    def loss(self, positions: np.ndarray, rng: torch.Generator) -> Tensor:
        """The loss of the pictures at `positions` and the texts of their products."""
        config, feed, model = self.config, self.feed, self.model
        n_products = len(feed.bank.first) - 1
        products, owner = pick_products(
            feed.owners[positions], n_products, config.extra_texts, rng, feed.mixture
        )
        targets = pair_targets(owner, len(products))  # (pictures, texts)
        pictures, targets = self.pictures(positions, targets, rng)
        tokens = feed.bank.draw(products, config.augment.drop_tokens, rng)
        with torch.autocast("cpu", torch.bfloat16, enabled=config.bf16):
            image = model.encode_image(pictures)
        image = F.normalize(image.float(), dim=-1)
        text = F.normalize(text_vectors(model, tokens), dim=-1)
        scale = model.logit_scale.exp()
        if config.loss == "siglip":
            return siglip(image, text, targets, scale, model.logit_bias, config.smoothing)
        return infonce(image, text, targets, scale, config.smoothing)

    def pictures(
        self, positions: np.ndarray, targets: Tensor, rng: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Input of the vision tower for `positions`, with targets mixed where pictures were."""
        how = self.config.augment
        if self.config.frozen_image:
            view = torch.randint(
                self.feed.pixels.shape[1], (len(positions),), generator=rng
            ).numpy()
            return mix(torch.from_numpy(self.feed.pixels[positions, view]), targets, how, rng)
        raw = torch.from_numpy(np.ascontiguousarray(self.feed.pixels[positions]))
        x, targets = mix(augment(raw, self.px, how, rng), targets, how, rng)
        return normalise(x).contiguous(memory_format=torch.channels_last), targets

    def set_lr(self, epoch: float) -> float:
        """Linear warm-up, then a cosine to zero; `epoch` counts from 0 with fractions."""
        config = self.config
        if epoch < config.warmup:
            share = (epoch + 1 / self.steps_per_epoch) / config.warmup
        else:
            share = (
                1 + math.cos(math.pi * (epoch - config.warmup) / (config.epochs - config.warmup))
            ) / 2
        for group in self.optimiser.param_groups:
            group["lr"] = config.lr * min(share, 1.0)
        return group["lr"]

    @torch.no_grad()
    def follow(self) -> None:
        """Move the averaged weights towards the running ones; early on they follow faster."""
        first = next(iter(self.optimiser.state.values()))
        steps = float(first["step"])
        keep = min(self.config.ema, steps / (steps + 10)) if self.config.ema else 0.0
        running = self.model.state_dict()
        real = [name for name, value in running.items() if value.is_floating_point()]
        torch._foreach_lerp_([self.average[n] for n in real], [running[n] for n in real], 1 - keep)
        for name in running.keys() - set(real):  # counters of batch normalisation
            self.average[name].copy_(running[name])


def text_vectors(model: "open_clip.CLIP", tokens: Tensor, parts: int = 3) -> Tensor:
    """encode_text, the short texts apart from the long ones: padding would be a third of a step.

    Args:
        tokens: (texts, context_length), padded with 0.
    Returns:
        (texts, dim); the same vectors but for rounding.
    """
    lengths = (tokens != 0).sum(1)
    order = torch.argsort(lengths, stable=True)
    found = [
        encode_trimmed(model, tokens[part, : int(lengths[part[-1]])]) for part in order.chunk(parts)
    ]
    return torch.cat(found)[torch.argsort(order)]


def side(config: Contrastive, epoch: int) -> int:
    """Side in pixels of the training pictures of an epoch (from 1): start_px grows to image_px."""
    towers = config.towers
    if not towers.start_px:
        return towers.image_px
    share = min(1.0, (epoch - 1) / max(1.0, 0.75 * config.epochs))
    px = towers.start_px + share * (towers.image_px - towers.start_px)
    return min(towers.image_px, int(px / 16 + 0.5) * 16)


def parameter_groups(model: "open_clip.CLIP", decay: float) -> list[dict]:
    """Matrices and filters decay; biases, norms, embeddings and the temperature do not."""
    plain: list[torch.nn.Parameter] = []
    decayed: list[torch.nn.Parameter] = []
    for name, value in model.named_parameters():
        if value.requires_grad:
            (plain if value.ndim < 2 or "embedding" in name else decayed).append(value)
    return [{"params": decayed, "weight_decay": decay}, {"params": plain, "weight_decay": 0.0}]


def read_log(path: Path) -> list[dict]:
    """Lines of train.jsonl; a line cut off by a kill is left out."""
    lines = []
    for line in path.read_text("utf-8").splitlines() if path.is_file() else []:
        try:
            lines.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return lines
