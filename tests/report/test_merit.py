"""What is printed beside the numbers of suite merit."""

from skulens.bench.necessity import compare_losses
from skulens.bench.suites.merit import Merit, MeritSettings, pair_controls
from skulens.index.bm25 import Bm25
from skulens.records import Condition
from skulens.report.merit import print_errors, print_holdouts, print_losses
from skulens.report.tables import print_results
from tests.bench.test_merit import KNOWN, MARKETS, TOOLS, Scripted, Shop, measure, query
from tests.bench.test_merit_errors import shop  # noqa: F401

BOTH = (Condition("color", "red"), Condition("material", "oak"), Condition("class", "chair"))


def test_slices_show_what_knowing_all_but_one_is_worth(capsys):
    queries = [query("q", "a", conditions=BOTH), query("r", "a", conditions=BOTH, n_conditions="3")]
    print_results(measure(Shop(KNOWN, queries), Scripted({"q": "b", "r": "a"})))
    out = capsys.readouterr().out
    assert "all_but_one" in out and "0.500" in out and "by references" in out


def test_language_rows_say_how_many_have_an_answer_there(capsys):
    queries = [query("q", "c", language="th"), query("r", "b", language="th"),
               query("s", "d", language="en")]  # fmt: skip
    print_results(measure(Shop(MARKETS, queries), Scripted(dict.fromkeys("qrs", "b a c d"))))
    out = capsys.readouterr().out
    assert "language row" in out and "1 of 2" in out and "1 of 1" in out


def test_errors_are_shares_of_the_wrong_answers(capsys):
    results = measure(Shop(KNOWN, [query("q", "a", conditions=BOTH)]), Scripted({"q": "b"}))
    print_errors(results)
    out = capsys.readouterr().out
    assert "attribute" in out and "1.000" in out and "category" not in out
    print_errors(measure(Shop(KNOWN, [query("q", "a")]), Scripted({"q": "a"})))
    assert capsys.readouterr().out == ""


def test_losses_are_one_table(capsys, shop):  # noqa: F811
    settings = MeritSettings(gallery="both", texts=("title",), without="each")
    losses = compare_losses(Merit(shop, settings, tools=TOOLS).run([Bm25()]), "hit_rate@1")
    print_losses(losses)
    out = capsys.readouterr().out
    assert "visual necessity: hit_rate@1" in out
    assert "images" in out and "titles" in out and "bm25" in out
    print_losses([])
    assert capsys.readouterr().out == ""


def test_a_holdout_stands_beside_its_control(capsys):
    name = "test-class-chair"
    splits = {name: [query("q", "a")], f"{name}-control": [query("r", "b")]}
    results = measure(Shop(KNOWN, [], **splits), Scripted({"q": "a", "r": "a"}), split=name)
    print_holdouts(pair_controls(results))
    out = capsys.readouterr().out
    assert f"hit_rate@1 on {name} beside {name}-control" in " ".join(out.split())
    assert "1.000" in out and "0.000" in out
