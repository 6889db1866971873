"""The first sentences of a page say what `choose --across` prints, and no more."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from skulens.bench.result import Data
from skulens.bench.store import ResultStore, stored_results
from skulens.cli.choose import command as choose_command
from skulens.report.answer import Answer, answer_results, gallery_words
from skulens.report.page import write_page
from tests.report.boards import claims, stored, system

SPACE = "\N{NO-BREAK SPACE}"


def answer_of(*results) -> Answer:
    [answer] = answer_results(results)
    return answer


def said(*results) -> str:
    answer = answer_of(*results)
    return " ".join((answer.head, *answer.rest)).replace(SPACE, " ")


def test_the_answer_is_that_of_choose_across(tmp_path):
    """Galleries and shots of the same queries together: value, interval, order, differences."""
    made = [
        system("big", 0.8, "image", shots="max"),
        system("big", 0.5, "image", seed=1, shots="single"),
        system("small", 0.75, "text", seed=2),
        system("small", 0.2, "both", seed=3),
    ]
    for result in made:
        ResultStore(tmp_path).add(result)
    run = CliRunner().invoke(choose_command, ["--on", str(tmp_path), "--across", "--json"])
    [choice] = json.loads(run.stdout)["choices"]
    answer = answer_of(*stored_results(tmp_path))
    best, *others = choice["candidates"]
    assert answer.first.entry.name == best["name"]
    low, value, high = (100 * best[k] for k in ("low", "value", "high"))
    assert (
        f"first for {value:.0f}{SPACE}% [{low:.0f}, {high:.0f}] of 90 probe photos" in answer.head
    )
    rows = {row.entry.name: row for row in answer.view.rows}
    for other in others:
        behind = rows[other["name"]].behind
        want = {k: other["behind"][k] for k in ("value", "low", "high", "p")}
        assert {k: getattr(behind, k) for k in want} == pytest.approx(want)
    worse = [o for o in others if o["verdict"] == "worse"]
    assert 0 < len(worse) < len(others)
    assert f"{len(worse)} others are significantly worse." in answer.rest
    page = write_page(stored_results(tmp_path), tmp_path / "r.html").read_text()
    assert answer.head in page


def test_a_gallery_and_settings_are_part_of_the_answer():
    text = said(
        system("a", 0.9, "image", shots="max"), system("a", 0.2, "image", seed=1, shots="mean")
    )
    assert text.startswith("Deploy a with the pictures as gallery (shots max): it finds")
    assert "The other, a (shots mean), is significantly worse, by " in text and "points [" in text
    joined = {"gallery": 30, "gallery_pictures": 90, "gallery_pictures_unused": 0}
    joined |= {"units": 90, "groups": 30}
    text = said(system("a", 0.9, "image", counts=joined), system("b", 0.2, "image", seed=1))
    assert "a with all 90 pictures as gallery" in text
    text = said(system("a", 0.9, "image", counts=joined | {"gallery_pictures_unused": 60}))
    assert "60 of the 90 pictures of the gallery are not used." in text


def test_one_system_is_measured_and_not_chosen():
    text = said(system("a", 0.5))
    assert "Deploy" not in text and text.startswith("a with the texts as gallery finds the right")
    assert "nothing to choose from" in text and "Unseen SKUs were not measured" in text


def test_where_all_are_alike_the_smaller_one_is_named():
    alike = system("small", 0.57, seed=1, info={"params": 2 * 10**6})
    text = said(system("large", 0.68), alike)
    assert "does not differ significantly from it." in text and "worse" not in text
    assert "small has 2.0 M parameters instead of 10.0 M." in text
    assert "parameters" not in said(system("large", 0.68), system("small", 0.57, seed=1))


def test_too_few_skus_decide_nothing():
    text = said(system("a", 0.9, skus=3), system("b", 0.1, skus=3, seed=1))
    assert "Deploy" not in text and "That does not decide" in text
    assert "can differ significantly" in text and "Measure more SKUs" in text


def test_a_system_that_was_trained_on_the_data_does_not_hide_the_best_that_was_not():
    seen = system("mine", 0.9, info={"trained_on": ("shop",)})
    text = said(seen, system("other", 0.4, seed=1))
    assert "mine was trained on this dataset" in text and "The best that was not: other (" in text
    assert "so was everything else here" in said(
        seen, system("too", 0.4, seed=1, info={"trained_on": ("shop",)})
    )
    assert "trained" not in said(system("other", 0.4))


def test_probes_without_an_answer_are_counted():
    counts = {"units": 90, "groups": 30, "gallery": 20, "unanswerable_queries": 36}
    text = said(system("a", 0.5, counts=counts))
    assert "36 of 90 probes (40 %) have no answer in the gallery and count as misses." in text


def test_other_suites_name_their_metric():
    text = said(claims("x", 0.6), claims("y", 0.7))
    assert text.startswith("y has the highest f1, 70 % [65, 75], on 120 units")
    assert "not tested" in text and "gallery" not in text and "SKU" not in text


def test_density_and_gap_stand_with_openmpr_alone():
    metrics = dict.fromkeys(("hit_rate@1", "phi", "gap"), claims().metrics["f1"])
    own, theirs = (
        replace(system("a", 0.5, metrics=metrics), data=Data(name, "f", "test", name, "q"))
        for name in ("shop", "openmpr")
    )
    assert not {"phi", "gap"} & set(answer_of(own).view.columns)
    assert {"phi", "gap"} <= set(answer_of(theirs).view.columns)


def test_several_data_sets_get_an_answer_each_and_are_named(tmp_path):
    other = replace(system("b", 0.4), data=Data("where/cellar", "x", "test", "cellar", "others"))
    page = write_page([system("a", 0.5), other], tmp_path / "r.html").read_text()
    nav = page[page.index("<nav") : page.index("</nav>")]
    assert nav.count("<li>") == 2 and "shop: probes" in nav and "cellar: probes" in nav
    assert nav.count("finds the right SKU first for") == 2
    assert "All metrics of cellar: probes" in page


def test_the_gallery_says_how_many_of_its_pictures_are_used():
    def words(kind, **counts):
        pictures = {f"gallery_{name}": n for name, n in counts.items()}
        result = replace(stored(), variant={"gallery": kind}, counts={"gallery": 81, **pictures})
        return gallery_words(result)

    assert words("image", pictures=243, pictures_unused=162) == "81 of 243 pictures"
    assert words("image", pictures=243) == "all 243 pictures"
    assert words("image", pictures=81) == words("image") == "the pictures"
    assert words("text") == "the texts"
