"""Verdicts and readings as the commands write them are read back; what is broken is told."""

import json

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skulens.catalog.claims import verdict_row, verdicts_table
from skulens.catalog.verdict_rows import VerdictTable
from skulens.claims import Claim, Evidence, Verdict
from skulens.errors import DataError, MissingFile

SHA = "a" * 64
QUAD = (1.0, 2.0, 30.0, 2.0, 30.0, 9.5, 1.0, 9.5)
PLACE = Evidence(SHA, "ocr", "Net weight 250 g", QUAD)
ROW = {"item": "p1", "field": "attributes.brand", "value": "Acme", "unit": "", "label": "VC",
       "sub": "ocr", "verifier": "text/1", "quote": "ACME", "image": SHA, "quad": list(QUAD)}  # fmt: skip
FACT = {"field": "attributes.origin", "value": "Vietnam", "unit": "", "verdict": "VC", "sub": "ocr",
        "quote": "Made in Vietnam", "quad": list(QUAD), "quads": [list(QUAD)], "verifier": "country/1",
        "confidence": 0.98}  # fmt: skip
PHOTO = {"image": "back.jpg", "sha256": SHA, "size": [300, 200], "codes": [], "fields": [FACT],
         "lines": [], "rejects": []}  # fmt: skip


def read(path):
    """(what was read, reasons of rejects)"""
    rejects = []
    found = list(VerdictTable(path).read(rejects.append))
    assert all(r.source and r.todo and f"{r.item} {r.reason}".encode() for r in rejects)
    return found, [r.reason for r in rejects]


def write_lines(path, *rows, encoding="utf-8"):
    lines = (
        row if isinstance(row, str) else json.dumps(row, ensure_ascii=encoding == "utf-8")
        for row in rows
    )
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30).map(str.strip)
PLACES = st.builds(
    Evidence,
    st.just(SHA),
    st.just("ocr"),
    TEXTS,
    st.none() | st.tuples(*[st.floats(0, 5000).map(lambda x: round(x, 1))] * 8),
)
CHECKED = st.builds(
    lambda field, value, unit, label, places: (
        Claim("p1", field, value or None, unit, evidence=tuple(places)),
        (label, {"VC": "ocr", "VI": "contradicted", "U": "illegible"}[label]),
    ),
    st.sampled_from(["attributes.brand", "identifiers.gtin", "attributes.my_key"]),
    TEXTS,
    TEXTS,
    st.sampled_from(["VC", "VI", "U"]),
    st.lists(PLACES, max_size=1),
)


@settings(max_examples=60, deadline=None)
@given(checked=st.lists(CHECKED, min_size=1, max_size=5))
def test_verdicts_that_verify_writes_are_read(tmp_path_factory, checked):
    path = tmp_path_factory.mktemp("v") / "verdicts.parquet"
    claims = [claim for claim, _ in checked]
    verdicts = [Verdict(c.id, *said, "text/1", evidence=c.evidence) for c, said in checked]
    pq.write_table(verdicts_table(claims, verdicts), path)
    found, reasons = read(path)
    assert reasons == [] and [j.claim for j in found] == claims
    assert [(j.verdict.label, j.verdict.sub) for j in found] == [said for _, said in checked]
    assert {(j.photo, j.verdict.verifier) for j in found} == {("", "text/1")}


