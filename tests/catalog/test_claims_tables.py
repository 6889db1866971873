"""Claims tables of strangers: columns by name, long and wide, nothing lost; gold of one's own."""

import json
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from skulens.catalog.claim_groups import ClaimGroups
from skulens.catalog.claim_rows import ClaimTable
from skulens.catalog.claims import claims_table, read_evidence, verdict_row, write_evidence
from skulens.catalog.open import open_catalog
from skulens.claims import Claim, Evidence, Verdict
from skulens.errors import DataError
from skulens.protocols import TrueCatalog

QUAD = (0.0, 0.0, 9.0, 0.0, 9.0, 9.0, 0.0, 9.0)
BRAND, NET, GTIN = "attributes.brand", "attributes.net_content", "identifiers.gtin"


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def read(path, asked=()):
    """(claims, rejects, table)"""
    rejects = []
    table = ClaimTable(path, asked)
    return [t.claim for t in table.read(rejects.append)], rejects, table


def said(claims):
    return [(c.item, c.field, c.value) for c in claims]


@pytest.mark.parametrize(
    "header", ["item,field,value", "SKU,Attribute,Val", "product_id,Key,Answer"]
)
def test_columns_are_found_by_their_names(tmp_path, header):
    claims, rejects, _ = read(
        write(tmp_path / "c.csv", f"{header}\na,Brand,Acme\n7,ean,12345670\n")
    )
    assert said(claims) == [("a", BRAND, "Acme"), ("7", GTIN, "12345670")] and not rejects


@pytest.mark.parametrize(
    ("encoding", "separator"), [("utf-8-sig", ";"), ("utf-16", "\t"), ("utf-8", ",")]
)
def test_marks_encodings_and_separators(tmp_path, encoding, separator):
    text = "item,field,value\na,brand,Märklin ü\n".replace(",", separator)
    claims, _, _ = read(write(tmp_path / "c.csv", text, encoding))
    assert said(claims) == [("a", BRAND, "Märklin ü")]


def test_a_table_that_is_not_utf8_says_how_to_convert_it(tmp_path):
    with pytest.raises(DataError, match="iconv"):
        read(write(tmp_path / "c.csv", "item,field,value\na,brand,Märklin\n", "latin-1"))


def test_our_own_claims_come_back_whole(tmp_path):
    evidence = (Evidence("sha", "ocr", "500 ml", QUAD), Evidence("", "seller", "x"))
    made = [
        Claim("a", NET, "500", "ml", "en", evidence, 0.5, "labels/1", 0),
        Claim("a", GTIN, None, n=1),
    ]
    pq.write_table(claims_table(made), tmp_path / "claims.parquet")
    claims, rejects, _ = read(tmp_path / "claims.parquet")
    assert claims == made and not rejects
    assert [c.id for c in claims] == [c.id for c in made]


@pytest.mark.parametrize("cell", ["free words", "[1]", '[["a", "ocr", "q", [1, 2]]]', None, 7])
def test_evidence_of_others_is_no_evidence(cell):
    assert read_evidence(cell) == ()


def test_evidence_survives_json():
    found = (Evidence("sha", "bars", "x", QUAD),)
    assert read_evidence(write_evidence(found)) == found


def test_values_of_any_type(tmp_path):
    lines = [
        {"item": 1, "field": "brand", "value": 7},
        {"item": 1.0, "field": "power", "value": 2.5},
        {"item": "1", "field": "vegan", "value": True},
        {"item": "1", "field": "ingredients", "value": ["salt", "sugar", ""]},
        {"item": "1", "field": "lot", "value": {"a": 1}},
        {"item": "1", "field": "colour", "value": None},
        {"item": "1", "field": "size", "value": "not visible"},
        {"item": None, "field": "brand", "value": "x"},
        {"item": ["1"], "field": "brand", "value": "x"},
    ]
    path = write(tmp_path / "c.jsonl", "\n".join(json.dumps(x) for x in lines) + "\n{broken\n")
    claims, rejects, table = read(path)
    assert [c.value for c in claims] == ["7", "2.5", "yes", "salt", "sugar", None, None]
    assert {c.item for c in claims} == {"1"}
    assert [(r.source, r.item) for r in rejects] == [
        ("c.jsonl:5", "1"), ("c.jsonl:8", ""), ("c.jsonl:9", ""), ("c.jsonl:10", ""),
    ]  # fmt: skip
    assert all(r.reason and r.todo for r in rejects) and table.rows == 10


