"""Results as OpenMPR's own files, and a rerun against the published rows."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from skulens.analysis.boards import open_boards, published_board
from skulens.analysis.merging import merge_same_data
from skulens.bench.store import ResultStore
from skulens.cli import skulens
from skulens.cli.leaderboard import command
from skulens.errors import DataError, StoreError
from skulens.papers.openmpr.claims import read_skipped
from skulens.papers.openmpr.published import SKIPPED, pack_results
from skulens.papers.openmpr.rerun import check_reruns, judge
from skulens.papers.openmpr.results import OpenMPR
from skulens.papers.openmpr.runs import (
    MACRO,
    MICRO,
    PARAMS,
    STATISTICS,
    file_stem,
    hits_of,
    write_runs,
)
from tests.analysis.boards import PHOTOS, SKUS, real_openmpr, result_of_groups, write_openmpr
from tests.analysis.boards import hits_of as made_hits


def result(name: str, rate: float = 0.5, seed: int = 1, hits=None, **more):
    """A result in paper mode, hits by SKU known."""
    hits = hits or made_hits(rate, seed)
    sums = {f"hit_rate@{k}": h for k, h in hits.items()}
    macro = {f"macro_hit_rate@{k}": float((h / PHOTOS).mean()) for k, h in hits.items()}
    variant = {"gallery": "text", "mode": "paper"}
    made = result_of_groups(name, sums, SKUS, PHOTOS, metrics=macro, variant=variant)
    return replace(made, **more)


def compare_as_upstream(candidate: Path, reference: Path, tolerance: float = 0.005) -> list[str]:
    """The failures that OpenMPR's compare_results.py would print, by its rules."""
    failures = []
    for kind in (MICRO, MACRO):
        for path in sorted((candidate / kind).glob("*.json")):
            pair = [json.loads((f / kind / path.name).read_text()) for f in (candidate, reference)]
            if kind == MACRO:
                assert all(set(next(iter(m.values()))) == {"@k=1", "@k=3", "@k=5"} for m in pair)
                pair = [
                    {k: sum(v[k] for v in m.values()) / len(m) for k in ("@k=1", "@k=3", "@k=5")}
                    for m in pair
                ]
            assert set(pair[0]) == set(pair[1]) == {"@k=1", "@k=3", "@k=5"}
            if max(abs(pair[0][k] - pair[1][k]) for k in pair[0]) > tolerance:
                failures.append(f"{kind}/{path.name}")
    return failures


def test_files_are_named_and_laid_out_as_the_script_writes_them(tmp_path):
    hits = made_hits(0.5, 1)
    names, skipped = write_runs([result("open_clip:RN50/openai", hits=hits)], tmp_path)
    assert (names, skipped) == (["RN50--openai"], [])
    micro = json.loads((tmp_path / MICRO / "RN50--openai.json").read_text())
    assert micro == {f"@k={k}": int(h.sum()) / int(PHOTOS.sum()) for k, h in hits.items()}
    macro = json.loads((tmp_path / MACRO / "RN50--openai.json").read_text())
    assert list(macro) == list(SKUS) and list(macro["sku03"]) == ["@k=5", "@k=3", "@k=1"]
    assert macro["sku03"]["@k=3"] == hits[3][3] / PHOTOS[3]
    text = (tmp_path / MICRO / "RN50--openai.json").read_text()
    assert text == json.dumps(micro, indent=4), "as json.dump(..., indent=4) of the script"
    photos = json.loads((tmp_path / STATISTICS).read_text())
    assert photos["sku03"] == {"barcode": "sku03", "num_images": int(PHOTOS[3])}


def test_hits_come_back_as_they_were(tmp_path):
    made = [
        result("open_clip:RN50/openai", 0.4, 1),
        result("open_clip:ViT-B-32/openai", 0.6, 2),
        result("mini", 0.2, 3),
    ]
    assert write_runs(made, tmp_path)[0] == ["RN50--openai", "ViT-B-32--openai", "mini--skulens"]
    back = OpenMPR.read(tmp_path)
    assert [r.name for r in back.results] == [*(r.name for r in made[:2]), "mini/skulens"]
    assert back.rejects == () and set(back.groups) == set(SKUS)
    for first, again in zip(made, back.results, strict=True):
        a, b = hits_of(first), hits_of(again)
        assert a.skus == b.skus and (a.photos == b.photos).all()
        for k in (1, 3, 5):
            assert (a.hits[k] == b.hits[k]).all()
            assert again.metrics[f"hit_rate@{k}"].value == first.metrics[f"hit_rate@{k}"].value
            assert again.metrics[f"macro_hit_rate@{k}"].value == pytest.approx(
                first.metrics[f"macro_hit_rate@{k}"].value, abs=1e-12
            )
    assert back.results[0].system.params == 102_007_137, "of the registry"


