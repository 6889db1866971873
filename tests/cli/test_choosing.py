"""choose, compare and confusion as a user or a program sees them, on a small shop with both shipped
encoders."""

import json
import os
import shutil
from pathlib import Path

import pytest

from skulens.bench.stored_files import digest_of
from tests.cli.test_bench import run


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Path:
    pytest.importorskip(
        "resvg_py", reason="the shop is drawn with resvg: pip install 'skulens[world]'"
    )
    folder = tmp_path_factory.mktemp("choosing")
    for words in (
        "world make shop --skus 48 --seed 11 --views front --px 96 --split-all test --workers 1",
        "bench mpr shop -e mini -e groceries --json",
    ):
        done = run(folder, *words.split())
        assert done.returncode == 0, done.stderr
    return folder


def answer(shop: Path, words: str) -> dict:
    done = run(shop, *words.split(), "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_compare_gives_one_comparison_for_each_gallery(shop):
    found = answer(shop, "compare mini groceries")["comparisons"]
    assert {c["gallery"] for c in found} == {
        "image",
        "text",
    }  # in the order of measuring, which may fall into one second
    for c in found:
        assert (
            c["difference"]["value"] == pytest.approx(c["mean_a"] - c["mean_b"])
            and c["difference"]["groups"] == 48
        )
        assert c["wins"] + c["losses"] + c["ties"] == 48 and c["p_holm"] == pytest.approx(
            2 * c["difference"]["p"]
        )
        assert (
            all((shop / path).is_file() for s in c["skus"] for path in s["photos"].values())
            and c["skus"][0]["photos"]
        )
    done = run(shop, "compare", "mini", "groceries", "--gallery", "text")
    assert done.stdout.splitlines()[-1].startswith("shop, text: mini is better than groceries: +0.")


def test_patterns_are_raised_to_what_holm_takes(shop):
    found = answer(shop, "compare mini groceries --patterns 19")["comparisons"]
    assert [c["difference"]["patterns"] for c in found] == [400, 400]
    done = run(shop, "choose", "--patterns", "5")
    assert done.returncode == 2 and "x>=19" in done.stderr


def test_compare_of_one_system_with_itself_is_one_comparison_of_its_galleries(shop):
    [found] = answer(shop, "compare mini mini")["comparisons"]
    assert found["a"] == found["b"] == "mini" and sorted(found["differing"]["gallery"]) == [
        "image",
        "text",
    ]
    assert found["p_holm"] == found["difference"]["p"] and found["n_queries"] == 192


def test_choose_and_compare_by_any_metric_that_is_stored(shop):
    [choice] = answer(shop, "choose --metric mrr --gallery text")["choices"]
    assert choice["constraints"]["metric"] == "mrr" and choice["best"] == ["mini"]
    [found] = answer(shop, "compare mini groceries --metric mrr --gallery text")["comparisons"]
    best, other = choice["candidates"]
    assert found["mean_a"] == pytest.approx(best["value"], abs=1e-12)
    assert found["mean_b"] == pytest.approx(other["value"], abs=1e-12)
    assert found["difference"]["value"] == pytest.approx(best["value"] - other["value"])


def test_compare_writes_a_page_with_photos(shop):
    done = run(shop, "compare", "mini", "groceries", "--html", "compare.html")
    assert done.returncode == 0 and "compare.html" in done.stdout, done.stderr
    page = (shop / "compare.html").read_text()
    assert page.count("data:image/webp;base64,") >= 10 and "://" not in page.replace(
        "http://www.w3.org", ""
    )


def test_choose_from_results_knows_latency_memory_and_licence(shop):
    [choice] = answer(
        shop,
        "choose --max-params 200M --max-latency-ms 1000 --license commercial --min-recall 0.3 "
        "--gallery text",
    )["choices"]
    assert (
        choice["best"] == ["mini"]
        and choice["candidates"][0]["latency_ms"] > 0
        and choice["candidates"][0]["commercial"] == "commercial"
    )
    assert choice["candidates"][1]["reasons"][0].startswith("hit_rate@1 0.0")
    assert choice["next"] == "skulens confusion mini@text"
    none = run(shop, "choose", "--max-latency-ms", "0.001")
    assert (
        none.returncode == 0
        and "no encoder meets all of this" in none.stdout
        and "slower here" in none.stdout
    )


def test_choose_from_a_csv_without_hits_says_that_nothing_was_tested(shop):
    (shop / "board.csv").write_text(
        "vision_model,pretrained_on,nparams,micro_cmc@5,micro_cmc@3,micro_cmc@1\n"
        "A,x,1000000,0.9,0.8,0.7\nB,y,2000000,0.9,0.8,0.6\n"
    )
    done = run(shop, "choose", "--board", "board.csv")
    assert (
        done.returncode == 0
        and "none can be tested" in done.stdout
        and "A/x is highest, untested" in done.stdout
    ), done.stderr


def test_confusion_names_pairs_causes_angles_and_draws(shop):
    found = answer(shop, "confusion mini --gallery text --figures figures")
    assert found["errors"] == sum(c["errors"] for c in found["causes"]) > 0 and found["notes"] == []
    first = found["pairs"][0]
    assert (
        first["kind"] in ("same SPU", "same brand", "same class", "other")
        and 0 < first["text_angle_deg"] < 180
        and 0 < first["picture_angle_deg"] < 180
    )
    assert [Path(f).name for f in found["figures"]] == ["collapse.svg", "nearest.svg"]
    assert all((shop / f).read_text().startswith("<?xml") for f in found["figures"])
    wrong = [
        p
        for pair in found["collapse"]["pairs"]
        for p in pair["probes"]
        if p["first"] in (pair["right"], pair["found"])
    ]
    for pair in found["collapse"]["pairs"]:
        for p in pair["probes"]:  # who of the two was ranked first stands on that side of the plane
            if p["first"] in (pair["right"], pair["found"]):
                assert (p["across"] > 0) == (p["first"] == pair["right"])
    assert wrong
    assert (
        "probes are wrong"
        in run(shop, "confusion", "mini", "--gallery", "image").stdout.splitlines()[-1]
    )


def test_confusion_without_cache_or_catalogue_says_what_it_leaves_out(shop, tmp_path):
    shutil.copytree(shop / "results", tmp_path / "results")
    done = run(tmp_path, "confusion", "mini", "--gallery", "text")
    assert done.returncode == 0 and "no texts, causes or angles" in done.stdout
    other = run(
        tmp_path,
        "confusion",
        "mini",
        "--gallery",
        "text",
        "--pairs",
        "2",
        "--data",
        os.fspath(shop / "shop"),
    )
    assert other.returncode == 0 and "same SPU" in other.stdout


def test_confusion_takes_no_vectors_of_another_encoder(shop, tmp_path):
    shutil.copytree(shop / "results", tmp_path / "results")
    [file] = (tmp_path / "results").glob("mpr-shop-text-mini-*/result.json")
    record = json.loads(file.read_text())
    record["system"]["identity"] = "0" * 64
    file.write_text(json.dumps(record | {"digest": digest_of(record)}))
    done = run(
        tmp_path,
        "confusion",
        "mini",
        "--gallery",
        "text",
        "--data",
        os.fspath(shop / "shop"),
        "--json",
        SKULENS_CACHE=str(shop / "cache"),
    )
    found = json.loads(done.stdout)
    assert (
        "another encoder today" in found["notes"][0] and found["collapse"] == {} and found["causes"]
    )
    assert found["pairs"][0]["text_angle_deg"] is None


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("compare mini nobody", "unknown result 'nobody'"),
        ("compare mini groceries --metric phi", "it has hit_rate@1"),
        ("compare mini mini --gallery text", "both sides"),
        ("compare mini groceries --results gone", "no results in gone"),
        ("confusion mini", "means 2 results"),
        ("confusion mini --gallery text --data board2.csv", "board2.csv"),
        ("confusion mini --gallery text --no-angles --figures f", "leave out --no-angles"),
        ("choose --min-recall 60", "write 0.6"),
        ("choose --max-params lots", "200M"),
        ("choose --on gone", "no results in gone"),
        ("choose --board gone.csv", "gone.csv"),
    ],
)
def test_errors_say_what_to_do_without_a_traceback(shop, words, says):
    done = run(shop, *words.split())
    assert done.returncode == 2 and says in done.stderr and "Traceback" not in done.stderr
