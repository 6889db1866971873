"""Why one SKU is not found, by hand, and against the stored run of a small shop."""

from dataclasses import replace

import numpy as np
import pytest

from skulens.analysis.diagnosis import ProbeAnswer, Rival, diagnose, find_nearest, order_probes
from skulens.bench.run import run_suite
from skulens.bench.store import ResultStore, read_run
from skulens.errors import UnknownName
from skulens.report.diagnosis import conclude_diagnosis, write_diagnosis
from tests.bench.stores import stored

FOUND = {"cola": ["lime", "lime", "tea", "cola"], "lime": ["cola", "lime"], "tea": ["tea", "tea"]}


def test_probes_and_rivals_are_counted(tmp_path):
    found = diagnose(stored(tmp_path, "a", FOUND), "cola", notes=["no catalogue"])
    assert (found.hits, len(found.probes), found.notes) == (1, 4, ("no catalogue",))
    assert [(r.sku, r.probes, r.back, r.back_of) for r in found.rivals] == [
        ("lime", 2, 1, 2),
        ("tea", 1, 0, 2),
    ]
    assert [p.rank for p in found.probes] == [None, None, None, 1], "misses first"
    assert conclude_diagnosis(found).startswith(
        "cola: found first by 1 of 4 probes; 2 put lime first"
    )
    assert found.as_dict()["probes"][3]["behind"] == 0
    with pytest.raises(UnknownName, match="unknown SKU 'colla'; did you mean 'cola'"):
        diagnose(found.result, "colla")


def test_misses_come_before_hits_and_the_farthest_behind_first():
    hit = ProbeAnswer("hit", 1, 0.9, (("me", 0.9),))
    near, far = (ProbeAnswer(f"{x}", 2, x, (("other", 0.6),)) for x in (0.5, 0.2))
    deep, gone = (
        ProbeAnswer("deep", 9, 0.55, (("other", 0.6),)),
        ProbeAnswer("gone", None, None, ()),
    )
    assert (near.behind, hit.behind, gone.behind) == (pytest.approx(0.1), 0, None)
    assert order_probes([hit, near, far, gone, deep]) == (gone, deep, far, near, hit)


def test_the_conclusion_follows_the_angle(tmp_path):
    found = diagnose(stored(tmp_path, "a", FOUND), "cola")
    rival = Rival("lime", 2, 0, 2, angle_deg=5.0)
    close = replace(found, rivals=(rival,), usual_angle_deg=40.0)
    assert "hardly tells the two apart" in conclude_diagnosis(close)
    far = replace(close, rivals=(replace(rival, angle_deg=60.0),))
    assert "the photos are misread" in conclude_diagnosis(far)
    three = tuple(Rival(sku, 1, 0, 0, angle_deg=60.0) for sku in ("lime", "tea", "milk"))
    assert "look at the photos" in conclude_diagnosis(replace(far, rivals=three))


def test_nearest_neighbours_are_those_of_a_plain_loop():
    rows = np.random.default_rng(0).normal(size=(40, 8))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    gallery = {f"p{i}": row for i, row in enumerate(rows)}
    near, usual = find_nearest(gallery, "p3")
    cosines = rows @ rows.T
    np.fill_diagonal(cosines, -1)
    assert near == [f"p{i}" for i in np.argsort(-cosines[3])[:5]]
    assert usual == pytest.approx(np.median(np.degrees(np.arccos(cosines.max(axis=1)))))
    assert find_nearest(gallery, "nobody") == ([], None)


def test_a_sku_of_the_sample_with_its_photos(tmp_path):
    from skulens.catalog.open import open_catalog

    pytest.importorskip("torch", reason="needs skulens[clip]")
    catalog = open_catalog("groceries-sample")
    [result] = run_suite("mpr", catalog, ["mini"], {"gallery": "image", "limit": 20}).results
    named = replace(result, data=replace(result.data, name="groceries-sample"))
    ResultStore(tmp_path).add(named)
    [result] = ResultStore(tmp_path).results()
    run = read_run(result)
    sku = next(
        q.answers[0]
        for q in catalog.queries("test")
        if q.id in run.queries and next(run.candidates(run.queries.index(q.id)))[0] not in q.answers
    )
    found = diagnose(result, sku, catalog)
    assert found.probes[0].rank != 1 and found.probes[0].photo and found.usual_angle_deg
    assert found.rivals[0].angle_deg and len(found.nearest) == 5 and found.pictures == 1
    page = write_diagnosis(found, tmp_path / "why.html").read_text(encoding="utf-8")
    assert page.count("data:image/webp") >= 2 * len(found.probes) and "no picture" not in page
    assert str(catalog.root) not in page, "folders of this machine stay here"
