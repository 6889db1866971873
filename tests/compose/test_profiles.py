"""Profiles from YAML, and messages that say what is wrong."""

from dataclasses import replace

import pytest

from skulens.compose.profiles import MERIT, PROFILES, SOUND, Profile, read_profile
from skulens.errors import DataError, UnknownName


def test_names():
    assert read_profile("sound") is SOUND and read_profile("merit") is MERIT
    assert {name: p.name for name, p in PROFILES.items()} == {"sound": "sound", "merit": "merit"}
    with pytest.raises(UnknownName, match="unknown profile 'sounds'; did you mean 'sound'"):
        read_profile("sounds")


def write(tmp_path, text: str) -> str:
    path = tmp_path / "mine.yaml"
    path.write_text(text, "utf-8")
    return str(path)


def test_fields_stand_over_those_of_the_base(tmp_path):
    text = """
most_answers: 10
most_share: 1
name_class: false
methods: {high-similarity: 1, target-first: 0.5}
constraints: [distinct-keys]
"""
    found = read_profile(write(tmp_path, text))
    assert found == replace(
        SOUND,
        name="mine",
        most_answers=10,
        most_share=1.0,
        name_class=False,
        methods=(("high-similarity", 1.0), ("target-first", 0.5)),
        constraints=("distinct-keys",),
    )
    assert type(found.most_share) is float
    assert read_profile(write(tmp_path, "base: merit\nname: x\n")) == replace(MERIT, name="x")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("most_anwsers: 1", "mine.yaml: unknown field 'most_anwsers'; did you mean 'most_answers'"),
        ("base: soundest", "unknown base 'soundest'; expected one of sound, merit"),
        ("most_answers: many", "mine.yaml: most_answers needs a whole number, got 'many'"),
        ("most_answers: true", "most_answers needs a whole number, got True"),
        ("most_share: '1'", "most_share needs a number"),
        ("name_class: 1", "name_class needs true or false"),
        ("methods: [target-first]", "methods needs names with shares"),
        ("methods: {target-first: x}", "methods needs a number, got 'x'"),
        ("methods: {target-first: 0}", "methods cannot be"),
        ("methods: {}", "methods cannot be"),
        ("constraints: distinct-keys", "constraints needs a list of names"),
        ("constraints: [1]", "constraints needs a list of names"),
        ("shares_of: none", "shares_of cannot be 'none'"),
        ("same_class: always", "same_class cannot be 'always'"),
        ("least_share: 0.1", "most_share cannot be 0.05"),
        ("near: -1", "near cannot be -1"),
        ("tries: 0", "tries cannot be 0"),
        ("- a", "mine.yaml holds list, expected fields by name"),
        ("", "holds NoneType"),
        ("1: 2", "holds dict, expected fields by name"),
        ("a: [", "is no profile"),
    ],
)
def test_what_is_no_profile(tmp_path, text, message):
    with pytest.raises(DataError) as e:
        read_profile(write(tmp_path, text))
    assert message in str(e.value)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(DataError, match="is no profile"):
        read_profile(str(tmp_path / "missing.yaml"))
    (tmp_path / "latin.yaml").write_bytes(b"name: \xff")
    with pytest.raises(DataError, match="is no profile"):
        read_profile(str(tmp_path / "latin.yaml"))


def test_what_a_profile_lists():
    assert MERIT.lists_target("high-similarity") and not MERIT.lists_target("attribute-uniform")
    assert not SOUND.lists_target("high-similarity")
    assert Profile() == SOUND
