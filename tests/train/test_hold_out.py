"""SKUs held out of training are chosen by a fixed rule and leave no trace."""

from dataclasses import replace
from fractions import Fraction

import pytest
from safetensors.numpy import load_file

from skulens.encode.open_clip import LocalOpenClip
from skulens.errors import DataError
from skulens.records import Image, Item, Product, Query
from skulens.train.contrastive import train_contrastive
from skulens.train.hold_out import HoldOut
from skulens.train.pairs import gather
from skulens.trained_on import find_trained
from tests.train.conftest import Squares, png

QUARTER = HoldOut(Fraction(1, 4))


class Without(Squares):
    """Squares from which products have been removed altogether."""

    def __init__(self, removed):
        super().__init__()
        self.removed = removed

    def products(self):
        return (p for p in super().products() if p.id not in self.removed)

    def queries(self, split):
        return (q for q in super().queries(split) if self.removed.isdisjoint(q.relevant))


class Wordy(Squares):
    """Squares whose texts have a word of their own, so that a tokenizer would learn it."""

    def products(self):
        for product in super().products():
            word = " ".join([f"{product.id}ish"] * 9)
            yield replace(product, texts={**product.texts, "note": word})


def shop(count=30):
    tops = ("fruit", "packages", "vegetables")
    return [Product(f"p{i}", category=(tops[i % 3], "x"), spu=f"s{i // 2}") for i in range(count)]


def test_the_rule_gives_the_share_evenly_over_classes_and_keeps_spus_whole():
    found = HoldOut(Fraction(1, 3)).skus(shop(90))
    assert len(found) == 30
    spus = {p.spu for p in shop(90) if p.id in found}
    assert len(spus) == 15 and found == {p.id for p in shop(90) if p.spu in spus}
    first = {p.spu: p.category[0] for p in reversed(shop(90))}
    tops = [first[s] for s in spus]
    assert {tops.count(t) for t in set(tops)} == {5}


def test_the_rule_depends_on_the_seed_and_not_on_the_order():
    one, other = HoldOut(Fraction(1, 3)), HoldOut(Fraction(1, 3), seed=1)
    single = [replace(p, spu=None) for p in shop()]
    assert one.skus(single) == one.skus(single[::-1]) == one.skus(single)
    assert one.skus(single) != other.skus(single)


@pytest.mark.parametrize("text", ["1/0", "a third", "0", "1", "-1/3", "nan", ""])
def test_a_share_that_is_none_is_refused(text):
    with pytest.raises(DataError, match="to hold out"):
        HoldOut.parse(text)


def test_a_share_of_too_few_is_refused():
    with pytest.raises(DataError, match="of 1 SPUs holds out 0"):
        HoldOut.parse("1/3").spus([Product("a")])


def test_nothing_of_them_is_gathered():
    left = QUARTER.skus(Squares().products())
    assert len(left) == 1
    assert gather([Squares()], hold_out=QUARTER) == gather([Without(left)])


def test_a_query_that_shows_or_wants_one_of_them_is_left_out():
    left = next(iter(QUARTER.skus(Squares().products())))
    kept = next(p.id for p in Squares().products() if p.id != left)
    photo = Item("q", (Image(data=png((9, 9, 9), 1)),))

    class Asking(Squares):
        def queries(self, split):
            yield Query("both", photo, {kept: 1, left: 1})
            yield Query("shown", photo, {kept: 1}, references=(left,))
            yield Query("judged", photo, {kept: 1, left: 0})

    pairs = gather([Asking()], views=("none",), hold_out=QUARTER)
    assert len(pairs.pictures) == 1, "only the query that does not show it"


def test_held_out_skus_leave_no_trace_in_towers_or_tokenizer(tmp_path, tiny):
    """Texts, pictures and photos: the files equal those of a shop that never had the product."""
    left = QUARTER.skus(Wordy().products())
    gone = type("Gone", (Without, Wordy), {})(left)
    config = replace(tiny, epochs=2)
    held = train_contrastive([Wordy()], config, tmp_path / "held", val=None, hold_out=QUARTER)
    train_contrastive([gone], config, tmp_path / "gone", val=None)
    whole = train_contrastive([Wordy()], config, tmp_path / "whole", val=None)

    def files(name):
        folder = tmp_path / name
        weights = load_file(folder / "open_clip_model.safetensors")
        return {k: v.tobytes() for k, v in weights.items()}, (folder / "tokenizer.json").read_text()

    assert files("held") == files("gone")
    words = [f"{p}ish" for p in left]
    assert words[0] not in files("held")[1] and words[0] in files("whole")[1]
    products = list(Wordy().products())
    for trained, unseen in ((held, left), (whole, frozenset())):
        info = LocalOpenClip(str(trained.encoder)).info
        assert info.trained_on == ("squares",)
        assert {p.id for p in products} - find_trained(info, "squares", products) == unseen
