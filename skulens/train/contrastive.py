"""`skulens train contrastive`: catalogues in, an encoder's folder out."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import tokenizers
import torch

from skulens.encode import OpenedEncoder
from skulens.errors import DataError
from skulens.protocols import Catalog
from skulens.records import Product, Reject
from skulens.train.card import model_card
from skulens.train.config import Contrastive
from skulens.train.frozen import attach, open_frozen, plain_vectors, view_vectors
from skulens.train.hold_out import HoldOut
from skulens.train.loop import Feed, Training, read_log
from skulens.train.measure import Evaluator, HeldOutPhotos, prepare_pixels
from skulens.train.pairs import Pairs, decode_all, fingerprint, gather
from skulens.train.sampling import Mixture, TextBank
from skulens.train.tokens import encode_texts, train_tokenizer
from skulens.train.towers import build_model, save_encoder
from skulens.trained_on import write_spus

if TYPE_CHECKING:
    import open_clip

MARGIN = 1.3
"""Side of the stored training pictures over image_px, so that random crops stay sharp."""


@dataclass
class Trained:
    """What a run made."""

    encoder: Path
    """The folder, for `local:DIR`."""
    n_pictures: int
    n_products: int
    minutes: float
    """Training time of all parts of a resumed run."""
    measured: dict[str, dict] = field(default_factory=dict)
    """Gallery -> n and metrics with intervals, on the test split asked for."""
    rejects: list[Reject] = field(default_factory=list)


def train_contrastive(
    catalogs: Sequence[Catalog],
    config: Contrastive,
    folder: Path,
    split: str | None = "train",
    val: str | None = "val",
    test: str | None = None,
    val_from: Catalog | None = None,
    test_from: Catalog | None = None,
    hold_out: HoldOut | None = None,
) -> Trained:
    """Train two towers on catalogues' pictures and texts; resumes what the folder already holds.

    Args:
        folder: made if absent; gets the encoder, train.jsonl, state.safetensors and the decoded
            pictures.
        split, val: queries to train on and to watch; catalogues without them give their own
            pictures.
        test: queries to measure once, at the end.
        val_from, test_from: catalogues of those queries; the first of `catalogs` by default.
        hold_out: SKUs kept out of training completely.
    Raises:
        RecipeError, DataError, StoreError: wrong settings, data or folder, before training.
    """
    if test:
        check_split(test_from or catalogs[0], test)
    folder.mkdir(parents=True, exist_ok=True)
    pairs = gather(catalogs, split, config.views, hold_out)
    # A wrong weight stops here, not after decoding.
    Mixture.of(pairs.sources, np.array(pairs.owners), config.sources)
    bpe = train_tokenizer(
        (t for texts in pairs.texts for t in texts.values()), config.towers.vocab_size
    )
    frozen = open_frozen(config.frozen_image) if config.frozen_image else None
    feed, rejects = make_feed(pairs, bpe, config, folder, frozen)
    model = make_model(config, bpe, feed)
    run = Training(model, feed, config, folder)
    watched = val_from or catalogs[0]
    evaluator = (
        make_evaluator(watched, val, bpe, config, frozen) if val in watched.info.splits else None
    )
    run.train(evaluator.quick if evaluator else None)
    found = Trained(folder, len(feed.owners), len(pairs.products), minutes(run), rejects=rejects)
    if test:
        found.measured = make_evaluator(test_from or catalogs[0], test, bpe, config, frozen).full(
            model
        )
        (folder / "measured.json").write_text(
            json.dumps({test: found.measured}, indent=2) + "\n", "utf-8"
        )
    place = name_split(test_from or catalogs[0], test)
    card = model_card(catalogs, config, found, model, place)
    save_encoder(model, bpe, config, folder, card, list_spus(catalogs, hold_out))
    return found


def list_spus(catalogs: Sequence[Catalog], hold_out: HoldOut | None) -> dict[str, str]:
    """Dataset -> the SPUs that are trained on."""
    seen: dict[str, list[Product]] = {}
    for catalog in catalogs:
        products = list(catalog.products())
        apart = hold_out.skus(products) if hold_out else frozenset()
        seen.setdefault(catalog.info.name, []).extend(p for p in products if p.id not in apart)
    return {name: write_spus(name, found, not hold_out) for name, found in seen.items()}


def check_split(catalog: Catalog, split: str) -> None:
    """Raise DataError for a split that a catalogue with splits lacks, before hours of training."""
    splits = catalog.info.splits
    if splits and split not in splits:
        raise DataError(
            f"{catalog.info.name} has no split {split!r} to measure on; "
            f"its splits: {', '.join(splits)}"
        )


def name_split(catalog: Catalog, split: str | None) -> str:
    """Data and split, in words for the card."""
    return f"{catalog.info.title}, split `{split}`"


def make_feed(
    pairs: Pairs,
    bpe: tokenizers.Tokenizer,
    config: Contrastive,
    folder: Path,
    frozen: OpenedEncoder | None,
) -> tuple[Feed, list[Reject]]:
    """Decode the pictures (or compute their frozen vectors) once, tokenise the texts once."""
    px = int(np.ceil(config.towers.image_px * MARGIN / 8) * 8)
    stored, good, rejects = decode_all(
        pairs.pictures, px, config.towers.resize_mode, folder / "pictures.u8"
    )
    if not good.all():
        pairs = pairs.keep(good)
        stored = stored[good]
    if frozen:
        stored = view_vectors(frozen, pairs.pictures, config, folder / "vectors.npy")
    bank = TextBank.of(
        pairs.texts, config.text_roles, lambda t: encode_texts(bpe, t, config.towers.context_length)
    )
    texts = json.dumps([pairs.products, pairs.texts, pairs.owners])
    key = hashlib.sha256(
        (fingerprint(pairs.pictures, px, config.towers.resize_mode) + texts).encode()
    ).hexdigest()
    owners = np.array(pairs.owners)
    return Feed(
        stored, owners, bank, key, Mixture.of(pairs.sources, owners, config.sources)
    ), rejects


def make_model(config: Contrastive, bpe: tokenizers.Tokenizer, feed: Feed) -> "open_clip.CLIP":
    """Both towers; a projection takes the place of the vision tower over frozen vectors."""
    model = build_model(config, bpe.get_vocab_size())
    if config.frozen_image:
        attach(model, feed.pixels, config)
    return model.to(memory_format=torch.channels_last)


def make_evaluator(
    catalog: Catalog,
    split: str,
    bpe: tokenizers.Tokenizer,
    config: Contrastive,
    frozen: OpenedEncoder | None,
) -> Evaluator:
    """What measures a model on the photos of a split."""
    held_out = HeldOutPhotos.of(catalog, split)
    tokens = torch.from_numpy(encode_texts(bpe, held_out.texts, config.towers.context_length))
    prepare = (
        plain_vectors(frozen)
        if frozen
        else prepare_pixels(config.towers.image_px, config.towers.resize_mode)
    )
    return Evaluator(held_out, prepare, tokens)


def minutes(run: Training) -> float:
    return sum(line["seconds"] for line in read_log(run.log)) / 60
