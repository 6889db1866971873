"""The probes of titles.json in every engine: whatever cuts the words, the same titles are found."""

import json
import unicodedata
from pathlib import Path

import pytest

from skulens.documents import Document, FieldColumn, Probe, Schema
from skulens.index.stores import words
from tests.index.stores.conformance import find_engine, known_recipes

TITLES = json.loads((Path(__file__).parent / "titles.json").read_text(encoding="utf-8"))
NEED_GRAMS = {"membaca", "sulaman", "boot"}
WITHOUT_GRAMS = {"milvus"}
"""Engines that find words alone, and say so."""


@pytest.fixture(scope="module", params=sorted(known_recipes()))
def engine(request, tmp_path_factory):
    return find_engine(request.param, tmp_path_factory.mktemp("titles"))


@pytest.fixture(scope="module")
def store(engine):
    made = engine.open(Schema((), (FieldColumn("id", "text"),), "titles"))
    made.upsert(Document(i, words=title) for i, title in TITLES["titles"].items())
    made.optimise()
    yield made
    engine.recipe.drop(made)
    made.close()


@pytest.mark.skipif(not words.has_icu(), reason="needs icu4py")
def test_probes_find_their_titles(engine, store):
    missed = set()
    for probe in TITLES["probes"]:
        text = probe["text"]
        if probe["kind"] == "decomposed marks":
            text = unicodedata.normalize("NFD", text)
        found = store.search(Probe(words=text, k=3)).ids
        if found[:1] != (probe["finds"],):
            missed.add(text)
    assert missed == (NEED_GRAMS if engine.name.split()[0] in WITHOUT_GRAMS else set())
