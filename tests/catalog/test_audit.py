"""Each data-quality problem is found where it was put, and only there."""

import io
import json
import random

import numpy as np
import PIL.Image
import pytest
from click.testing import CliRunner
from rapidfuzz import fuzz, process

from skulens.catalog.audit import pictures as audit_pictures
from skulens.catalog.audit import texts as audit_texts
from skulens.catalog.audit.finding import Shown
from skulens.catalog.audit.run import audit_catalog
from skulens.catalog.audit.texts import (
    cut_captions,
    minhash,
    normalise,
    same_after_cut,
    shared_words,
    similar_pairs,
)
from skulens.catalog.open import open_catalog
from skulens.cli.audit import command
from skulens.records import Image

from .conftest import jpeg, lines, make_groceries, make_own, put, real_data


def words(text: str) -> int:
    """A tokenizer: one token per word, and one for each end."""
    return len(text.split()) + 2


def found(folder, **options):
    """check -> finding."""
    return {f.check: f for f in audit_catalog(open_catalog(str(folder)), **options).findings}


def catalog_of(tmp_path, rows):
    put(tmp_path / "products.jsonl", lines(rows))
    return tmp_path


def test_a_sound_catalogue_has_no_errors_or_warnings(tmp_path):
    result = audit_catalog(open_catalog(str(make_groceries(tmp_path / "g"))))
    assert result.count("error") == result.count("warning") == 0
    assert (
        result.products == 2
        and result.pictures == {"gallery": 2, "train": 2, "val": 2, "test": 2}
        and not result.skipped
    )


def test_equal_captions_as_written_and_but_for_case(tmp_path):
    titles = [
        "Green tea 20 bags",
        "Green tea 20 bags",
        "GREEN TEA, 20 bags",
        "Mint tea",
        "ชาเขียว",
        "ชาดำ",
        "Black tea",
    ]
    checks = found(catalog_of(tmp_path, [{"id": n, "title": t} for n, t in enumerate(titles)]))
    assert (
        checks["equal_captions"].count == 2
        and "0, 1: 'Green tea 20 bags'" in checks["equal_captions"].examples[0]
    )
    assert checks["equal_but_for_case"].count == 3 and checks["equal_captions"].level == "error"
    assert "near_captions" not in checks


def test_normalise_keeps_letters_and_digits_of_every_script():
    assert normalise("  Ｃafé — 500ml, «No. 7» ไทย_ß ") == "café 500ml no 7 ไทย ss"


def test_near_captions_name_both_products(tmp_path):
    base = "Organic whole milk from grass-fed cows, one litre carton with blue cap"
    rows = [
        {"id": "a", "title": base},
        {"id": "b", "title": base.replace("blue", "red")},
        {"id": "c", "title": "Dark chocolate with sea salt and almonds"},
    ]
    finding = found(catalog_of(tmp_path, rows))["near_captions"]
    assert (
        finding.count == 2
        and finding.examples[0].startswith("9")
        and " a '" in finding.examples[0]
        and " b '" in finding.examples[0]
    )


def variations(n: int, seed: int) -> list[str]:
    """Random texts of which a third are small edits of another."""
    rng = random.Random(seed)
    vocabulary = [
        "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(3, 9))) for _ in range(400)
    ]
    texts = [" ".join(rng.choices(vocabulary, k=rng.randint(8, 25))) for _ in range(n)]
    for position in range(0, n, 3):
        edited = list(texts[position])
        for _ in range(rng.randint(1, 6)):
            edited[rng.randrange(len(edited))] = rng.choice("xyz ")
        texts.append("".join(edited))
    return sorted(set(texts))