def test_dates_and_whole_floats_of_parquet(tmp_path):
    rows = {
        "sku": ["a", "b"],
        "best before": [date(2027, 1, 31), None],
        "gtin": [4006381333931.0, None],
    }
    pq.write_table(pa.table(rows), tmp_path / "c.parquet")
    claims, rejects, _ = read(tmp_path / "c.parquet")
    assert said(claims) == [
        ("a", "attributes.expiry_date", "2027-01-31"), ("a", GTIN, "4006381333931"),
    ]  # fmt: skip
    assert not rejects


def test_a_gtin_that_a_spreadsheet_has_spoilt_is_refused_not_judged(tmp_path):
    path = write(tmp_path / "c.csv", "item,field,value\na,ean,4.00638E+12\na,brand,4E12\n")
    claims, [reject], _ = read(path)
    assert said(claims) == [("a", BRAND, "4E12")]
    assert reject.source == "c.csv:2" and "digits are lost" in reject.reason


def test_fields_nobody_knows_are_attributes_or_refused(tmp_path):
    text = "item,field,value\na,Sleeve Length,long\na,identifiers.nope,x\na,,x\na,free.mood,calm\n"
    claims, rejects, _ = read(write(tmp_path / "c.csv", text))
    assert [c.field for c in claims] == ["attributes.sleeve_length", "free.mood"]
    assert [r.source for r in rejects] == ["c.csv:3", "c.csv:4"]


def test_wide_tables_have_a_column_per_field(tmp_path):
    text = (
        "sku,Brand,Net Content,Net Content Unit,Sleeve,image,price,lang\n"
        "a,Acme,500,ml,long,a.jpg,3,en\nb,,250,,n/a,,,\n"
    )
    claims, rejects, table = read(write(tmp_path / "c.csv", text))
    assert [(c.item, c.field, c.value, c.unit, c.language) for c in claims] == [
        ("a", BRAND, "Acme", "", "en"),
        ("a", NET, "500", "ml", "en"),
        ("a", "attributes.sleeve", "long", "", "en"),
        ("b", NET, "250", "", ""),
        ("b", "attributes.sleeve", None, "", ""),
    ]
    assert table.columns.left_out == ("image", "price") and not rejects


def test_a_bad_cell_of_a_wide_row_leaves_the_others(tmp_path):
    path = write(tmp_path / "c.jsonl", '{"id": "a", "ean": {"x": 1}, "brand": "Acme"}\n')
    claims, [reject], _ = read(path)
    assert said(claims) == [("a", BRAND, "Acme")]
    assert reject.item == "a" and reject.reason.startswith("ean: ")


def test_columns_can_be_named(tmp_path):
    path = write(tmp_path / "c.csv", "code,what,says\na,brand,Acme\n")
    claims, _, _ = read(path, {"item": "code", "field": "what", "value": "says"})
    assert said(claims) == [("a", BRAND, "Acme")]
    wide = write(tmp_path / "w.csv", "code,Inhalt\na,500 ml\n")
    claims, _, _ = read(wide, ["item=code", "net_content=Inhalt"])
    assert said(claims) == [("a", "attributes.net_content", "500 ml")]


@pytest.mark.parametrize(
    ("header", "asked", "message"),
    [
        ("field,value", (), "no column for the product.*--map item=COLUMN"),
        ("item,field,x", (), "no column holds values.*--map value=COLUMN"),
        ("item,image", (), "no column holds claims"),
        ("item,field,value", ("value=nope",), "has no column 'nope'"),
        ("item,field,value,x", ("brand=x",), "has a column for fields"),
        ("item,field,value,x", ("identifiers.nope=x",), "unknown field"),
        ("Item,item ,field,value", (), "several columns"),
    ],
)
def test_tables_that_cannot_be_read_say_why(tmp_path, header, asked, message):
    row = ",".join("a" for _ in header.split(","))
    with pytest.raises(DataError, match=message):
        read(write(tmp_path / "c.csv", f"{header}\n{row}\n"), asked)


# ----- by item --------------------------------------------------------------------------------


def grouped(path):
    rejects, table = [], ClaimTable(path)
    groups = ClaimGroups()
    groups.add(table.read(rejects.append), rejects.append)
    return groups, rejects


def test_claims_of_an_item_come_together_once_in_the_order_of_the_file(tmp_path):
    text = "item,field,value\na,brand,X\nb,brand,Y\na,lot,7\nghost,brand,Z\n"
    with grouped(write(tmp_path / "c.csv", text))[0] as groups:
        assert groups.count() == (4, 3)
        assert [(t.claim.value, t.where) for t in groups.take("a")] == [
            ("X", "c.csv:2"), ("7", "c.csv:4"),
        ]  # fmt: skip
        assert groups.take("a") == [] and groups.take("nobody") == []
        assert [t.claim.value for t in groups.take("b")] == ["Y"]
        assert [t.claim.item for t in groups.left()] == ["ghost"]