def test_the_same_rows_as_lines(tmp_path):
    claim = Claim("p1", "attributes.brand", "Acme", evidence=(PLACE,))
    row = verdict_row(claim, Verdict(claim.id, "VC", "", "gtin/1", evidence=(PLACE,)))
    [one], _ = read(write_lines(tmp_path / "v.jsonl", row))
    assert one.claim.evidence == (Evidence(SHA, "bars", PLACE.quote, QUAD),), "no print was needed"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_readings_of_photos(tmp_path, encoding):
    """PowerShell's > writes UTF-16."""
    other = [*QUAD[:-1], 40.0]
    code = {"value": "4006381333931", "quad": other}
    fact = FACT | {"value": "Việt Nam", "quads": [list(QUAD), other]}
    photo = PHOTO | {"codes": [code], "fields": [fact]}
    [one], reasons = read(write_lines(tmp_path / "labels.jsonl", photo, encoding=encoding))
    assert reasons == [] and (one.photo, one.claim.item) == (SHA, "")
    assert (one.claim.value, one.claim.confidence) == ("Việt Nam", 0.98)
    first, second = one.claim.evidence
    assert first == Evidence(SHA, "ocr", "Made in Vietnam", QUAD)
    assert (second.source, second.quote, second.quad) == ("bars", "", tuple(other))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"item": None}, "the id is empty"),
        ({"item": {"a": 1}}, "the id is a dict"),
        ({"field": ""}, "unknown field ''"),
        ({"field": "-.-"}, "unknown field '-.-'"),
        ({"value": {"a": 1}}, "expected text, got a dict"),
        ({"value": "x" * 2000}, "a value of 2,000 characters"),
        ({"label": "yes"}, "the verdict 'yes' is none of U, VC, VI"),
        ({"label": ["VC", "VI"]}, "none of U, VC, VI"),
        ({"sub": "guessed"}, "unknown reason of a verdict 'guessed'"),
        ({"sub": {"ocr": 1}}, "expected text, got a dict"),
        ({"image": "front.jpg"}, "the picture 'front.jpg' is no sha256"),
        ({"quad": [1, 2, 3]}, "no list of eight numbers"),
        ({"quad": [float("nan")] * 8}, "no list of eight numbers"),
        ({"quad": ["1"] * 8}, "no list of eight numbers"),
        ({"quad": [10**400] * 8}, "no list of eight numbers"),
        ({"quote": "\ud800"}, "half a character"),
        ({"quad": "here"}, "no list of eight numbers"),
        ({"quote": "a\0b"}, "holds a NUL byte"),
    ],
)
def test_a_row_that_cannot_be_used_is_told_and_the_others_are_read(tmp_path, change, reason):
    path = write_lines(tmp_path / "v.jsonl", ROW | change, ROW)
    found, reasons = read(path)
    assert len(found) == 1 and len(reasons) == 1 and reason in reasons[0]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"sha256": "", "image": "a.jpg"}, "the photo was not read"),
        ({"sha256": "12"}, "is no sha256"),
        ({"fields": "none"}, "fields are no list of objects"),
        ({"fields": [1]}, "fields are no list of objects"),
        ({"codes": {}}, "codes are no list of objects"),
        ({"fields": [FACT | {"verdict": None}]}, "the verdict '' is none of"),
        ({"fields": [FACT | {"quads": 5}]}, "quads are a int"),
        ({"image": "\ud800.jpg", "fields": 1}, "fields are no list"),
    ],
)
def test_a_photo_that_cannot_be_used_is_told(tmp_path, change, reason):
    found, reasons = read(write_lines(tmp_path / "l.jsonl", PHOTO | change, PHOTO))
    assert len(found) == 1 and len(reasons) == 1 and reason in reasons[0]


def test_lines_that_are_no_json_are_told(tmp_path):
    found, reasons = read(write_lines(tmp_path / "v.jsonl", "{", ROW, "[1]"))
    assert len(found) == 1 and [r.split(":")[0] for r in reasons] == [
        "not JSON",
        "a JSON list, not an object",
    ]


def test_what_holds_no_claims_is_refused(tmp_path):
    products = write_lines(tmp_path / "products.jsonl", {"id": "p1", "title": "Tea"})
    claims = tmp_path / "claims.csv"
    claims.write_text("item,field,value\np1,brand,Acme\n")
    for path in (products, claims):
        with pytest.raises(
            DataError, match="holds no claims with verdicts.*skulens verify.*it has"
        ):
            VerdictTable(path)
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    with pytest.raises(DataError, match="empty"):
        VerdictTable(empty)
    picture = tmp_path / "a.jpg"
    picture.write_bytes(b"\xff\xd8")
    with pytest.raises(DataError, match="not a table"):
        VerdictTable(picture)
    with pytest.raises(MissingFile):
        VerdictTable(tmp_path / "gone.parquet")