def test_a_folder_of_such_files_is_a_board_that_merges_with_the_published_one(tmp_path):
    folder = write_openmpr(tmp_path / "openmpr")
    published = published_board("openmpr", folder)
    write_runs([e.result for e in published.entries], tmp_path / "mine")
    [board] = merge_same_data([published, *open_boards(str(tmp_path / "mine"))])
    assert len(board.entries) == 6 and board.same_data().all() and board.known("hit_rate@1").all()


def test_hits_are_read_from_the_scripts_files_beside_a_csv_too(tmp_path):
    """As in a clone of the paper's repository: results/, and the photos below src/data."""
    folder = write_openmpr(tmp_path / "openmpr")
    clone = tmp_path / "clone"
    write_runs(OpenMPR.published(folder).results, clone / "results")
    (clone / "src/data").mkdir(parents=True)
    (clone / "results" / STATISTICS).rename(clone / "src/data" / STATISTICS)
    for model in ("mine_v1--skulens",):
        for kind in (MICRO, MACRO):
            (clone / "results" / kind / f"{model}.json").rename(
                clone / "results" / kind / "mine--v1.json"
            )
    csv = folder / "benchmark_summary.csv"
    csv.rename(clone / "results" / csv.name)
    read = OpenMPR.read(clone / "results")
    assert len(read.results) == 3 and read.rejects == () and len(read.groups) == len(SKUS)
    assert all(hits_of(r) for r in read.results)


def test_without_the_photos_rates_remain_and_the_reason_is_told(tmp_path):
    write_runs([result("mini")], tmp_path)
    (tmp_path / STATISTICS).unlink()
    read = OpenMPR.read(tmp_path)
    assert hits_of(read.results[0]) is None and not np.isnan(
        read.results[0].metrics["hit_rate@1"].value
    )
    [reject] = read.rejects
    assert "photos of each SKU are not known" in reject.reason and STATISTICS in reject.todo


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda m: m["sku00"].update({"@k=1": 0.123456}), "not a whole number"),
        (lambda m: m["sku00"].update({"@k=1": 1.5}), "expected a fraction"),
        (lambda m: m["sku00"].update({"@k=1": True}), "expected a fraction"),
        (lambda m: m["sku00"].pop("@k=3"), "@k=3 is None"),
        (lambda m: m.update(other=m.pop("sku00")), "not the same"),
        (lambda m: m["sku29"].update({"@k=5": 0.0}), "give a recall of"),
        (lambda m: m.clear(), "no JSON object in macro_cmc"),
    ],
)
def test_damaged_files_become_rejects_and_the_others_are_read(tmp_path, damage, said):
    write_runs([result("mini", 0.9), result("open_clip:RN50/openai")], tmp_path)
    path = tmp_path / MACRO / "mini--skulens.json"
    macro = json.loads(path.read_text())
    damage(macro)
    path.write_text(json.dumps(macro))
    read = OpenMPR.read(tmp_path)
    assert [said in r.reason for r in read.rejects] == [True]
    assert hits_of({r.name: r for r in read.results}["open_clip:RN50/openai"])
    damaged = [r for r in read.results if "mini" in r.name]
    assert not damaged or hits_of(damaged[0]) is None


def test_a_folder_without_any_file_that_can_be_used_is_refused(tmp_path):
    write_runs([result("mini")], tmp_path)
    (tmp_path / MICRO / "mini--skulens.json").write_text("[" * 100_000)
    with pytest.raises(DataError, match="no results in micro_cmc/ that can be used; first reason"):
        OpenMPR.read(tmp_path)


def test_what_cannot_be_written_is_named_and_of_two_modes_the_papers_is_taken(tmp_path):
    name = "open_clip:RN50/openai"
    sound = result(name, 0.9, 5, variant={"gallery": "text"})
    paper = result(name, 0.4, 6)
    pictures = result("mini", variant={"gallery": "image"})
    other = result("mini", suite="merit")
    rates = result_of_groups("rates", {}, SKUS, PHOTOS, variant={"gallery": "text"})
    fewer = result_of_groups(
        "fewer",
        {f"hit_rate@{k}": h[:9] for k, h in made_hits(0.5, 1).items()},
        SKUS[:9],
        PHOTOS[:9],
    )
    names, skipped = write_runs([paper, sound, pictures, other, rates, fewer], tmp_path)
    assert names == ["RN50--openai"]
    said = "\n".join(skipped)
    for reason in (
        "RN50--openai.json is of text, mode paper already",
        "gallery image",
        "suite merit",
        "not known for each SKU",
        "other photos than the others",
    ):
        assert reason in said
    assert (hits_of(OpenMPR.read(tmp_path).results[0]).hits[1] == hits_of(paper).hits[1]).all()


