"""Your own table, ugly ones included."""

import csv
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skulens.catalog.open import open_catalog
from skulens.catalog.own import OwnCatalog
from skulens.catalog.prices import as_price
from skulens.errors import DataError, MissingFile
from skulens.pictures import load

from .conftest import csv_file, jpeg, lines, put, read


def test_rows_of_one_id_are_one_product_with_several_pictures(tmp_path):
    products, rejects = read(
        csv_file(tmp_path, "sku,name,photo\n01,Tea,a.jpg\n2,Mug,b.jpg\n01,Tea,c.jpg\n")
    )
    assert [*products] == ["01", "2"] and not rejects
    assert [i.path.rpartition("/")[2] for i in products["01"].images] == ["a.jpg", "c.jpg"]


def test_gallery_rows_give_pictures_and_other_splits_give_probes(tmp_path):
    text = (
        "id,title,image,split\n1,Tea,a.jpg,gallery\n1,,b.jpg,test\n1,,c.jpg,train\n"
        "2,Mug,,\n2,,a.jpg,test\n"
    )
    catalog = open_catalog(str(csv_file(tmp_path, text)))
    assert catalog.info.splits == ("train", "test")
    products = list(catalog.products())
    assert [len(p.images) for p in products] == [1, 0]
    assert [(q.id, q.relevant, q.tags) for q in catalog.queries("test")] == [
        ("1/b.jpg", {"1": 1}, {}),
        ("2/a.jpg", {"2": 1}, {}),
    ]


def test_a_product_may_be_described_by_its_probe_rows_alone(tmp_path):
    products, _ = read(
        csv_file(tmp_path, "id,title,image,split\n1,Tea,a.jpg,train\n1,Tea,b.jpg,test\n")
    )
    assert products["1"].title == "Tea" and products["1"].images == ()


def test_without_splits_pictures_are_probes_that_say_they_are_in_the_gallery(tmp_path):
    catalog = open_catalog(str(csv_file(tmp_path, "id,title,image\n1,Tea,a.jpg\n2,Mug,b.jpg\n")))
    assert catalog.info.splits == ("all",)
    gallery = [p.images[0] for p in catalog.products()]
    queries = list(catalog.queries("all"))
    assert [q.item.parts[0] for q in queries] == gallery
    assert all(q.tags == {"in_gallery": "yes"} for q in queries)


def test_columns_are_mapped_by_name_by_flag_or_switched_off(tmp_path):
    text = "art,Titel,vorn,hinten,txt,barcode\n1,Tee,a.jpg,b.jpg,gut,4006381333931\n"
    path = csv_file(tmp_path, text)
    asked = ["id=art", "title=Titel", "image=vorn,hinten", "text.card=txt", "text.both=Titel,txt"]
    products, rejects = read(path, map=asked)
    product = products["1"]
    assert not rejects and product.title == "Tee" and product.gtin == "4006381333931"
    assert product.texts == {"card": "gut", "both": "Tee gut"}
    assert [i.view for i in product.images] == ["vorn", "hinten"]
    assert open_catalog(str(path), map=asked).info.gallery_text[:2] == ("card", "both")
    assert read(path, map=dict(pair.split("=") for pair in [*asked, "gtin="]))[0]["1"].extras == {
        "barcode": "4006381333931"
    }


def test_every_field(tmp_path):
    row = {
        "id": 12.0,
        "title": "Tea",
        "description": "Fine.",
        "caption": "A box.",
        "spu": 7,
        "category": "Food > Tea",
        "language": "en",
        "country": "LK",
        "price": "4,50",
        "currency": "EUR",
        "gtin": "0012345678905",
        "image": ["a.jpg", "b.jpg"],
        "stock": 3,
        "attributes": {"colour": ["red", "blue"], "size": "L", "none": None},
    }
    products, rejects = read(csv_file(tmp_path, lines([row]), "t.jsonl"))
    p = products["12"]
    assert not rejects and (p.title, p.spu, p.category, p.price, p.currency) == (
        "Tea",
        "7",
        ("Food", "Tea"),
        4.5,
        "EUR",
    )
    assert (p.language, p.country, p.gtin, p.extras) == ("en", "LK", "0012345678905", {"stock": 3})
    assert p.texts == {"description": "Fine.", "caption": "A box."} and len(p.images) == 2
    assert [(a.key, a.value) for a in p.attributes] == [
        ("colour", "red"),
        ("colour", "blue"),
        ("size", "L"),
    ]