def test_minhash_finds_what_comparing_all_pairs_finds():
    texts = variations(600, seed=1)
    ratios = process.cdist(texts, texts, scorer=fuzz.ratio, score_cutoff=audit_texts.SIMILAR)
    plain = {(int(i), int(j)) for i, j in zip(*np.nonzero(ratios), strict=True) if i < j}
    got = {(a, b): ratio for a, b, ratio in similar_pairs(texts)}
    assert len(plain) > 100 and set(got) <= plain
    assert len(got) >= 0.99 * len(plain)
    assert all(ratio == pytest.approx(ratios[pair], abs=0.01) for pair, ratio in got.items())


def test_minhash_agrees_with_jaccard_of_the_pieces():
    a, b = "whole milk one litre blue carton", "whole milk one litre red carton"
    pieces = [{f" {t} "[i : i + 4] for i in range(len(t) - 1)} for t in (a, b)]
    jaccard = len(pieces[0] & pieces[1]) / len(pieces[0] | pieces[1])
    agree = np.mean([minhash(a + x) == minhash(b + x) for x in ("", " of today", " and more")])
    assert abs(agree - jaccard) < 0.2
    assert minhash("").shape == minhash("a").shape == (audit_texts.BANDS * audit_texts.ROWS,)


def test_many_alike_texts_stay_cheap():
    texts = sorted(
        f"shirt number {n} in colour {n % 7} and the very same long words after it"
        for n in range(3000)
    )
    pairs = list(similar_pairs(texts))
    assert len(pairs) >= 2000, "each has a neighbour"


def test_cut_captions_and_those_that_become_equal():
    captions = {
        "a": "one two three four five",
        "b": "one two three four SIX",
        "c": "one two three seven eight",
        "d": "one two",
        "e": "One two THREE four nine ten",
        "f": "one two three fourteen x",
    }
    cut, same = cut_captions(captions, "toy", words, 6, lambda rows, *_: rows)
    assert (cut.count, cut.of) == (5, 6) and cut.examples[0] == "e: 8 tokens"
    assert same.count == 3 and sorted(same.examples[0].split(", ")) == ["a", "b", "e"]


def test_shared_words_are_whole():
    assert shared_words("one two three", "one two thirty") == "one two"
    assert shared_words("one two", "one two three") == "one two"
    assert shared_words("one twox", "one two") == "one"
    assert shared_words("x", "y") == ""


def test_same_after_cut_is_what_cutting_says():
    rng = random.Random(3)
    texts = {f"p{n}": " ".join(rng.choices("abc", k=rng.randint(3, 8))) for n in range(60)}
    context = 6  # four words and two ends
    cut = {p: t for p, t in texts.items() if words(t) > context}
    plain = {}
    for p, t in cut.items():
        plain.setdefault(tuple(t.split()[:4]), []).append(p)
    expected = {frozenset(g) for g in plain.values() if len(g) > 1}
    assert {
        frozenset(g) for g in same_after_cut([(t, p) for p, t in cut.items()], words, context)
    } == expected


def test_encoders_without_a_limit_cut_nothing(tmp_path):
    folder = catalog_of(tmp_path, [{"id": 1, "title": "a b c d e"}])
    checks = found(folder, encoders={"endless": (words, None), "toy": (words, 4)})
    assert checks["cut_captions"].what == "captions cut by toy at 4 tokens"


def test_openmpr_captions_and_clip_at_16_tokens():
    """406 of 409 are cut and three pairs become equal, counted with CLIP's own tokenizer."""
    folder = real_data("openmpr")
    family = pytest.importorskip("skulens.encode.open_clip")
    catalog = open_catalog(str(folder))
    captions = {p.id: p.text("caption") for p in catalog.products()}
    tokens = family.hub_tokens("ViT-B-32", family.open_clip.get_model_config("ViT-B-32"))
    counted = {
        n: cut_captions(captions, "clip", lambda t: len(tokens.ids(t)), n, lambda rows, *_: rows)
        for n in (77, 32, 16)
    }
    assert {n: (cut.count, same.count) for n, (cut, same) in counted.items()} == {
        77: (0, 0),
        32: (143, 0),
        16: (406, 6),
    }


def shown(place, product, name, data) -> Shown:
    return Shown(place, product, name, Image(data=data))


