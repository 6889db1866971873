"""`skulens curate review-export` and `review-import` from the terminal: two rounds, and refusals."""

import json

import pytest
from click.testing import CliRunner

from skulens.catalog.own import OwnCatalog
from skulens.cli import skulens
from tests.curate.queries.asked import write_world
from tests.curate.review.filled import export, fill


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return write_world(tmp_path_factory.mktemp("review") / "shop", queries=20)


def run(*words, code=0):
    done = CliRunner().invoke(skulens, ["curate", *map(str, words)])
    assert done.exit_code == code, f"{done.output}\n{done.exception!r}"
    return done.stdout if code == 0 else str(done.exception) + done.output


def load(folder):
    tasks = json.loads((folder / "tasks.json").read_text())
    return {t["data"]["query_id"]: t for t in tasks}


def judge(path, tasks, people):
    """Everybody keeps everything, but for what `people` says: who -> {query: decision}."""
    filled = {
        name: [fill(task, said.get(name, "keep"), who=who) for who, said in people.items()]
        for name, task in tasks.items()
    }
    return export(path, list(tasks.values()), **filled)


def test_two_rounds(shop, tmp_path):
    said = run("review-export", shop, "--out", tmp_path / "one", "--sample", 12)
    assert said.splitlines()[-1].startswith("12 tasks in 1 files")
    assert said.endswith("EXPORT.json --out NEW\n")
    tasks = load(tmp_path / "one")
    first, second, *_ = tasks
    one = judge(tmp_path / "1.json", tasks, {1: {first: "delete", second: "ambiguous"}, 2: {}})
    said = run("review-import", shop, one, "--out", tmp_path / "half")
    assert "round 1, decision: agreement 0.83" in said and "Gwet's AC1" in said
    assert f"for the next round: {first}: delete and keep" in said
    assert "disputed 2, keep 10, not reviewed 8" in said.splitlines()[-1]

    again = ("review-export", shop, "--out", tmp_path / "two", "--round", 2, "--first", one)
    assert run(*again).splitlines()[-1].startswith("2 tasks")
    tasks = load(tmp_path / "two")
    assert set(tasks) == {first, second}
    two = judge(tmp_path / "2.json", tasks, {3: {first: "delete", second: "ambiguous"}})
    out = tmp_path / "new"
    said = json.loads(run("review-import", shop, one, two, "--out", out, "--json"))
    assert said["became"] == {"delete": 1, "ambiguous": 1, "keep": 10, "not reviewed": 8}
    assert [a["round"] for a in said["agreement"]] == [1]
    assert said["rejects"] == 1 and said["next_round"][0]["query"] == second
    catalog = OwnCatalog(out, allow_outside=True)
    assert {q.id for q in catalog.queries("ambiguous")} == {second}
    assert len(list(catalog.queries("composed"))) == 18


def test_json_and_a_split(shop, tmp_path):
    said = run("review-export", shop, "--out", tmp_path / "c", "--sample", 1, "--allow-outside")
    assert said.endswith("--out NEW --allow-outside\n")
    said = json.loads(run("review-export", shop, "--out", tmp_path / "a", "--json"))
    assert said["tasks"] == 20 and said["rejects"] == 0
    assert "no split 'tset'; the folder has composed" in run(
        "review-export", shop, "--out", tmp_path / "b", "--split", "tset", code=2
    )


def test_how_label_studio_serves_pictures_is_said(shop, tmp_path):
    said = run(
        "review-export", shop, "--out", tmp_path / "a", "--pictures", "serve", "--served-root", shop
    )
    assert f"LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT={shop.resolve()}" in said


def test_what_does_not_go_together_is_refused(shop, tmp_path):
    out = ("--out", tmp_path / "a")
    assert "needs --first" in run("review-export", shop, *out, "--round", 2, code=2)
    assert "need --served-root" in run("review-export", shop, *out, "--pictures", "serve", code=2)
    (tmp_path / "x.json").write_text("[{}]")
    imported = ("review-import", shop, tmp_path / "x.json", *out)
    assert "no usable answer in 1 exports; the first" in run(*imported, code=1)
    assert "2 annotators for 1 exports" in run(
        *imported, "--annotator", "a", "--annotator", "b", code=2
    )
    assert not (tmp_path / "a").exists()
