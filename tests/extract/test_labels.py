"""The reader of labels: claims with evidence, verdicts, nothing lost."""

import dataclasses

import pytest

from skulens.catalog.photos import find_photos, products_of_photos
from skulens.claims import Claim
from skulens.errors import MissingFile
from skulens.extract.labels import LabelReader, choose
from skulens.protocols import Reader
from skulens.records import Reject
from skulens.values.fields import FIELDS
from skulens.verify.facts.found import Found
from tests.extract.pictures_with_text import FakeText, line, make_picture

BACK = [line("Net weight 250 g"), line("Made in France", 1)]


@pytest.fixture
def photos(tmp_path):
    return [make_picture(tmp_path / "a.png", 300), make_picture(tmp_path / "b.png", 320)]


def reader(lines=BACK, **more) -> LabelReader:
    return LabelReader(FakeText({300: lines, 320: lines, **more}))


def test_it_is_a_reader_of_products(photos):
    labels = reader()
    assert isinstance(labels, Reader)
    answers = list(labels.read(products_of_photos(photos)))
    assert all(isinstance(a, Claim) for a in answers)
    assert {a.item for a in answers} == {str(p) for p in photos}
    assert all(a.predictor == labels.info.identity for a in answers)


def test_every_claim_has_its_place_in_the_picture(photos):
    for reading in reader().read_labels(products_of_photos(photos)):
        assert reading.claims
        for claim in reading.claims:
            assert claim.evidence and all(e.quad and e.image for e in claim.evidence)
            assert {e.image for e in claim.evidence} <= set(reading.seen.lines)
        assert [v.claim for v in reading.verdicts] == [c.id for c in reading.claims]


def test_only_fields_asked_for_are_claimed(photos):
    (first, _) = reader().read_labels(products_of_photos(photos), ["attributes.net_content"])
    assert {c.field for c in first.claims} == {"attributes.net_content"}


def test_photos_together_are_one_product(photos):
    (reading,) = reader().read_labels(products_of_photos(photos, together=True))
    assert len(reading.seen.lines) == 2
    (net,) = [c for c in reading.claims if c.field == "attributes.net_content"]
    assert len({e.image for e in net.evidence}) == 2


def test_a_picture_that_cannot_be_read_is_a_reject_and_the_rest_goes_on(tmp_path, photos):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"not a picture")
    readings = list(reader().read_labels(products_of_photos([photos[0], broken, photos[1]])))
    assert [len(r.rejects) for r in readings] == [0, 1, 0]
    assert "not a picture" in readings[1].rejects[0].reason
    assert [bool(r.claims) for r in readings] == [True, False, True]
    rejects = [a for a in reader().read(products_of_photos([broken])) if isinstance(a, Reject)]
    assert len(rejects) == 1


def test_photos_without_print_give_no_claim(photos):
    for reading in reader(lines=[]).read_labels(products_of_photos(photos)):
        assert (reading.claims, reading.rejects) == ((), ())


def test_a_field_of_one_value_claims_the_best_supported():
    unsure = Found("attributes.origin", "Italy", confidence=0.6)
    clear = Found("attributes.origin", "France", confidence=0.99)
    doubted = dataclasses.replace(clear, value="Spain", doubt="why not")
    (group,) = choose("attributes.origin", [unsure, doubted, clear])
    assert [f.value for f in group] == ["France"]


def test_a_field_of_many_values_claims_each_once():
    warnings = [Found("attributes.warnings", v) for v in ("Hot", "hot", "Sharp")]
    assert [len(g) for g in choose("attributes.warnings", warnings)] == [2, 1]


def test_values_of_a_field_of_many_keep_the_order_of_the_print():
    listed = [
        Found("attributes.ingredients", v, confidence=c)
        for v, c in (("water", 0.5), ("sugar", 0.99), ("salt", 0.7), ("Water", 0.99))
    ]
    groups = choose("attributes.ingredients", listed)
    assert [g[0].value for g in groups] == ["Water", "sugar", "salt"]


def test_claims_stand_in_the_order_of_the_registry(photos):
    (reading, _) = reader().read_labels(products_of_photos(photos))
    order = [field.path for field in FIELDS]
    places = [order.index(c.field) for c in reading.claims]
    assert places == sorted(places)


# ----- photos ---------------------------------------------------------------------------------


def test_folders_are_searched_and_files_named_twice_count_once(tmp_path):
    inside = tmp_path / "sub"
    inside.mkdir()
    make_picture(inside / "b.JPG", 10)
    make_picture(tmp_path / "a.png", 10)
    (tmp_path / "notes.txt").write_text("no picture")
    found = find_photos([tmp_path, tmp_path / "a.png"])
    assert [p.name for p in found] == ["a.png", "b.JPG"]


def test_a_named_file_is_taken_whatever_its_suffix(tmp_path):
    odd = make_picture(tmp_path / "a.png", 10).rename(tmp_path / "photo")
    assert find_photos([odd]) == [odd]


def test_places_without_pictures_are_named(tmp_path):
    with pytest.raises(MissingFile, match="no pictures"):
        find_photos([tmp_path])
    with pytest.raises(MissingFile, match="there is no"):
        find_photos([tmp_path / "nothing.jpg"])
