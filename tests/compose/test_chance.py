"""Philox against its authors' known answers; draws that never touch one another."""

import numpy as np
import pytest

from skulens.compose.chance import pick, pick_distinct, stream_of, uniforms, words


@pytest.mark.parametrize(
    ("counter", "key", "answer"),
    [
        ("00000000 00000000 00000000 00000000", "00000000 00000000",
         "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff",
         "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0",
         "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ],
)  # fmt: skip
def test_known_answers_of_random123(counter, key, answer):
    """kat_vectors of Random123, philox4x32 with 10 rounds."""
    low, high, block, stream = (int(word, 16) for word in counter.split())
    first, second = (int(word, 16) for word in key.split())
    ids = np.array([high << 32 | low], np.uint64)
    found = words(second << 32 | first, ids, block, stream)
    assert [f"{word:08x}" for word in found[0].tolist()] == answer.split()


def test_draws_depend_on_seed_id_stream_and_place_alone():
    ids = np.arange(50, dtype=np.uint64)
    whole = uniforms(1, ids, 9)
    assert whole.shape == (50, 9) and (whole >= 0).all() and (whole < 1).all()
    for first in range(8):
        assert np.array_equal(uniforms(1, ids, 2, first), whole[:, first : first + 2])
    for other in (uniforms(2, ids, 9), uniforms(1, ids + np.uint64(50), 9)):
        assert not np.isin(other, whole).any()
    assert not np.isin(uniforms(1, ids, 9, stream=stream_of("class")), whole).any()


def test_distinct_picks_are_uniform_over_ordered_choices():
    found = pick_distinct(uniforms(3, np.arange(24_000), 3), 4)
    choices, counts = np.unique(found, axis=0, return_counts=True)
    assert len(choices) == 24 and all(len(set(c)) == 3 for c in choices.tolist())
    assert ((counts - 1000) ** 2 / 1000).sum() < 23 + 5 * np.sqrt(46)
    sizes = np.array([1, 2, 3, 9])
    few = pick_distinct(np.full((4, 3), 1 - 2**-53), sizes)
    assert [few[i, :n].tolist() for i, n in enumerate((1, 2, 3, 3))] == [
        [0], [1, 0], [2, 1, 0], [8, 7, 6],
    ]  # fmt: skip


def test_picks_stay_inside():
    assert pick(np.array([0.0, 0.5, 1 - 2**-53]), 3).tolist() == [0, 1, 2]
    assert pick(np.array([1 - 2**-53]), 0).tolist() == [0]
    assert pick(np.array([1 - 2**-53]), 10**15).tolist() == [10**15 - 1]