def checks_of(rows):
    return {f.check: f for f in audit_pictures.findings(rows, lambda rows, *_: rows) if f.count}


def recode(data: bytes, size=None, format="JPEG", **options) -> bytes:
    out = io.BytesIO()
    picture = PIL.Image.open(io.BytesIO(data))
    picture.resize(size or picture.size).save(out, format, **options)
    return out.getvalue()


def test_the_same_file_in_two_splits_and_the_gallery():
    rows = [
        shown("gallery", "tea", "g", jpeg(1)),
        shown("test", "tea", "t", jpeg(1)),
        shown("train", "mug", "m", jpeg(2)),
        shown("test", "mug", "n", jpeg(3)),
    ]
    checks = checks_of(rows)
    assert set(checks) == {"same_across_splits"} and checks["same_across_splits"].count == 2
    assert checks["same_across_splits"].examples == ("gallery tea g = test tea t",)


def test_the_same_file_for_two_products_or_twice_for_one():
    assert set(
        checks_of([shown("train", "a", "1", jpeg(1)), shown("train", "b", "2", jpeg(1))])
    ) == {"same_picture_other_product"}
    assert set(
        checks_of([shown("train", "a", "1", jpeg(1)), shown("train", "a", "2", jpeg(1))])
    ) == {"same_picture_again"}
    assert set(
        checks_of([shown("train", "a", "1", jpeg(1)), shown("test", "b", "2", jpeg(1))])
    ) == {"same_across_splits", "same_picture_other_product"}


@pytest.mark.parametrize(
    "change",
    [{"quality": 40}, {"size": (200, 200)}, {"format": "PNG"}, {"format": "WEBP", "quality": 60}],
)
def test_recoded_and_resized_copies_are_near(change):
    original = jpeg(5, (160, 160))
    rows = [
        shown("train", "a", "1", original),
        shown("test", "a", "2", recode(original, **change)),
        shown("test", "b", "3", jpeg(6)),
    ]
    checks = checks_of(rows)
    assert set(checks) == {"near_across_splits"} and checks["near_across_splits"].examples == (
        "train a 1 = test a 2",
    )


def test_one_shape_in_another_colour_is_not_near():
    def shirt(colour):
        picture = PIL.Image.new("RGB", (96, 96), "white")
        picture.paste(colour, (24, 16, 72, 90))
        out = io.BytesIO()
        picture.save(out, "PNG")
        return out.getvalue()

    assert not checks_of(
        [
            shown("train", "a", "1", shirt((200, 60, 60))),
            shown("test", "b", "2", shirt((60, 60, 200))),
        ]
    )


