"""norm-v1 answers its published vectors, twice the same, and importing it is light."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import skulens.values.normalise as norm
from skulens.errors import DataError
from skulens.values.levels import agree, make_key
from skulens.values.normalise import TYPES, VERSION, normalise

FILE = Path(norm.__file__).with_name(f"{VERSION}.json")
VECTORS = json.loads(FILE.read_text("utf-8"))["vectors"]


def settings_of(vector):
    settings = {k: vector[k] for k in ("unit", "language") if k in vector}
    return settings | {"keep": frozenset(vector.get("keep", ()))}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['type']} {ascii(v['value'])[:40]}")
def test_published_vectors(vector):
    found = normalise(vector["value"], vector["type"], **settings_of(vector))
    assert found == vector["expected"], vector["why"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['type']} {ascii(v['value'])[:40]}")
def test_a_normal_form_is_its_own(vector):
    keep = settings_of(vector)["keep"]
    assert normalise(vector["expected"], vector["type"], keep=keep) == vector["expected"]


def test_the_vectors_cover_every_type_and_say_why():
    assert {v["type"] for v in VECTORS} == set(TYPES)
    assert all(v["why"] for v in VECTORS)


@given(st.text(max_size=40), st.sampled_from(TYPES))
def test_any_text_has_a_form(value, field_type):
    assert isinstance(normalise(value, field_type), str)


@given(st.text(alphabet="abกขำ้ําẵ 1½,.&;-'\"<>", max_size=20))
def test_text_is_normal_after_one_pass(value):
    once = normalise(value)
    assert normalise(once) == once


def test_none_is_nothing_and_an_unknown_type_is_refused():
    assert normalise(None) == ""
    with pytest.raises(DataError, match="no type 'weight'; expected one of text, code"):
        normalise("1", "weight")


@pytest.mark.parametrize(
    ("first", "second", "field_type", "levels"),
    [
        ("Veldora", " veldora ", "text", {"L0", "L1", "L2", "L3"}),
        ("Veldora™", "veldora", "text", {"L1", "L2", "L3"}),
        ("red sock", "socks red", "text", {"L2", "L3"}),
        ("hoà", "hòa", "text", {"L2", "L3"}),
        ("chocolate", "chocolat", "text", {"L3"}),
        ("men", "women", "text", set()),
        ("AB-12", "ab-12", "code", {"L0"}),
        ("navy", "blue", "colour", {"L2", "L3"}),
        ("2 x 250 ml", "500 ml", "quantity", {"L2", "L3"}),
        ("500 ml", "501 ml", "quantity", set()),
        ("n/a", "n/a", "text", set()),
        ("น้ำ", "นำ", "code", set()),
    ],
)
def test_levels(first, second, field_type, levels):
    found = {
        level
        for level in ("L0", "L1", "L2", "L3")
        if agree(
            make_key(first, field_type, level),
            make_key(second, field_type, level),
            field_type,
            level,
        )
    }
    assert found == levels


def test_importing_it_loads_no_library_of_types():
    script = "import sys, skulens.values.normalise, skulens.values.fields\n" + (
        "heavy = {'pint', 'pycountry', 'stdnum', 'rapidfuzz', 'numpy', 'pydantic'}\n"
        "print(sorted(heavy & {m.split('.')[0] for m in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