def test_a_folder_of_other_photos_is_not_mixed(tmp_path):
    write_runs([result("mini")], tmp_path)
    (tmp_path / STATISTICS).write_text(json.dumps({"other": {"num_images": 3}}))
    with pytest.raises(StoreError, match="other photos"):
        write_runs([result("mini")], tmp_path)


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("open_clip:ViT-B-32/openai", "ViT-B-32--openai"),
        ("open_clip:nobody/knows", "open_clip_nobody_knows--skulens"),
        ("../../etc/passwd", ".._.._etc_passwd--skulens"),
        ("a--b", "a-b--skulens"),
    ],
)
def test_names_of_files(name, stem):
    assert file_stem(result(name)) == stem


def test_reruns_pass_or_fail_within_the_tolerance(tmp_path):
    board = published_board("openmpr", write_openmpr(tmp_path / "openmpr"))
    published = [e.result for e in board.entries]
    theirs = hits_of(published[1])
    assert published[1].name == "open_clip:RN50/openai"

    def moved(n: int) -> dict:
        hits = {k: h.copy() for k, h in theirs.hits.items()}
        room = np.flatnonzero(hits[1] + n <= hits[3])[0]
        hits[1][room] += n
        return hits

    n = int(theirs.photos.sum())
    for more, status in ((0, "exact"), (1, "pass"), (8, "fail")):
        made = result("open_clip:RN50/openai", hits=moved(more))
        entry = replace(board.entries[0], result=made, name="mine")
        check = check_reruns(published, [entry], tolerance=0.005)
        [rerun] = check.reruns
        assert (rerun.status, check.failures) == (status, status == "fail"), more
        assert rerun.hits[1][1] - rerun.hits[1][0] == more and rerun.skus[1] == (more > 0)
        assert rerun.recalls["micro@1"][1] - rerun.recalls["micro@1"][0] == pytest.approx(more / n)
        assert set(rerun.recalls) == {f"{m}@{k}" for m in ("micro", "macro") for k in (1, 3, 5)}
    assert "differs by" in rerun.reason and "more than 0.005" in rerun.reason


def test_hits_moved_between_skus_are_no_exact_rerun(tmp_path):
    board = published_board("openmpr", write_openmpr(tmp_path / "openmpr"))
    published = [e.result for e in board.entries]
    hits = {k: h.copy() for k, h in hits_of(published[1]).hits.items()}
    up, down = np.flatnonzero(hits[1] < hits[3])[0], np.flatnonzero(hits[1] > 0)[-1]
    hits[1][up] += 1
    hits[1][down] -= 1
    entry = replace(board.entries[0], result=result("open_clip:RN50/openai", hits=hits))
    [rerun] = check_reruns(published, [entry], 0.005).reruns
    assert rerun.hits[1][0] == rerun.hits[1][1] and rerun.skus[1] == 2 and rerun.status == "pass"
    same = replace(rerun, recalls={"micro@1": (0.5, 0.5)})
    assert judge(same, 0.005).status == "pass", "equal recalls, other SKUs"
    assert judge(replace(same, skus={1: 0, 3: 0, 5: 0}), 0.005).status == "exact"


def test_skus_are_compared_by_name_not_by_place(tmp_path):
    board = published_board("openmpr", write_openmpr(tmp_path / "openmpr"))
    published = [e.result for e in board.entries]
    turned = np.arange(len(SKUS))[::-1]
    sums = {f"hit_rate@{k}": h[turned] for k, h in hits_of(published[1]).hits.items()}
    skus = tuple(np.array(SKUS)[turned])
    text = {"gallery": "text"}
    made = result_of_groups("open_clip:RN50/openai", sums, skus, PHOTOS[turned], variant=text)
    [rerun] = check_reruns(published, [replace(board.entries[0], result=made)]).reruns
    assert rerun.status == "exact" and not any(rerun.skus.values())


def test_only_the_same_is_compared(tmp_path):
    board = published_board("openmpr", write_openmpr(tmp_path / "openmpr"))
    published = [e.result for e in board.entries]
    name = "open_clip:RN50/openai"
    shop = {f"hit_rate@{k}": h[:9] for k, h in made_hits(0.5, 1).items()}
    photos = PHOTOS.copy()
    photos[0] += 1
    sums = {f"hit_rate@{k}": h for k, h in hits_of(published[1]).hits.items()}
    text = {"variant": {"gallery": "text"}}
    rates = {f"hit_rate@{k}": published[1].metrics[f"hit_rate@{k}"].value for k in (1, 3, 5)}
    given = {
        "pictures": result(name, variant={"gallery": "image"}),
        "unknown": result("mini"),
        "shop": result_of_groups(name, shop, [f"x{i}" for i in range(9)], PHOTOS[:9], **text),
        "photos": result_of_groups(name, sums, SKUS, photos, **text),
        "rates": result_of_groups(name, {}, SKUS, PHOTOS, metrics=rates.items(), **text),
    }
    entries = [replace(board.entries[0], result=r, name=n) for n, r in given.items()]
    found = {r.name: r for r in check_reruns(published, entries, 0.005).reruns}
    assert {n: r.status for n, r in found.items()} == {
        "pictures": "not compared",
        "unknown": "not compared",
        "shop": "not compared",
        "photos": "fail",
        "rates": "exact",
    }
    assert "736 photos, published are 735" in found["photos"].reason
    with pytest.raises(DataError, match=r"none of 2 results .* pictures: photos were not ranked"):
        check_reruns(published, entries[:2], 0.005)


