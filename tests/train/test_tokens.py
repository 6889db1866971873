"""open_clip pools by two assumptions of the tokenizer: pad is 0, end is the largest id."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skulens.train.tokens import END, PAD, encode_texts, save_tokenizer, train_tokenizer

TEXTS = [
    "Semi-skimmed milk 1.5%",
    "Mjölk från svenska gårdar",
    "นมสด",
    "Sữa tươi",
    "red apple",
    "green apple",
]


@pytest.fixture(scope="module")
def bpe():
    return train_tokenizer(TEXTS, 400)


def test_ids_of_padding_and_end(bpe):
    assert bpe.token_to_id(PAD) == 0
    assert bpe.token_to_id(END) == bpe.get_vocab_size() - 1
    assert bpe.get_vocab_size() <= 400


def test_rows_are_cut_before_the_end_token_and_padded_after_it(bpe):
    short, long = encode_texts(bpe, ["red", "red apple " * 20], 8)
    end = bpe.token_to_id(END)
    assert (short == end).sum() == 1 and set(short[short.argmax() + 1 :]) <= {0}
    assert long[-1] == end and (long[:-1] != end).all() and (long != 0).all()


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_any_text_has_exactly_one_end_and_it_is_the_largest_id(text):
    bpe = train_tokenizer(TEXTS, 400)
    (row,) = encode_texts(bpe, [text], 16)
    end = bpe.token_to_id(END)
    assert (row == end).sum() == 1 and row.max() == end


@settings(max_examples=30, deadline=None)
@given(st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=12))
def test_no_script_is_unknown(text):
    """Byte-level: what went in comes out again, lower case and NFKC, never an unknown token."""
    import unicodedata

    bpe = train_tokenizer(TEXTS, 400)
    assert bpe.decode(bpe.encode(text).ids).strip() == bpe.normalizer.normalize_str(text)
    assert unicodedata.normalize("NFKC", bpe.normalizer.normalize_str("ﬁ")) == "fi"


def test_transformers_reads_the_folder_the_same(bpe, tmp_path):
    from transformers import AutoTokenizer

    save_tokenizer(bpe, tmp_path)
    theirs = AutoTokenizer.from_pretrained(tmp_path)(
        TEXTS, max_length=9, padding="max_length", truncation=True
    ).input_ids
    assert theirs == encode_texts(bpe, TEXTS, 9).tolist()