def test_the_same_claim_twice_is_refused_with_the_place_of_the_first(tmp_path):
    text = "item,field,value,unit\na,brand,X,\na,Brand,X,\na,brand,Y,\na,power,5,W\na,power,5,kW\n"
    groups, [reject] = grouped(write(tmp_path / "c.csv", text))
    with groups:
        assert groups.count() == (4, 1)
    assert reject.source == "c.csv:3" and "as c.csv:2" in reject.reason


def test_nothing_is_lost_whatever_the_rows(tmp_path):
    lines = [f'{{"item": "i{n % 7}", "field": "f{n % 11}", "value": {n % 5}}}' for n in range(400)]
    lines[9], lines[99] = "nonsense", '{"item": "\\ud800", "field": "brand", "value": "x"}'
    path = write(tmp_path / "c.jsonl", "\n".join(lines))
    groups, rejects = grouped(path)
    with groups:
        assert groups.count()[0] + len(rejects) == 400
        assert groups.count()[0] == 7 * 11 * 5 - 1  # that of line 100 stands nowhere else


# ----- verdicts out ---------------------------------------------------------------------------


def test_a_row_of_verdicts_joins_quotes_and_keeps_the_first_place():
    claim = Claim("a", NET, "500", "ml")
    evidence = (Evidence("s1", "ocr", "Net", QUAD), Evidence("s2", "ocr", "500 ml"))
    row = verdict_row(claim, Verdict(claim.id, "VC", "ocr", "text/1", True, evidence), "c.csv:2")
    assert (row["quote"], row["image"], row["quad"]) == ("Net / 500 ml", "s1", list(QUAD))
    assert (row["label"], row["sub"], row["source"], row["unit"]) == ("VC", "ocr", "c.csv:2", "ml")
    bare = verdict_row(Claim("a", NET, None), Verdict("x", "U"))
    assert (bare["value"], bare["quote"], bare["image"], bare["quad"]) == (None, "", "", None)


# ----- gold of one's own ----------------------------------------------------------------------


def shop(folder, gold="", name="gold.csv", **more):
    (folder / "products.csv").write_text("id,title\na,red chair\nb,blue chair\n")
    if gold:
        (folder / name).write_text(gold)
    return open_catalog(str(folder), **more)


def test_gold_beside_products_makes_a_catalogue_true(tmp_path):
    assert not isinstance(shop(tmp_path), TrueCatalog)
    text = "item,field,values,legible,group\na,brand,Acme|ACME Inc,yes,\nb,colour,,not pictured,g\n"
    catalog = shop(tmp_path, text)
    assert isinstance(catalog, TrueCatalog)
    first, second = catalog.gold()
    assert (first.field, first.values, first.legible) == (BRAND, ("Acme", "ACME Inc"), "yes")
    assert (first.group, second.group, second.values) == ("a", "g", ())
    assert [p.title for p in catalog.listings()] == ["red chair", "blue chair"]
    with pytest.raises(DataError, match="has no split 'nope'"):
        list(catalog.gold("nope"))


def test_gold_in_json_lines(tmp_path):
    rows = [{"item": "a", "field": "colour", "values": ["red"], "images": ["a.jpg"]}]
    text = "\n".join(json.dumps(row) for row in rows)
    [gold] = shop(tmp_path, text, "gold.jsonl").gold()
    assert (gold.values, gold.images, gold.legible) == (("red",), ("a.jpg",), "unknown")


def test_rows_of_gold_that_cannot_be_used_are_rejects(tmp_path):
    text = (
        "item,field,values,legible\na,brand,Acme,clearly\nghost,brand,X,yes\n"
        ",brand,X,yes\na,identifiers.nope,X,yes\na,brand,Acme,yes\n"
    )
    catalog = shop(tmp_path, text)
    assert [g.values for g in catalog.gold()] == [("Acme",)]
    assert len(catalog.rejects) == 4 and all(r.todo for r in catalog.rejects)
    with pytest.raises(DataError, match="lacks the column values"):
        list(shop(tmp_path, "item,field\na,brand\n").gold())


def test_gold_that_the_bench_wrote_is_read_again(tmp_path):
    from skulens.catalog.claims import gold_table
    from skulens.claims import Gold

    made = [
        Gold("a", BRAND, ("Acme",), "yes", ("x",), "a"),
        Gold("b", GTIN, (), "unknown", (), "b"),
    ]
    pq.write_table(gold_table(made), tmp_path / "gold.parquet")
    assert list(shop(tmp_path).gold()) == made