def test_the_commands_export_check_and_exit_with_1(tmp_path, monkeypatch):
    monkeypatch.setenv("SKULENS_DATA", str(tmp_path / "data"))
    published = OpenMPR.published(write_openmpr(tmp_path / "data/openmpr")).results
    store = ResultStore(tmp_path / "results")
    for made in (
        result("open_clip:RN50/openai", hits=hits_of(published[1]).hits),
        result("open_clip:ViT-B-32/openai", 0.9, 8),
    ):
        store.add(made)
    run = CliRunner().invoke
    out = tmp_path / "runs"
    answer = run(skulens, ["results", "export", "--results", str(tmp_path / "results"),
                                "--format", "openmpr", "--out", str(out)])  # fmt: skip
    assert answer.exit_code == 0 and "openmpr of 2 results" in answer.output, answer.output
    for folder in (tmp_path / "results", out):
        answer = run(command, ["openmpr", "--check", str(folder), "--json"])
        body = json.loads(answer.output)
        assert answer.exit_code == 1 and (body["compared"], body["failures"]) == (2, 1)
        assert [r["status"] for r in body["reruns"]] == ["exact", "fail"] and body["rejects"] == []
        assert body["reruns"][1]["difference"] > 0.1
    answer = run(command, ["openmpr", "--check", str(out), "--tolerance", "1"])
    assert answer.exit_code == 0 and "2 of 2 compared; 0 failed" in answer.output
    (out / MICRO / "broken--x.json").write_text("{")
    answer = run(command, ["openmpr", "--check", str(out), "--tolerance", "1"])
    assert "1 left out" in answer.output and "micro_cmc/broken--x.json" in answer.output


def test_the_list_of_skipped_checkpoints_is_kept_with_fetched_results(tmp_path):
    repository = tmp_path / "openmpr-12c4ff1"
    published = OpenMPR.published(write_openmpr(tmp_path / "openmpr"))
    write_runs(published.results[:2], repository / "results")
    summary = tmp_path / "openmpr/benchmark_summary.csv"
    (repository / "results" / summary.name).write_bytes(summary.read_bytes())
    (repository / "results/openclip_skipped_models.json").write_text('[{"error": "404"}]')
    photos = {s: {"image_paths": ["x"] * int(n)} for s, n in zip(SKUS, PHOTOS, strict=True)}
    (repository / "barcode_to_images_map.json").write_text(json.dumps(photos))
    (tmp_path / "packed").mkdir()
    pack_results(repository, tmp_path / "packed")
    assert read_skipped(tmp_path / "packed" / SKIPPED) == [{"error": "404"}]


def test_all_published_files_make_the_journey(tmp_path):
    published = OpenMPR.published(real_openmpr())
    names, skipped = write_runs(published.results, tmp_path / "mine")
    assert (len(names), skipped) == (190, [])
    back = OpenMPR.read(tmp_path / "mine")
    write_runs(back.results, tmp_path / "again")
    assert back.rejects == () and compare_as_upstream(tmp_path / "mine", tmp_path / "again") == []


def test_openmprs_own_script_accepts_the_files(tmp_path):
    """Where SKULENS_DATA holds a clone of the paper's repository."""
    folders = os.environ.get("SKULENS_DATA", "").split(os.pathsep)
    clone = next((p for f in folders for p in Path(f or "none").glob("*/scripts")), Path("none"))
    if not (clone / "compare_results.py").is_file():
        pytest.skip("no folder of SKULENS_DATA holds a clone of OpenMPR's repository")
    results = clone.parent / "results"
    write_runs(OpenMPR.read(results).results, tmp_path)
    answer = subprocess.run(
        [sys.executable, str(clone / "compare_results.py"),
         "--candidate", str(tmp_path), "--reference", str(results)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.returncode == 0 and "Compared 380 file(s); 0 failure(s)." in answer.stdout
    for kind in (MICRO, MACRO):
        for path in (tmp_path / kind).glob("*.json"):
            theirs = json.loads((results / kind / path.name).read_text())
            assert json.loads(path.read_text()) == theirs, path.name
    assert json.loads((tmp_path / PARAMS).read_text()) == json.loads((results / PARAMS).read_text())
