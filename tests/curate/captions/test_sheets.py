"""Sheets survive spreadsheet programs and careless hands."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skulens.curate.captions.sheets import (
    ASKED,
    COLUMNS,
    FORMULA,
    decode,
    neutralise,
    read_sheet,
    restore,
    sample_captions,
    write_sheets,
)
from skulens.errors import DataError, StoreError


def caption_row(name, caption="The product is a can.", after=9, **more):
    return {
        "product_id": name, "caption": caption, "source": "a can", "new_words": ["nice"],
        "tokens": [{"encoder": "mini", "before": 30, "after": after, "limit": 20}],
        "checks": [{"check": "kept brand", "verdict": "none", "reason": ""}],
    } | more  # fmt: skip


ROWS = [caption_row(f"p{i:02}") for i in range(30)] + [caption_row("none", "")]


def cells(path):
    with path.open(encoding="utf-8-sig", newline="") as f:
        return list(csv.DictReader(f))


def test_two_orders_of_one_sample(tmp_path):
    one, two = (cells(p) for p in write_sheets(ROWS, tmp_path, most=12))
    ids = [[r["product_id"] for r in sheet] for sheet in (one, two)]
    assert len(ids[0]) == 12 and set(ids[0]) == set(ids[1]) and ids[0] != ids[1]
    assert ids[0] != sorted(ids[0]) and "none" not in ids[0]
    assert {r["of products"] for r in one} == {"30"}
    assert {r["tokens ok"] for r in one} == {"yes"} and one[0]["colour kept"] == ""
    assert "brand kept n/a" in one[0]["comment"] and one[0]["tokens"] == "mini 9 of 20"
    assert tuple(one[0]) == COLUMNS


def test_a_seed_is_a_sample():
    first = [r["product_id"] for r in sample_captions(ROWS, 12, 0)]
    assert first == [r["product_id"] for r in sample_captions(ROWS[::-1], 12, 0)]
    assert first != [r["product_id"] for r in sample_captions(ROWS, 12, 1)]
    assert len(sample_captions(ROWS, 250)) == 30


def test_a_caption_that_is_too_long_is_marked_by_us(tmp_path):
    [one, _] = write_sheets([caption_row("a", after=21)], tmp_path)
    assert cells(one)[0]["tokens ok"] == "no"


def test_formulas_are_text_and_come_back(tmp_path):
    evil = '=HYPERLINK("http://x")'
    rows = [caption_row("-1", evil), caption_row("@b", "+1 can", source="\tx")]
    path = write_sheets(rows, tmp_path)[0]
    for line in csv.reader(io.StringIO(path.read_text("utf-8-sig"))):
        assert not any(c.startswith(FORMULA) for c in line)
    found = {r.product: r.caption for r in read_sheet(path).rows}
    assert found == {"-1": evil, "@b": "+1 can"}


@given(st.text(max_size=20))
def test_neutralised_texts_are_restored(text):
    safe = neutralise(text)
    assert not safe.startswith(FORMULA)
    if text.startswith(FORMULA):
        assert restore(safe) == text


def filled(path, answers, separator=",", encoding="utf-8-sig"):
    """Save a sheet as another program does; answers: product -> cells of ASKED."""
    rows = cells(path)
    for r in rows:
        r |= dict(zip(ASKED, answers.get(r["product_id"], []), strict=False))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, delimiter=separator)
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


@pytest.mark.parametrize(
    ("separator", "encoding"),
    [(",", "utf-8"), (";", "utf-8-sig"), ("\t", "utf-16"), (";", "cp1252")],
)
def test_what_spreadsheets_save(tmp_path, separator, encoding):
    path = write_sheets([caption_row("a", "Crème, brûlée; 5 €"), caption_row("b")], tmp_path)[0]
    answers = {
        "a": ["yes", "JA", "x", "1", "true", " Ok."],
        "b": ["no", "0", "FALSE", "n/a", "-", "n"],
    }
    found = read_sheet(filled(path, answers, separator, encoding))
    rows = {r.product: r for r in found.rows}
    assert rows["a"].caption == "Crème, brûlée; 5 €" and rows["a"].passes is True
    assert list(rows["b"].answers.values()) == [False, False, False, None, None, False]
    assert rows["b"].nothing == {"brand kept", "size kept"} and rows["b"].passes is False
    assert found.population == 2 and found.unread == ()


def test_what_is_neither_yes_nor_no_is_told(tmp_path):
    path = write_sheets([caption_row("a")], tmp_path)[0]
    found = read_sheet(filled(path, {"a": ["yes", "perhaps"]}))
    assert found.unread == ("row 2, colour kept: 'perhaps' is neither yes nor no",)
    assert found.rows[0].passes is None


def test_a_separator_line_further_columns_and_empty_rows(tmp_path):
    path = tmp_path / "s.csv"
    names = ";".join(["mine", *reversed(COLUMNS)])
    cells_ = ["note"] + [
        "yes" if c in ASKED else {"product_id": "a"}.get(c, "") for c in reversed(COLUMNS)
    ]
    path.write_text(f"sep=;\n{names}\n;;;\n{';'.join(cells_)}\n", "utf-8")
    [row] = read_sheet(path).rows
    assert row.product == "a" and row.passes is True


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"a,b\n1,2\n", "no column 'product_id'; it has a, b"),
        (",".join(COLUMNS).encode(), "no rows"),
        (b"PK\x03\x04\x00\x00", "no CSV file"),
    ],
)
def test_what_is_no_sheet(tmp_path, data, said):
    path = tmp_path / "s.csv"
    path.write_bytes(data)
    with pytest.raises(DataError, match=said):
        read_sheet(path)


def test_one_product_twice(tmp_path):
    path = write_sheets([caption_row("a")], tmp_path)[0]
    path.write_bytes(path.read_bytes() + path.read_bytes().split(b"\r\n")[1])
    with pytest.raises(DataError, match="'a' stands in rows 2 and 3"):
        read_sheet(path)


def test_work_of_people_is_not_overwritten(tmp_path):
    path = write_sheets([caption_row("a")], tmp_path)[0]
    write_sheets([caption_row("b")], tmp_path)  # nobody has touched it
    filled(path, {"b": ["yes", "yes"]})
    before = path.read_bytes()
    with pytest.raises(StoreError, match="is filled in"):
        write_sheets([caption_row("a")], tmp_path)
    assert path.read_bytes() == before
    path.write_text("something else")
    with pytest.raises(StoreError, match="is filled in"):
        write_sheets([caption_row("a")], tmp_path)


def test_no_captions_no_sheet(tmp_path):
    with pytest.raises(DataError, match="no product has a caption"):
        write_sheets([caption_row("a", "")], tmp_path)


def test_decode_takes_what_it_is_given():
    assert decode("\ufeffä".encode()) == "ä" and decode(b"\xe4") == "ä"