def test_near_pairs_are_all_pairs():
    rng = np.random.default_rng(0)
    hashes = [int(h) for h in rng.integers(0, 2**63, 40)]
    for n in range(0, 40, 2):  # neighbours at 0 to 9 bits
        flips = rng.choice(64, n // 4, replace=False)
        hashes[n + 1] = hashes[n] ^ sum(1 << int(b) for b in flips)
    thumb = bytes(3 * audit_pictures.THUMB_PX**2)
    seen = [
        audit_pictures.Looked(shown("t", "p", str(n), b"x"), phash=h, thumb=thumb)
        for n, h in enumerate(hashes)
    ]
    plain = {
        (a, b)
        for a in range(40)
        for b in range(a + 1, 40)
        if (hashes[a] ^ hashes[b]).bit_count() <= audit_pictures.NEAR_BITS
    }
    got = list(audit_pictures.near_pairs(seen))
    assert set(got) == plain and len(got) == len(plain) >= 12


def test_broken_tiny_and_turned_pictures():
    turned = io.BytesIO()
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    PIL.Image.open(io.BytesIO(jpeg(1))).save(turned, "JPEG", exif=exif)
    rows = [
        shown("gallery", "a", "ok", jpeg(2)),
        shown("gallery", "a", "cut", jpeg(3)[:400]),
        shown("gallery", "b", "small", jpeg(4, (40, 90))),
        shown("gallery", "c", "turned", turned.getvalue()),
        Shown("gallery", "d", "gone", Image(path="/nowhere.jpg")),
    ]
    checks = checks_of(rows)
    assert set(checks) == {"unreadable", "tiny", "turned"}
    assert checks["unreadable"].count == 2 and checks["unreadable"].examples[0].startswith(
        "cut: cannot be decoded"
    )
    assert checks["tiny"].examples == ("small: 40 x 90",) and checks["turned"].examples == (
        "turned: orientation 6",
    )


def test_pictures_come_back_in_order_from_the_threads():
    rows = [shown("t", str(n), str(n), jpeg(n, (32 + n, 32))) for n in range(40)]
    assert [s.size[0] for s in audit_pictures.look_at_all(rows)] == [32 + n for n in range(40)]


def test_missing_fields_rejects_and_close_ids(tmp_path):
    put(tmp_path / "a.jpg", jpeg(1))
    rows = [
        {"id": "A1", "title": "Tea", "image": "a.jpg", "language": "en"},
        {"id": "a1", "title": "Mug"},
        {"id": "b", "image": "absent.jpg", "title": "Pot"},
        {"id": ""},
    ]
    checks = found(catalog_of(tmp_path, rows))
    assert (
        checks["close_ids"].count == 2
        and checks["no_picture"].examples == ("a1", "b")
        and checks["no_picture"].level == "warning"
    )
    assert (
        checks["no_language"].count == 2
        and checks["rejects"].count == 3
        and "absent.jpg" in " ".join(checks["rejects"].examples)
    )


def test_a_split_without_its_files_is_skipped_unless_asked_for(tmp_path):
    folder = make_groceries(tmp_path / "g")
    (folder / "val.txt").unlink()
    result = audit_catalog(open_catalog(str(folder)))
    assert "split 'val'" in result.skipped[0] and result.pictures["test"] == 2
    assert audit_catalog(open_catalog(str(folder)), splits=["test"]).pictures == {
        "gallery": 2,
        "test": 2,
    }


def test_own_probes_of_the_gallery_are_not_leaks(tmp_path):
    put(tmp_path / "a.jpg", jpeg(1))
    checks = found(catalog_of(tmp_path, [{"id": 1, "title": "Tea", "image": "a.jpg"}]))
    assert "same_across_splits" not in checks


def test_command_prints_a_table_one_json_object_and_a_file(tmp_path):
    folder = make_own(tmp_path / "teas")
    put(folder / "8_2.jpg", (folder / "007_1.jpg").read_bytes())
    plain = CliRunner().invoke(command, [str(folder)])
    assert (
        plain.exit_code == 0
        and "also in another split" in plain.stdout
        and "1 error, " in plain.stdout.splitlines()[-1]
    )
    out = tmp_path / "o" / "audit.json"
    asked = CliRunner().invoke(
        command, [str(folder), "--json", "--out", str(out), "--split", "train", "--split", "test"]
    )
    record = json.loads(asked.stdout)
    assert record == json.loads(out.read_text()) and record["pictures"] == {
        "gallery": 2,
        "train": 2,
        "test": 2,
    }
    assert {f["check"]: f["level"] for f in record["findings"]}["same_across_splits"] == "error"
    assert CliRunner().invoke(command, [str(folder), "--strict"]).exit_code == 1
    quick = CliRunner().invoke(command, [str(folder), "--no-pictures", "--strict"])
    assert quick.exit_code == 0


def test_command_maps_columns(tmp_path):
    put(tmp_path / "t.csv", "art,wort\n1,Tee\n2,Tee\n")
    asked = CliRunner().invoke(
        command, [str(tmp_path / "t.csv"), "--map", "id=art", "--map", "title=wort", "--json"]
    )
    assert [f["check"] for f in json.loads(asked.stdout)["findings"]][0] == "equal_captions"
