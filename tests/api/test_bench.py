"""`bench` and `compare` say what the commands say."""

import json

import pytest
from click.testing import CliRunner

import skulens
from skulens.cli import skulens as command
from skulens.errors import DataError, UnknownName

DATA = "groceries-sample"


@pytest.fixture(scope="module")
def results(cache, tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SKULENS_CACHE", str(cache))
        yield skulens.bench(
            DATA,
            ["groceries", "mini"],
            results=folder,
            gallery="image",
            progress=False,
            costs=False,
        )


def run(*words) -> str:
    done = CliRunner().invoke(command, list(map(str, words)))
    assert done.exit_code == 0, done.output
    return done.stdout


def test_numbers_are_those_of_the_command(results, tmp_path):
    said = run(
        *("bench", "mpr", DATA, "--encoder", "groceries", "--encoder", "mini", "--gallery"),
        *("image", "--json", "--results", tmp_path),
    )
    records = json.loads(said)["results"]
    assert [r["metrics"] for r in records] == [
        {name: i.as_dict() for name, i in r.metrics.items()} for r in results
    ]
    assert [r["data_hash"] for r in records] == [r.data.fingerprint for r in results]
    assert [r.folder.name for r in results] == [r["folder"].rpartition("/")[2] for r in records]


def test_the_comparison_is_that_of_the_command(results):
    found = skulens.compare(results[0], results[1])
    said = run("compare", "groceries", "mini", "--results", results[0].folder.parent)
    assert said.splitlines()[-1] == found.sentence
    [record] = json.loads(
        run("compare", "groceries", "mini", "--json", "--results", results[0].folder.parent)
    )["comparisons"]
    assert found.p == record["p_holm"] and found.metric == record["metric"]
    assert found.difference == record["difference"]["value"]
    assert found.interval == (record["difference"]["low"], record["difference"]["high"])
    assert found.better in ("groceries", None) and (found.better is None) == (found.p > 0.05)
    assert str(found).startswith(found.sentence)


def test_results_are_meant_by_name_or_folder(results):
    sentence = skulens.compare(results[0], results[1]).sentence
    folder = results[0].folder.parent
    assert skulens.compare("groceries", "mini", results=results).sentence == sentence
    assert skulens.compare("groceries", "mini", results=folder).sentence == sentence
    assert skulens.compare(results.of("groceries"), results[1]).sentence == sentence
    with pytest.raises(UnknownName, match="did you mean 'groceries'"):
        skulens.compare("grocery", "mini", results=results)
    with pytest.raises(DataError, match="gallery 'text'"):
        skulens.compare("groceries", "mini", results=results, gallery="text")
    with pytest.raises(DataError, match="got int, expected a Result"):
        skulens.compare(3, results[1])  # type: ignore[arg-type]


def test_several_comparisons_ask_for_the_one_that_is_meant(results):
    both = skulens.bench(DATA, ["groceries", "mini"], limit=8, progress=False, costs=False)
    assert [r.variant["gallery"] for r in both] == ["text", "image", "text", "image"]
    with pytest.raises(DataError, match="2 comparisons are possible.*Give gallery="):
        skulens.compare("groceries", "mini", results=both)
    found = skulens.compare("groceries", "mini", results=both, gallery="text")
    assert found.pairing.a.variant["gallery"] == "text"
    across = skulens.compare("groceries@text", "groceries@image", results=both)
    assert across.pairing.differing["gallery"] == ("text", "image")
    assert "gallery: text against image" in str(across)
    assert len(both[:2]) == 2 and both.of("mini@text")[0] is both[2]


def test_rows_hold_values_and_ends_of_intervals(results):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    [first, _] = results.rows()
    interval = results[0].metrics["hit_rate@1"]
    assert first["system"] == "groceries" and first["gallery"] == "image"
    assert (first["hit_rate@1"], first["hit_rate@1_low"]) == (interval.value, interval.low)
    assert first["units"] == 162 and first["groups"] == 81
    pandas.testing.assert_frame_equal(results.to_pandas(), pandas.DataFrame(results.rows()))


def test_tables_hold_every_system(results):
    value = f"{results[0].metrics['hit_rate@1'].value:.3f}"
    for shown in (str(results), repr(results), results._repr_html_()):
        assert "groceries" in shown and "mini" in shown and value in shown and "†" in shown


def test_one_that_fails_does_not_stop_the_others_and_is_named(catalog):
    found = skulens.bench(
        catalog, ["nosuch", "mini"], limit=4, gallery="text", progress=False, costs=False
    )
    assert [r.name for r in found] == ["mini"]
    assert found.failed[0]["encoder"] == "nosuch"
    assert "failed: nosuch" in str(found) and "nosuch" in found._repr_html_()
    with pytest.raises(UnknownName):
        skulens.bench(catalog, "nosuch")
    with pytest.raises(UnknownName, match="did you mean 'gallery'"):
        skulens.bench(catalog, "mini", galery="text")
    with pytest.raises(DataError, match="at least one system"):
        skulens.bench(catalog, [])


def test_an_encoder_that_is_open_is_measured_as_it_is(catalog):
    encoder = skulens.load_encoder("mini", device="cpu", dtype="float32")
    [found] = skulens.bench(catalog, encoder, gallery="text", limit=4, progress=False, costs=False)
    [named] = skulens.bench(catalog, "mini", gallery="text", limit=4, progress=False, costs=False)
    assert found.name == "mini" and found.system.identity == named.system.identity
    assert found.metrics == named.metrics
    with pytest.raises(DataError, match="by its name"):
        skulens.bench(catalog, encoder, mode="paper", limit=4)


def test_the_room_is_a_module_and_a_call():
    import inspect

    import skulens.bench.run

    assert skulens.bench.run.run_suite and callable(skulens.bench)
    assert list(inspect.signature(skulens.bench).parameters)[:2] == ["data", "systems"]