@pytest.mark.parametrize(
    "cell",
    ['"{""colour"": ""red""}"', "colour=red; ", '"[{""key"": ""colour"", ""value"": ""red""}]"'],
)
def test_attributes_in_a_cell(tmp_path, cell):
    products, rejects = read(csv_file(tmp_path, f"id,title,attributes\n1,Tea,{cell}\n"))
    assert not rejects and [(a.key, a.value) for a in products["1"].attributes] == [
        ("colour", "red")
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_delimiters_and_encodings(tmp_path, delimiter, encoding):
    text = "id,title,description\r\n1,Käse,„fein“ ชา\r\n".replace(",", delimiter)
    products, rejects = read(put(tmp_path / "t.csv", text.encode(encoding)))
    assert (
        not rejects
        and products["1"].title == "Käse"
        and products["1"].texts["description"] == "„fein“ ชา"
    )


def test_wrong_encoding_says_the_line_and_the_command(tmp_path):
    path = put(tmp_path / "t.csv", "id,title\n1,Tea\n2,Käse\n".encode("cp1252"))
    with pytest.raises(
        DataError, match=r"t.csv:3 is not UTF-8 \(byte 0xe4\).*2,Käse.*iconv -f CP1252"
    ):
        read(path)


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"", "t.csv", "is empty"),
        (b"id,title\n", "t.csv", "a header and no rows"),
        (b"id,id\n1,2\n", "t.csv", "one distinct name per column"),
        (
            b"code,words\n1,Tea\n",
            "t.csv",
            r"no column for the product id; it has: code, words.*--map id=COLUMN",
        ),
        (
            b"id,colour\n1,red\n",
            "t.csv",
            r"neither a picture nor a text column; it has: id, colour.*--map image=COLUMN",
        ),
        (b'[{"id": 1}]', "t.jsonl", "rename it to .json"),
        (b'{"id": 1}', "t.json", "expected a list of objects"),
        (b"[1, ", "t.json", "is not JSON"),
        (b"PAR1nonsense", "t.parquet", "is not a Parquet file"),
        (b"ARROW1nonsense", "t.arrow", "is not an Arrow file"),
        (b"x", "t.xlsx", "tables we read"),
    ],
)
def test_tables_that_cannot_be_read_stop_at_the_door(tmp_path, content, name, says):
    with pytest.raises(DataError, match=says):
        read(put(tmp_path / name, content))


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("tilte=name", "no field 'tilte'; fields: id, title"),
        ("title=nome", "has no column 'nome'; it has: id, name"),
        ("title", "expected FIELD=COLUMN"),
        ("id=id,name", "only image, category and text.ROLE take several"),
    ],
)
def test_bad_mappings_say_what_there_is(tmp_path, asked, says):
    with pytest.raises(DataError, match=says):
        read(put(tmp_path / "t.csv", "id,name\n1,Tea\n"), map=[asked])


def test_a_missing_table_or_folder(tmp_path):
    from skulens.catalog.own import OwnCatalog

    with pytest.raises(MissingFile, match="no table"):
        OwnCatalog(tmp_path / "t.csv")
    with pytest.raises(MissingFile, match="has none of products.parquet"):
        OwnCatalog(tmp_path)


def test_bad_rows_are_rejected_one_by_one(tmp_path):
    text = (
        "id,title,image,price\n"
        "1,Tea,a.jpg,3\n"
        ",Mug,b.jpg,3\n"  # line 3: no id
        "2,Cup,absent.jpg,3\n"  # 4: no picture
        "1,Other,b.jpg,3\n"  # 5: another title
        "3,Jar,a.jpg,cheap\n"  # 6: price
        "4,Pot,a.jpg\n"  # 7: a cell short
        "5,P\0n,a.jpg,1\n"  # 8: NUL
        "1,Tea,a.jpg,3\n"  # 9: the same again
        "6,Pan,https://x.example/p.jpg,1\n"  # 10: address
        "7,Pie,.,1\n"  # 11: folder
        "8,,,\n"  # 12: nothing
        "\n"
        "9,Last,c.jpg,1\n"  # 14
    )
    products, rejects = read(csv_file(tmp_path, text))
    assert [*products] == ["1", "2", "3", "6", "7", "9"]
    expected = {
        3: "the id is empty",
        4: "there is no such file",
        5: "another title at t.csv:2",
        6: "'cheap' is not a number",
        7: "3 cells under 4",
        8: "NUL byte",
        9: "again for the same product",
        10: "an address",
        11: "is a folder",
        12: "neither a text nor",
    }
    for line, reason in expected.items():
        told = [r for where, _, r in rejects if where == f"t.csv:{line}"]
        assert any(reason in r for r in told), (line, told)
    assert products["3"].price is None and len(products["1"].images) == 1
    assert {where for where, _, _ in rejects} == {f"t.csv:{n}" for n in expected}


