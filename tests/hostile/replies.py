"""Random bytes in the file of a reply store, then the same questions.

Right: every question gets the reply that its engine gives, from the store or asked again, or the
damaged file is named; and once that is moved aside, every question is answered. A damaged reply may
not pass for what the engine said. Hand-made: every kind of damage to the file, and to the journal
that a killed run left beside it.
"""

import contextlib
import functools
import itertools
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import PIL.Image

from skulens.chat.bulk.remember import Remembered
from skulens.chat.replies import picture_memo
from skulens.chat.replies.store import FILE, ReplyStore
from skulens.errors import StoreError
from skulens.protocols import Ask
from skulens.records import Image
from tests.chat.engines import Engine, answer
from tests.hostile.field import Case
from tests.hostile.stores import DAMAGES

SMALL = 16
LARGE = 400

FILES = (FILE, f"{FILE}-wal")
QUESTIONS = 60
PICTURES = 6


def cases(count: int, seed: int) -> Iterator[Case]:
    """Each kind of damage to each file once, then random pairs."""
    pairs = list(itertools.product(FILES, DAMAGES))
    draw = np.random.default_rng(seed)
    for i in range(count):
        file, damage = pairs[i] if i < len(pairs) else pairs[draw.integers(len(pairs))]
        inner = int(draw.integers(2**32))
        yield Case(f"{damage} {file} #{i}", functools.partial(attack, file, damage, inner))


def attack(file: str, damage: str, seed: int, folder: Path) -> bool:
    """Damage a copy of a store, ask the same, and compare."""
    world, draw = make_world(), np.random.default_rng(seed)
    store = folder / "store"
    shutil.copytree(world.store, store)
    path = store / file
    path.write_bytes(DAMAGES[damage](bytearray(path.read_bytes()), draw))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            right = is_right(world, store)
        except StoreError as e:
            if str(path.parent) not in str(e):
                return False
            for name in (*FILES, f"{FILE}-shm"):  # what the message says to do
                with contextlib.suppress(FileNotFoundError):
                    (store / name).rename(folder / name)
            right = is_right(world, store)
    return right


def is_right(world: "World", folder: Path) -> bool:
    """Whether all questions are answered rightly, twice, and exported so."""
    with ReplyStore(folder) as store:
        for _ in range(2):
            said = {r.id: r.text for r in Remembered(Engine(), store).ask(world.questions)}
            if said != world.expected:
                return False
        texts = {text for batch in store.to_arrow() for text in batch["text"].to_pylist()}
    return texts <= set(world.expected.values())


class World:
    """Questions with and without pictures and a store that holds their replies, half of them still
    in its journal; removed with the process."""

    def __init__(self):
        self.holder = tempfile.TemporaryDirectory()
        folder = Path(self.holder.name)
        self.store = folder / "store"
        self.questions = [*map(ask_in_words, range(QUESTIONS)), *ask_of_pictures(folder)]
        self.expected = {a.id: answer(a).text for a in self.questions}
        settled, picture_memo.SETTLED_S = picture_memo.SETTLED_S, -1.0  # new files, too
        try:
            with ReplyStore(folder / "made") as store:
                list(Remembered(Engine(), store).ask(self.questions[::2]))
            with ReplyStore(folder / "made") as store:
                list(Remembered(Engine(), store).ask(self.questions))
                shutil.copytree(store.folder, self.store)  # as a kill would leave it
        finally:
            picture_memo.SETTLED_S = settled


def ask_in_words(number: int) -> Ask:
    return Ask(f"text{number}", (f"what is {number}? " * 20,), "be brief", {"type": "object"})


def ask_of_pictures(folder: Path) -> Iterator[Ask]:
    """Of pictures that are sent as they are, so that what is asked is what is here."""
    for number in range(PICTURES):
        pixels = np.random.default_rng(number).integers(0, 256, (20, 20, 3), np.uint8)
        path = folder / f"{number}.png"
        PIL.Image.fromarray(pixels).save(path)
        yield Ask(f"picture{number}", (Image(path=str(path)), "what is it?"), "look")


@functools.cache
def make_world() -> World:
    return World()
