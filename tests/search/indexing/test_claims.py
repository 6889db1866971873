"""Claims beside a catalogue: stored with their products, changed without the encoders, never lost."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skulens.catalog.claims import verdicts_table
from skulens.claims import Claim, Evidence, Verdict
from skulens.errors import DataError
from skulens.index.stores import open_store
from skulens.index.stores.fields import CLAIMS
from skulens.records import Image
from skulens.search.claims import MOST_BYTES, fetch_claims, merge_claims, read_claims, write_claims
from skulens.search.indexing.build import build_index
from skulens.search.indexing.claims import rewrite_claims, split_digest
from tests.search.indexing.conftest import ListCatalog, make_product, png

QUAD = (1.0, 2.0, 30.0, 2.0, 30.0, 9.5, 1.0, 9.5)
PRODUCTS = [make_product(n) for n in range(4)]


def sha_of(product) -> str:
    return hashlib.sha256(product.images[0].read()).hexdigest()


def checked(product, field="attributes.brand", value="Acme", label="VC", **more):
    image = more.pop("image", None) or sha_of(product)
    place = Evidence(image, "ocr", more.pop("quote", "ACME"), QUAD)
    claim = Claim(product.id, field, value, evidence=(place,), **more)
    return claim, Verdict(claim.id, label, "ocr", "text/1", evidence=(place,))


@pytest.fixture
def write(tmp_path):
    def run(*told, name="verdicts.parquet"):
        claims, verdicts = [c for c, _ in told], [v for _, v in told]
        pq.write_table(verdicts_table(claims, verdicts), tmp_path / name)
        return tmp_path / name

    return run


@pytest.fixture
def build(stores, encoders, tmp_path):
    def run(products, *claims, encoder="fake", **options):
        rejects = tmp_path / "rejects.jsonl"
        catalog = ListCatalog(products)
        return build_index(
            catalog, "kept:a", encoder=encoder, rejects=rejects, claims=claims, **options
        )

    return run


def held(stores, product: str):
    """(field, value, label) of each claim."""
    [found] = fetch_claims(stores["kept:a"], [product])
    return [(c.field, c.value, v.label) for c, v in found]


def reasons(built):
    return [r.reason for r in built.rejects.first]


def test_claims_are_stored_with_their_products(build, write, stores):
    told = [
        checked(PRODUCTS[1]),
        checked(PRODUCTS[1], "attributes.origin", "France", "VI", quote="Made in USA"),
    ]
    built = build(PRODUCTS, write(*told))
    assert (built.written, built.reclaimed, built.rejects.count) == (4, 0, 0)
    [found] = fetch_claims(stores["kept:a"], ["1"])
    assert [c for c, _ in found] == [c for c, _ in told]
    assert [(v.label, v.sub, v.verifier) for _, v in found] == [
        ("VC", "ocr", "text/1"),
        ("VI", "ocr", "text/1"),
    ]
    assert held(stores, "2") == []


def test_other_claims_are_written_without_the_encoders(build, write, stores, encoders):
    """There is no cache: a vector that were needed would be made."""
    build(PRODUCTS, text_encoder="words")
    store = stores["kept:a"]
    names = ["title", "price", "words", "thumbnail", "pictures"]
    before = store.fetch(["1", "2"], names), store.vectors("picture", ["1", "2"])
    passed = encoders["fake"].forwards, encoders["words"].forwards
    first = build(PRODUCTS, write(checked(PRODUCTS[1]), checked(PRODUCTS[2])))
    assert (first.written, first.reclaimed, first.unchanged, first.forwarded) == (2, 2, 2, 0)
    second = build(PRODUCTS, write(checked(PRODUCTS[1], value="Other"), checked(PRODUCTS[2])))
    assert (second.written, second.reclaimed, second.unchanged) == (1, 1, 3)
    assert held(stores, "1") == [("attributes.brand", "Other", "VC")]
    assert (encoders["fake"].forwards, encoders["words"].forwards) == passed
    after = store.fetch(["1", "2"], names), store.vectors("picture", ["1", "2"])
    assert after[0] == before[0] and np.array_equal(after[1], before[1])
    assert build(PRODUCTS, write(checked(PRODUCTS[1], value="Other"))).written == 0


def test_without_files_claims_stay_and_prune_takes_those_that_no_file_names(build, write, stores):
    build(PRODUCTS, write(checked(PRODUCTS[1]), checked(PRODUCTS[2])))
    assert build(PRODUCTS).written == 0 and build(PRODUCTS, prune=True).written == 0
    kept = build(PRODUCTS, write(checked(PRODUCTS[3])))
    assert kept.reclaimed == 1 and held(stores, "1") and held(stores, "3")
    pruned = build(PRODUCTS, write(checked(PRODUCTS[3])), prune=True)
    assert pruned.reclaimed == 2
    assert [bool(held(stores, n)) for n in "123"] == [False, False, True]
    assert build(PRODUCTS, write(), prune=True).reclaimed == 1, "a file without claims"
    assert not any("+" in d for d in stores["kept:a"].digests().values())


def test_a_product_that_changes_keeps_its_claims(build, write, stores, encoders):
    build(PRODUCTS, write(checked(PRODUCTS[1])))
    dearer = [replace(p, price=99.0) for p in PRODUCTS]
    assert build(dearer).written == 4
    assert held(stores, "1") == [("attributes.brand", "Acme", "VC")]
    assert build(dearer, write(checked(PRODUCTS[1]))).written == 0


def test_claims_on_pictures_that_a_product_lost_are_rejected(build, write, stores):
    build(
        PRODUCTS, write(checked(PRODUCTS[1]), checked(PRODUCTS[1], "attributes.origin", "x", "U"))
    )
    changed = [replace(p, images=(Image(data=png("red")),)) for p in PRODUCTS]
    built = build(changed)
    assert held(stores, "1") == [] and built.rejects.count == 2
    assert all("is none of the product's" in r for r in reasons(built))
    assert build(changed).rejects.count == 0, "there is nothing left to say"
    again = build(changed, write(checked(PRODUCTS[1])))
    assert (again.written, again.rejects.count) == (0, 1)
    again = build(changed, write(checked(PRODUCTS[1])))
    assert (again.written, again.rejects.count) == (0, 1), "told each time"


def test_what_no_product_has_is_rejected(build, write, stores, tmp_path):
    fact = {"field": "attributes.brand", "value": "B", "verdict": "U", "quads": []}
    lines = [
        {"sha256": sha_of(PRODUCTS[1]), "fields": [fact]},
        {"sha256": "f" * 64, "fields": [fact]},
        {"sha256": "nonsense", "fields": [fact]},
    ]
    photos = tmp_path / "labels.jsonl"
    photos.write_text("\n".join(map(json.dumps, lines)))
    stranger = checked(replace(PRODUCTS[0], id="stranger"))
    built = build(PRODUCTS, write(stranger, checked(PRODUCTS[2])), photos)
    assert held(stores, "1") == [("attributes.brand", "B", "U")] and held(stores, "2")
    assert built.rejects.count == 3
    said = " ".join(reasons(built))
    for part in (
        "no product 'stranger'",
        "no product of the catalogue has this photo",
        "no sha256",
    ):
        assert part in said
    rows = [json.loads(line) for line in (tmp_path / "rejects.jsonl").read_text().splitlines()]
    assert {r["source"].partition(":")[0].partition("#")[0] for r in rows} == {
        "verdicts.parquet",
        "labels.jsonl",
    }
    assert build(PRODUCTS).rejects.count == 0


def test_a_photo_of_several_products_speaks_of_each(build, stores, tmp_path):
    twin = replace(PRODUCTS[2], images=PRODUCTS[1].images)
    fact = {"field": "attributes.brand", "value": "B", "verdict": "VC", "quad": list(QUAD)}
    photos = tmp_path / "labels.jsonl"
    photos.write_text(json.dumps({"sha256": sha_of(PRODUCTS[1]), "fields": [fact]}))
    built = build([PRODUCTS[1], twin], photos)
    assert built.rejects.count == 0
    assert held(stores, "1") == held(stores, "2") == [("attributes.brand", "B", "VC")]


def test_a_file_of_another_kind_stops_before_there_is_a_store(build, stores, tmp_path):
    path = tmp_path / "products.jsonl"
    path.write_text('{"id": "p1", "title": "Tea"}\n')
    with pytest.raises(DataError, match="holds no claims with verdicts"):
        build(PRODUCTS, path)
    assert stores == {}


def test_more_claims_than_an_engine_keeps_are_told(build, write, stores):
    many = [checked(PRODUCTS[1], "attributes.ingredients", f"{n} " + "ă" * 400) for n in range(60)]
    built = build(PRODUCTS, write(*many))
    text = stores["kept:a"].fetch(["1"], [CLAIMS.field])[0][CLAIMS.field]
    assert MOST_BYTES * 0.9 < len(text.encode()) <= MOST_BYTES
    lost = 60 - len(held(stores, "1"))
    assert lost > 0 and reasons(built) == [
        f"{lost} claims beyond the 32,000 bytes that a product may have"
    ]


def test_the_verdict_that_says_most_wins_and_evidence_is_joined():
    one = checked(PRODUCTS[1], "attributes.net_content", "250 g", "U", quote="250g")
    two = checked(PRODUCTS[1], "attributes.net_content", "0.25 kg", "VC", quote="0.25 kg")
    three = checked(PRODUCTS[1], "attributes.net_content", "300 g", "VI", quote="250 g")
    [first, other] = merge_claims([one, two, three])
    assert (first[0].value, first[1].label) == ("0.25 kg", "VC")
    assert [e.quote for e in first[0].evidence] == ["0.25 kg", "250g"]
    assert (other[0].value, other[1].label) == ("300 g", "VI")


def test_hidden_like_other_columns_of_ours(build, write, stores):
    from skulens.index.stores.where import FilterError
    from skulens.records import Filter
    from skulens.search.indexing.about import describe_store
    from skulens.search.shop import Shop

    build(PRODUCTS, write(checked(PRODUCTS[1])))
    store = stores["kept:a"]
    assert CLAIMS in store.schema.fields
    assert CLAIMS.field not in {f.column.field for f in describe_store(store).fields}
    with pytest.raises(FilterError) as error:
        store.count(Filter("exists", "claim"))
    assert "#" not in str(error.value)
    found = Shop(store).search(where="price >= 0", k=9)
    assert len(found.hits) == 4 and not any("#" in n for h in found.hits for n in h.fields)


TEXTS = st.text(max_size=20, alphabet=st.characters(codec="utf-8"))
CLAIMED = st.builds(
    lambda claim, label, sub, verifier: (
        claim,
        Verdict(claim.id, label, sub, verifier, evidence=claim.evidence),
    ),
    st.builds(
        Claim,
        st.just("p"),
        TEXTS,
        st.none() | TEXTS,
        TEXTS,
        TEXTS,
        st.lists(
            st.builds(
                Evidence,
                TEXTS,
                st.sampled_from(["ocr", "bars"]),
                TEXTS,
                st.none() | st.tuples(*[st.floats(-1e4, 1e4)] * 8),
            ),
            max_size=3,
        ).map(tuple),
        st.none() | st.floats(0, 1),
    ),
    st.sampled_from(["VC", "VI", "U"]),
    st.sampled_from(["", "ocr", "contradicted"]),
    TEXTS,
)


@given(st.lists(CLAIMED, max_size=4))
def test_claims_written_are_claims_read(told):
    assert list(read_claims("p", write_claims(told))) == told


@pytest.mark.parametrize("engine", ["lance", "edge"])
def test_engines_on_disk_give_documents_back_whole(tmp_path, encoders, write, engine):
    """What `rewrite_claims` reads of a store is what was written, so that writing it again changes
    nothing but the claims."""
    pytest.importorskip({"lance": "lancedb", "edge": "qdrant_edge"}[engine])
    address = {"lance": "", "edge": "edge:"}[engine] + str(tmp_path / "s")
    products = [
        replace(p, category=("A", "B"), extras={"new": True, "size": "38", "tags": ["x", "y"]})
        for p in PRODUCTS
    ]
    build_index(ListCatalog(products), address, encoder="fake", text_encoder="words")
    store = open_store(address)
    before = rewrite_claims(store, dict.fromkeys("0123", ""))
    store.close()
    file = write(checked(PRODUCTS[1]), checked(PRODUCTS[2], value="x" * 900))
    assert build_index(ListCatalog(products), address, claims=(file,)).reclaimed == 2
    store = open_store(address)
    assert [bool(c) for c in fetch_claims(store, ["0", "1", "2", "3"])] == [
        False,
        True,
        True,
        False,
    ]
    for old, new in zip(before, rewrite_claims(store, dict.fromkeys("0123", "")), strict=True):
        assert (old.fields, old.words, old.thumbnail) == (new.fields, new.words, new.thumbnail)
        assert split_digest(old.digest) == split_digest(new.digest)
        assert old.vectors.keys() == new.vectors.keys()
        assert all(np.array_equal(v, new.vectors[n]) for n, v in old.vectors.items())
    store.close()