def test_line_numbers_count_breaks_inside_quotes(tmp_path):
    _, rejects = read(csv_file(tmp_path, 'id,title\n1,"two\nlines"\n,none\n'))
    assert rejects == [("t.csv:4", "", "the id is empty")]


def test_an_open_quote_swallows_no_more_than_it_must(tmp_path):
    huge = "x" * 1_100_000
    products, rejects = read(csv_file(tmp_path, f"id,title\n1,Tea\n2,{huge}\n3,Mug\n"))
    assert (
        [*products] == ["1", "3"]
        and "1,100,000 characters" in rejects[0][2]
        and "quote" not in rejects[0][2]
    )
    products, rejects = read(
        csv_file(tmp_path, 'id,title\n1,Tea\n2,"never closed\n' + "3,Mug\n" * 200_000)
    )
    assert [*products] == ["1"] and rejects[0][0] == "t.csv:3"


def test_a_broken_line_of_jsonl_costs_that_line(tmp_path):
    text = (
        '{"id": 1, "title": "Tea"}\n{"id": 2, "title": "Mu\n\n[1]\n{"id": [2], "title": "x"}\n'
        '{"id": true}\n{"id": 3, "title": {"en": "Jar"}}\n{"id": 4, "title": "Pot"}\n'
        + "[" * 100_000
        + "\n"
    )
    products, rejects = read(put(tmp_path / "t.jsonl", text))
    assert [*products] == ["1", "4"]
    assert [(where, reason.partition(":")[0]) for where, _, reason in rejects] == [
        ("t.jsonl:2", "not JSON"),
        ("t.jsonl:4", "a JSON list, not an object"),
        ("t.jsonl:5", "the id is a list, not a string or number"),
        ("t.jsonl:6", "the id is a bool, not a string or number"),
        ("t.jsonl:7", "expected text, got a dict"),
        ("t.jsonl:9", "not JSON"),
    ]


def test_half_characters_and_nul_bytes_cost_their_row(tmp_path):
    text = (
        '{"id": 1, "title": "cut \\ud83d"}\n{"id": "2\\u0000", "title": "x"}\n'
        '{"id": 3, "title": "whole \\ud83d\\ude00"}\n'
    )
    products, rejects = read(put(tmp_path / "t.jsonl", text))
    assert products["3"].title == "whole 😀" and len(products) == 1
    assert "half a character" in rejects[0][2] and "NUL byte" in rejects[1][2]


def test_json_list_and_several_paths_in_a_cell(tmp_path):
    csv_file(tmp_path, "", pictures=("a.jpg", "b;c.jpg", "d.jpg"))
    rows = [
        {"id": 1, "image": "a.jpg|d.jpg"},
        {"id": 2, "image": "b;c.jpg"},
        {"id": 3, "image": '["a.jpg", "d.jpg"]'},
    ]
    products, rejects = read(put(tmp_path / "t.json", json.dumps(rows)))
    assert not rejects and [len(p.images) for p in products.values()] == [2, 1, 2]


def test_pictures_may_lie_elsewhere(tmp_path):
    put(tmp_path / "photos" / "a.jpg", jpeg(1))
    products, rejects = read(
        put(tmp_path / "t.csv", "id,image\n1,a.jpg\n"), images=tmp_path / "photos"
    )
    assert not rejects and load(products["1"].images[0]).size == (72, 72)


def survives(path):
    """Any content is a DataError at the door, or products and rejects; nothing else."""
    try:
        catalog = open_catalog(str(path))
        products = list(catalog.products())
        queries = [q for split in catalog.info.splits for q in catalog.queries(split)]
    except DataError as e:
        assert str(path.name) in str(e) or "columns" in str(e)
        return
    assert len({p.id for p in products}) == len(products)
    known = {p.id for p in products}
    assert all(
        text.encode() is not None for p in products for text in (p.id, p.title, *p.texts.values())
    )
    assert all(set(q.relevant) <= known for q in queries)
    assert all(r.reason and r.todo and r.source for r in catalog.rejects)


