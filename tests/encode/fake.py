"""A tiny deterministic encoder for tests of what is around encoders."""

import hashlib
import time

import numpy as np

from skulens import pictures
from skulens.encode.parts import PartByPart
from skulens.records import EncoderInfo, Image


class FakeEncoder(PartByPart):
    """Vectors from the mean colours of a 4 x 4 grid, or from the letters of a text."""

    device = "cpu"

    def __init__(self, name="fake", dim=48, delay_s=0.0, device="cpu", roles=()):
        identity = hashlib.sha256(f"{name} {dim}".encode()).hexdigest()
        self.info = EncoderInfo(
            name=name,
            family="fake",
            identity=identity,
            dim=dim,
            modalities=("image", "text"),
            image_px=4,
            context_length=8,
            roles=roles,
        )
        self.delay_s, self.device = delay_s, device
        self.batches: list[tuple[str, int]] = []
        self.prepared = 0

    def prepare_image(self, picture, role="query"):
        self.prepared += 1
        return np.asarray(picture.resize((4, 4)), np.float32) / 255

    def prepare_text(self, text, role="query"):
        if role in self.info.roles:
            text = f"{role}: {text}"
        return np.frombuffer(hashlib.sha256(text.encode()).digest(), np.uint8).astype(np.float32)

    def count_tokens(self, text):
        return len(text.split()) + 2

    def encode_batch(self, modality, batch):
        time.sleep(self.delay_s)
        self.batches.append((modality, len(batch)))
        rows = np.stack([np.resize(b.reshape(-1), self.info.dim) for b in batch])
        return rows + 0.01

    @property
    def forwards(self):
        return sum(n for _, n in self.batches)


class ItemEncoder(FakeEncoder):
    """Reads whole items too: a sum of its parts in which later ones weigh more."""

    def __init__(self, name="items", **more):
        super().__init__(name, **more)
        object.__setattr__(self.info, "modalities", ("image", "text", "item"))

    def leaf(self, part):
        """The prepared part, from a text, a picture or a picture reference."""
        if isinstance(part, str):
            return self.prepare_text(part)
        return self.prepare_image(pictures.load(part) if isinstance(part, Image) else part)

    def mix(self, leaves):
        rows = [np.resize(leaf.reshape(-1), self.info.dim) for leaf in leaves]
        return np.sum([(i + 1) * row for i, row in enumerate(rows)], axis=0) + 0.01

    def prepare_item(self, parts, role="query"):
        return self.mix([self.leaf(part) for part in parts]) - 0.01