CELL = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["a.jpg", '"', "1", "[1", "{}", "a.jpg|b.jpg", "\0", "x\ny", "gallery", "test", "a" * 300]
    ),
)
VALUE = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=5),
        st.sampled_from(["a.jpg", "1", "[[1]]"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["path", "bytes", "key", "value", "x"]), inner, max_size=3),
    ),
    max_leaves=5,
)
FIELDS = [
    "id",
    "title",
    "image",
    "split",
    "price",
    "attributes",
    "category",
    "gtin",
    "view",
    "colour",
]
FUZZ = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))


@FUZZ
@given(
    st.binary(max_size=300), st.sampled_from(["t.csv", "t.jsonl", "t.json", "t.parquet", "t.arrow"])
)
def test_any_bytes_as_a_table(tmp_path_factory, data, name):
    survives(
        put(
            tmp_path_factory.mktemp("any") / name,
            b"id,title,image\n1,a,b\n" + data if name == "t.csv" else data,
        )
    )


@FUZZ
@given(st.lists(st.lists(CELL, min_size=len(FIELDS), max_size=len(FIELDS)), min_size=1, max_size=6))
def test_any_cells_in_a_csv(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("cells")
    put(folder / "a.jpg", b"x")
    with (folder / "t.csv").open("w", newline="", encoding="utf-8", errors="surrogatepass") as f:
        csv.writer(f).writerows([FIELDS, *rows])
    survives(folder / "t.csv")


@FUZZ
@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), VALUE), max_size=6))
def test_any_values_in_a_jsonl(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("values")
    put(folder / "a.jpg", b"x")
    survives(
        put(folder / "t.jsonl", lines([{"id": "first", "title": "Tea", "image": "a.jpg"}, *rows]))
    )


def test_columns_that_appear_late_in_a_jsonl_are_columns(tmp_path):
    lines = [{"id": str(i), "title": f"thing {i}", "split": "gallery"} for i in range(409)]
    lines += [{"id": "7", "image": "photo.jpg", "split": "test"}]
    (tmp_path / "products.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    (tmp_path / "photo.jpg").write_bytes(jpeg(0))
    catalog = open_catalog(str(tmp_path))
    assert catalog.info.splits == ("test",)
    assert [q.relevant for q in catalog.queries("test")] == [{"7": 1}]


def test_pictures_outside_are_read_on_request_only(tmp_path):
    """In Python and by the option that audit, bench and others share."""
    from click.testing import CliRunner

    from skulens.cli import skulens as command

    put(tmp_path / "elsewhere" / "a.jpg", jpeg(1))
    put(tmp_path / "shop" / "b.jpg", jpeg(2))
    table = tmp_path / "shop" / "shop.csv"
    table.write_text(f"id,title,image\na,Tea,{tmp_path}/elsewhere/a.jpg\nb,Mint,b.jpg\n")
    catalog = OwnCatalog(table)
    assert [len(p.images) for p in catalog.products()] == [0, 1]
    (reject,) = catalog.rejects
    assert "outside" in reject.reason and "--allow-outside" in reject.todo
    assert [len(p.images) for p in OwnCatalog(table, allow_outside=True).products()] == [1, 1]
    for more, seen in (([], 1), (["--allow-outside"], 2)):
        done = CliRunner().invoke(command, ["audit", str(table), "--json", *more])
        assert json.loads(done.stdout)["pictures"] == {"gallery": seen}, done.output


PRICES = (
    ("1.299,00 €", 1299), ("1,299.00", 1299), ("€ 12.50", 12.5), ("12,50 kr", 12.5),
    ("1 299,00", 1299), ("1\u202f299,00 €", 1299), ("1'299.-", 1299), ("12,-", 12),
    ("1.299.000", 1_299_000), ("US$ 3", 3), ("12.50 EUR", 12.5), ("1e3", 1000), ("0,125", 0.125),
    ("1,23,456.00", 123_456), ("1299", 1299), ("1234,567", 1234.567),
)  # fmt: skip


@pytest.mark.parametrize(("written", "price"), PRICES)
def test_prices_as_people_write_them(written, price):
    assert as_price(written) == price


@pytest.mark.parametrize("written", ["cheap", "-3", "12/24", "12 kg", "12.50.3", "nan", "1,2,3"])
def test_what_is_no_price(written):
    with pytest.raises(ValueError, match="is not a number such as"):
        as_price(written)


@pytest.mark.parametrize(
    ("other", "price"),
    [("12.50", 1299), ("1,000.5", 1299), ("12,50", 1.299), ("2.000.000", 1.299), ("7", None)],
)
def test_a_mark_that_may_group_thousands_is_read_by_the_others_of_the_column(
    tmp_path, other, price
):
    text = f'id;title;price\n1;Tea;"1,299"\n2;Cup;"{other}"\n'
    products, rejects = read(csv_file(tmp_path, text))
    assert products["1"].price == price
    assert [r for _, _, r in rejects if "1299 or 1.299" in r] == rejects[:0] or price is None
    assert len(rejects) == (price is None)


def test_both_marks_in_a_column_settle_nothing(tmp_path):
    text = "id;title;price\n1;Tea;1.299\n2;Cup;12.50\n3;Jar;12,50\n"
    catalog = open_catalog(str(csv_file(tmp_path, text)))
    assert [p.price for p in catalog.products()] == [None, 12.5, 12.5]
    [reject] = catalog.rejects
    assert reject.kept and "1299 or 1.299" in reject.reason and reject.source == "t.csv:2"


def test_other_ways_to_write_a_path(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    put(tmp_path / "pics" / "a b.jpg", jpeg(1))
    put(tmp_path / "pics" / "c.jpg", jpeg(2))
    address = f"file://{tmp_path}/pics/a%20b.jpg"
    text = f"id,image\n1,pics\\c.jpg\n2,{address}\n3,~/pics/c.jpg\n4,.\\pics\\a b.jpg\n"
    products, rejects = read(put(tmp_path / "t.csv", text))
    assert not rejects and [len(p.images) for p in products.values()] == [1] * 4
    assert products["2"].images[0].sha256() == products["4"].images[0].sha256()


def test_a_name_with_a_backslash_that_is_there_is_that_file(tmp_path):
    put(tmp_path / "a\\b.jpg", jpeg(1))
    put(tmp_path / "a" / "b.jpg", jpeg(2))
    products, _ = read(put(tmp_path / "t.csv", "id,image\n1,a\\b.jpg\n"))
    assert products["1"].images[0].read() == jpeg(1)


def test_other_writings_stay_inside_the_folder(tmp_path):
    put(tmp_path / "out.jpg", jpeg(1))
    put(tmp_path / "in" / "a.jpg", jpeg(2))
    text = f"id,image\n1,a.jpg\n2,..\\out.jpg\n3,file://{tmp_path}/out.jpg\n4,C:\\pics\\a.jpg\n"
    text += "5,file:///none/x.jpg\n6,https://x.example/a.jpg\n"
    products, rejects = read(put(tmp_path / "in" / "t.csv", text))
    assert [*products] == ["1"]
    told = [reason.partition(": ")[2] for _, item, reason in rejects if "picture" in reason][:5]
    for i, words in enumerate(
        ["outside the folder", "outside the folder", "Windows", "not on this machine", "downloaded"]
    ):
        assert any(words in reason for reason in told), (i, words, rejects)


def test_absolute_paths_do_not_stand_in_ids(tmp_path):
    for n, name in enumerate(("x/1.jpg", "y/2.jpg")):
        put(tmp_path / "pics" / name, jpeg(n))
    text = f"id,image\nA,{tmp_path}/pics/x/1.jpg\nB,{tmp_path}/pics/y/2.jpg\nB,pics/x/1.jpg\n"
    catalog = open_catalog(str(put(tmp_path / "t.csv", text)))
    assert [q.id for q in catalog.queries("all")] == ["A/x/1.jpg", "B/y/2.jpg", "B/pics/x/1.jpg"]


def test_splits_are_read_in_lower_case(tmp_path):
    text = "id,title,image,split\n1,Tea,a.jpg,Gallery\n1,,b.jpg,Test\n1,,c.jpg,test\n"
    catalog = open_catalog(str(csv_file(tmp_path, text)))
    assert catalog.info.splits == ("test",)
    assert len(list(catalog.queries("TEST"))) == 2
    assert [len(p.images) for p in catalog.products()] == [1]
    assert catalog.notes == ("the splits 'Test', 'test' are read as one, 'test'",)


def test_the_first_photos_may_be_the_gallery(tmp_path):
    text = "id,image\n1,a.jpg\n1,b.jpg\n1,c.jpg\n"
    table = csv_file(tmp_path, text)
    assert open_catalog(str(table)).info.splits == ("all",)
    catalog = open_catalog(str(table), gallery_photos=2)
    assert catalog.info.splits == ("test",)
    [product], [query] = catalog.products(), catalog.queries("test")
    assert len(product.images) == 2 and query.id == "1/c.jpg" and not query.tags
    assert "(2)" in catalog.notes[0]
