"""Leaderboards from published files, CSVs and result stores: what is read, refused, and mixed."""

import gzip
import io
import json
import tarfile
import threading
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from skulens.analysis.boards import (
    open_boards,
    published_board,
    read_board,
    store_boards,
)
from skulens.analysis.merging import merge, merge_same_data
from skulens.analysis.ranks import flatten, rank_board
from skulens.bench.store import ResultStore, stored_results
from skulens.catalog.fetch.sources import SOURCES
from skulens.errors import DataError, MissingFile, StoreError, UnknownName
from skulens.evaluate.compare import holm, p_values
from skulens.papers.openmpr.published import openmpr_folder, pack_results

from .boards import (
    EQUAL_BEST,
    MODELS,
    PHOTOS,
    SKUS,
    hits_of,
    real_openmpr,
    summary_row,
    write_openmpr,
    write_result,
    write_summary,
)

HEADER = "vision_model,pretrained_on,nparams,micro_cmc@1,micro_cmc@3,micro_cmc@5"


@pytest.fixture(scope="module")
def published():
    return published_board("openmpr", real_openmpr())


def test_published_hits_are_those_of_the_summary(published):
    assert (
        len(published.entries) == 190
        and len(published.groups) == 409
        and published.sizes.sum() == 20565
    )
    assert published.known("hit_rate@1").all() and not published.rejects
    for k in (1, 3, 5):
        hits = published.sums(f"hit_rate@{k}")
        micro = hits.sum(axis=0) / 20565
        macro = (hits / published.sizes[:, None]).mean(axis=0)
        assert np.allclose(
            micro, [e.metrics[f"hit_rate@{k}"] for e in published.entries], atol=1e-12
        )
        assert np.allclose(
            macro, [e.metrics[f"macro_hit_rate@{k}"] for e in published.entries], atol=1e-12
        )


def test_published_entries_carry_what_the_registry_knows(published):
    activation = [
        e.name
        for e in published.entries
        if any(w.code.startswith("activation") for w in e.warnings)
    ]
    assert len(activation) == 28 and "open_clip:ViT-L-14/openai" in activation
    assert sum(e.family == "NLLB-CLIP" for e in published.entries) == 6
    [b] = [e for e in published.entries if e.name == "open_clip:MobileCLIP-B/datacompdr"]
    assert (
        b.params == 149_777_153
        and b.licence == "Apple model licence"
        and round(b.metrics["phi"], 2) == 2.37
    )


def test_most_neighbours_do_not_differ_significantly(published):
    standings = rank_board(published)
    assert (standings.adjacent, standings.separable) == (189, 6)
    assert [s.entry.name for s in standings.rows][:2] == [
        "open_clip:ViT-gopt-16-SigLIP2-384/webli",
        "open_clip:ViT-gopt-16-SigLIP2-256/webli",
    ]
    assert sum(s.tier == 1 for s in standings.rows) == 8
    first = standings.rows[0]
    assert (first.rank_low, first.rank_high) == (1, 10)
    assert (first.rank_low_all, first.rank_high_all) == (1, 14)
    assert first.high - first.low == pytest.approx(
        0.07, abs=0.01
    )  # +-3.5 points, not the +-0.6 of 20,565 free photos


def test_models_that_are_equally_good_share_the_first_tier_of_190(board_190):
    """Each comparison at 5 % would call four of them worse; Holm over those with the first, three."""
    names = [e.name for e in board_190.entries]
    rows = {names.index(s.entry.name): s for s in rank_board(board_190).rows}
    best = range(EQUAL_BEST)
    assert all(rows[i].tier == 1 for i in best)
    assert all(rows[i].tier > 1 for i in range(40, 190)), "and nothing far behind"
    first = next(i for i, s in rows.items() if s.rank == 1)
    panel = board_190.panel("hit_rate@1", np.arange(190))
    others = [i for i in range(190) if i != first]
    alone = dict(zip(others, p_values(panel.differences(first)), strict=True))
    corrected = dict(zip(others, holm(list(alone.values())), strict=True))
    assert sum(alone[i] <= 0.05 for i in best if i != first) >= 3
    assert sum(corrected[i] <= 0.05 for i in best if i != first) == 3


def test_ranks_and_letters_of_190_hold_for_the_equally_good(board_190):
    standings = rank_board(board_190)
    names = [e.name for e in board_190.entries]
    rows = {names.index(s.entry.name): s for s in standings.rows}
    for i in range(EQUAL_BEST):
        assert rows[i].rank_low_all == 1 and rows[i].rank_high_all >= EQUAL_BEST
        assert set(rows[i].letters.split()) & set(rows[0].letters.split())
    assert all(
        s.rank_low_all <= s.rank_low <= s.rank <= s.rank_high <= s.rank_high_all
        for s in rows.values()
    )
    assert all(
        rows[i].rank_low_all <= i + 1 <= rows[i].rank_high_all for i in range(EQUAL_BEST, 190)
    )
    table = standings.as_dict()
    assert table["ranks"]["rank_low, rank_high"] == "95 % for this entry alone"
    assert {"rank_low_all", "rank_high_all"} <= set(table["entries"][0])
    assert table["too_few_groups"] is False and flatten(standings)[0]["rank_high_all"] > 1


def test_a_csv_of_the_published_rows_alone_stands_on_the_same_data(published, tmp_path):
    lines = (real_openmpr() / "benchmark_summary.csv").read_text().splitlines()
    copy = read_board(put(tmp_path / "mine.csv", "\n".join(lines[:3])))
    assert copy.groups == () and not copy.known("hit_rate@1").any()
    [board] = merge_same_data([published, copy])
    assert (
        len(board.entries) == 192
        and board.same_data().all()
        and board.known("hit_rate@1").sum() == 190
    )


def test_macro_order_is_its_own(published):
    standings = rank_board(published, "macro_hit_rate@5")
    assert standings.metric == "macro_hit_rate@5"
    assert standings.rows[0].value == max(e.metrics["macro_hit_rate@5"] for e in published.entries)


def put(path, text):
    path.write_text(text)
    return path


def test_names_the_registry_knows_are_written_its_way(tmp_path):
    board = published_board("openmpr", write_openmpr(tmp_path))
    assert [e.name for e in board.entries] == [
        "open_clip:ViT-B-32/openai",
        "open_clip:RN50/openai",
        "mine/v1",
    ]
    assert [e.licence for e in board.entries] == ["MIT", "MIT", None]
    assert board.data == "openmpr: 30 SKUs, 735 photos" and board.same_data().all()


ROWS = {
    "nan": ("b,x,100,nan,0.6,0.7", "row 3, column micro_cmc@1", "not a finite number"),
    "a word": ("b,x,100,high,0.6,0.7", "row 3, column micro_cmc@1", "'high' is not a number"),
    "nothing": ("b,x,100,0.5,,0.7", "row 3, column micro_cmc@3", "empty, expected a number"),
    "falls": ("b,x,100,0.5,0.4,0.7", "row 3, column micro_cmc@3", "recall cannot fall"),
    "percent": ("b,x,100,50,60,70", "row 3, column micro_cmc@1", "divided by 100"),
    "negative": (
        "b,x,100,-0.1,0.6,0.7",
        "row 3, column micro_cmc@1",
        "expected a fraction between 0 and 1",
    ),
    "parameters": ("b,x,-3,0.5,0.6,0.7", "row 3, column nparams", "above 0"),
    "half a parameter": ("b,x,1.5,0.5,0.6,0.7", "row 3, column nparams", "whole number"),
    "short": ("b,x,100,0.5", "row 3, column micro_cmc@3", "empty"),
    "long": ("b,x,100,0.5,0.6,0.7,1,2", "row 3, column 7", "2 more cells"),
    "no name": (",x,100,0.5,0.6,0.7", "row 3, column vision_model", "empty"),
    "escape": ("b\x1b[31m,x,100,0.5,0.6,0.7", "row 3, column vision_model", "cannot be printed"),
    "twice": ("a,x,100,0.5,0.6,0.7", "row 3", "the same model as row 2"),
}


@pytest.mark.parametrize(("row", "where", "why"), ROWS.values(), ids=ROWS)
def test_a_bad_row_becomes_a_reject_and_the_rest_is_used(tmp_path, row, where, why):
    board = read_board(
        put(tmp_path / "mine.csv", f"{HEADER}\na,x,100,0.5,0.6,0.7\n{row}\nc,x,,0.1,0.2,0.3\n")
    )
    assert [e.name for e in board.entries] == ["a/x", "c/x"] and board.entries[1].metrics[
        "phi"
    ] is None
    [reject] = board.rejects
    assert (
        reject.source == f"mine.csv, {where}" and why in reject.reason and reject.item.isprintable()
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "vision_model,micro_cmc@1\na,0.5\n",
            "lacks the columns pretrained_on, nparams, micro_cmc@3, micro_cmc@5; "
            "it has vision_model, micro_cmc@1",
        ),
        ("", "it has none"),
        (HEADER.replace(",", ";") + "\n", "columns are separated by commas"),
        (HEADER + "\n", "only a header"),
        (
            HEADER + "\na,x,100,5,0.6,0.7\n",
            "no row that can be used; first reason: mine.csv, row 2, column micro_cmc@1",
        ),
        (HEADER + ",nparams\n", "has the column 'nparams' 2 times"),
    ],
)
def test_a_csv_that_cannot_be_read_says_why(tmp_path, text, message):
    with pytest.raises(DataError) as e:
        read_board(put(tmp_path / "mine.csv", text))
    assert message in str(e.value)


def test_bytes_that_are_no_csv(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00\x01" * 9)
    with pytest.raises(DataError, match="not a CSV in UTF-8"):
        read_board(tmp_path / "x.csv")


def test_nothing_there():
    with pytest.raises(MissingFile, match="there is no CSV 'nowhere.csv'"):
        open_boards("nowhere.csv")
    with pytest.raises(UnknownName, match="did you mean 'openmpr'"):
        open_boards("opnmpr")


def test_hits_that_contradict_the_summary_are_not_used(tmp_path):
    write_openmpr(tmp_path)
    path = tmp_path / "per_sku_hits.json.gz"
    found = json.loads(gzip.decompress(path.read_bytes()))
    found["models"][0]["sku_hits"]["1"][0] += 1
    found["models"][1]["sku_hits"]["3"].pop()
    path.write_bytes(gzip.compress(json.dumps(found).encode()))
    board = published_board("openmpr", tmp_path)
    assert board.known("hit_rate@1").tolist() == [False, False, True]
    assert (
        "hits per SKU give a recall of" in board.rejects[0].reason
        and "29 SKUs where the others have 30" in board.rejects[1].reason
    )
    standings = rank_board(board)
    assert [s.tier for s in standings.rows] == [1, None, None] and standings.adjacent == 0


def test_broken_hits_are_refused(tmp_path):
    write_openmpr(tmp_path)
    (tmp_path / "per_sku_hits.json.gz").write_bytes(b"\x1f\x8b broken")
    with pytest.raises(DataError, match="holds no hits per SKU"):
        published_board("openmpr", tmp_path)
    (tmp_path / "per_sku_hits.json.gz").write_bytes(
        gzip.compress(b'{"skus": ["a", "b"], "num_images": [3, 0], "models": []}')
    )
    with pytest.raises(DataError, match="1 are not positive"):
        published_board("openmpr", tmp_path)


def records(folder):
    return ResultStore(folder).results()


def test_results_of_one_gallery_are_one_board(tmp_path):
    one, two = hits_of(0.5, 1), hits_of(0.7, 2)
    write_result(tmp_path / "a", "open_clip:RN50/openai", one)
    write_result(tmp_path / "b", "mini", two)
    write_result(tmp_path / "c", "mini", two, gallery="image", data_hash="i")
    text, image = store_boards(records(tmp_path))
    assert [e.name for e in text.entries] == ["open_clip:RN50/openai", "mini"] and [
        e.name for e in image.entries
    ] == ["mini"]
    assert text.groups == SKUS and (text.sizes == PHOTOS).all()
    assert (text.sums("hit_rate@1") == np.stack([one[1], two[1]], axis=1)).all() and (
        image.sums("hit_rate@5")[:, 0] == two[5]
    ).all()
    entry = text.entries[1]
    assert (entry.source, entry.params, entry.latency_ms, entry.memory_mb, entry.machine) == (
        "here",
        5_000_000,
        5.0,
        300.0,
        "a cpu, 2 cores",
    )
    assert [w.code for w in text.entries[0].warnings] == ["activation-mismatch"]


def test_the_latest_of_equal_settings_stands_and_modes_are_told_apart(tmp_path):
    for number, (mode, rate) in enumerate([("sound", 0.3), ("sound", 0.6), ("paper", 0.5)]):
        write_result(
            tmp_path / str(number),
            "mini",
            hits_of(rate, number),
            mode=mode,
            when=f"2026-01-0{number + 1}",
        )
    [board] = store_boards(records(tmp_path))
    assert [e.name for e in board.entries] == ["mini (mode sound)", "mini (mode paper)"]
    assert (board.sums("hit_rate@1")[:, 0] == hits_of(0.6, 1)[1]).all()


def test_unequal_skus_and_missing_values_leave_an_entry_without_intervals(tmp_path):
    full = hits_of(0.5, 1)
    write_result(tmp_path / "a", "mini", full)
    write_result(
        tmp_path / "b", "short", {k: h[:20] for k, h in full.items()}, SKUS[:20], PHOTOS[:20]
    )
    write_result(tmp_path / "c", "bare", full, per_query=False)
    [board] = store_boards(records(tmp_path))
    assert board.known("hit_rate@1").tolist() == [True, False, False]
    assert "20 SKUs and 390 probes where the others have 30 and 735" in board.rejects[0].reason
    assert "no values per unit (per_query.parquet)" in board.rejects[1].reason


def test_an_empty_store_and_one_of_others_say_so(tmp_path):
    with pytest.raises(StoreError, match="no results in"):
        stored_results(tmp_path)
    write_result(tmp_path / "a", "mini", hits_of(0.5, 1))
    record = json.loads((tmp_path / "a/result.json").read_text())
    del record["data_hash"]
    (tmp_path / "a/result.json").write_text(json.dumps(record))
    with (
        pytest.warns(UserWarning, match="left out: .*KeyError: 'data_hash'"),
        pytest.raises(StoreError, match=r"that can be read \(1 are damaged\)"),
    ):
        open_boards(str(tmp_path))


def test_own_results_on_the_published_queries_are_compared_with_them(tmp_path):
    """The same SKUs in another order, with as many photos each, and the same task."""
    board = published_board("openmpr", write_openmpr(tmp_path / "p"))
    mine, turned = hits_of(0.8, 9), np.arange(len(SKUS))[::-1]
    write_result(
        tmp_path / "r/a",
        "mini",
        {k: h[turned] for k, h in mine.items()},
        tuple(SKUS[i] for i in turned),
        PHOTOS[turned],
    )
    [both] = merge_same_data([board, *store_boards(records(tmp_path / "r"))])
    assert [e.source for e in both.entries] == ["published"] * 3 + ["here"]
    assert (
        both.known("hit_rate@1").all()
        and both.same_data().all()
        and (both.sums("hit_rate@1")[:, 3] == mine[1]).all()
    )
    assert {s.entry.name for s in rank_board(both).rows} == {
        "open_clip:ViT-B-32/openai",
        "open_clip:RN50/openai",
        "mine/v1",
        "mini",
    }


OTHERS = {
    "another gallery": {"gallery": "image", "texts": ()},
    "other texts": {"texts": ("title",)},
    "more products": {"n_gallery": 60},
    "other counts": {"photos": PHOTOS + 1},
    "other skus": {"skus": tuple(s + "x" for s in SKUS)},
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_results_on_anything_else_are_not(tmp_path, other):
    board = published_board("openmpr", write_openmpr(tmp_path / "p"))
    write_result(tmp_path / "r/a", "mini", hits_of(0.8, 9), **other)
    [result] = store_boards(records(tmp_path / "r"))
    assert [len(b.entries) for b in merge_same_data([result, board])] == [1, 3]
    beside = merge(board, result)
    assert beside.same_data().tolist() == [True] * 3 + [False] and beside.known(
        "hit_rate@1"
    ).tolist() == [True] * 3 + [False]
    assert beside.entries[3].data == result.data != beside.data


def test_two_galleries_of_the_same_photos_never_mix(tmp_path):
    for kind in ("text", "image"):
        write_result(tmp_path / kind, "mini", hits_of(0.5, 1), gallery=kind, data_hash=kind)
    write_result(tmp_path / "again", "mini", hits_of(0.5, 2), data_hash="another catalogue")
    assert len(merge_same_data(store_boards(records(tmp_path)))) == 3


def test_rounded_recalls_are_not_taken_for_the_published_photos(tmp_path):
    board = published_board("openmpr", write_openmpr(tmp_path / "p"))
    exact = summary_row("whole", "v1", 10**6, hits_of(0.6, 5))
    rounded = (
        exact
        | {"vision_model": "rounded"}
        | {k: round(v, 3) for k, v in exact.items() if k.startswith("micro")}
    )
    mine = read_board(write_summary(tmp_path / "mine.csv", [exact, rounded]))
    first, stray = merge_same_data([mine, board])
    assert [e.name for e in first.entries] == [
        f"open_clip:{m}/{t}" if m != "mine" else "mine/v1" for m, t, *_ in MODELS
    ] + ["whole/v1"]
    assert first.same_data().all() and first.known("hit_rate@1").tolist() == [True] * 3 + [False]
    assert [e.name for e in stray.entries] == [
        "rounded/v1"
    ] and "not whole numbers of 735 photos" in stray.data


def test_standings_as_csv_rows_have_one_column_per_number(tmp_path):
    rows = flatten(rank_board(published_board("openmpr", write_openmpr(tmp_path))))
    assert [r["rank"] for r in rows] == [1, 2, 3] and rows[0]["name"] == "mine/v1"
    assert {
        "rank_low",
        "tier",
        "low",
        "high",
        "hit_rate@5",
        "macro_hit_rate@1",
        "phi",
        "licence",
        "traps",
        "data",
    } <= set(rows[0])


def test_a_cut_off_that_nobody_has(tmp_path):
    with pytest.raises(
        DataError, match="openmpr has no hit_rate@7; it has .*hit_rate@1, hit_rate@3"
    ):
        rank_board(published_board("openmpr", write_openmpr(tmp_path)), "hit_rate@7")


def write_repository(folder):
    """The published files as the paper's repository has them."""
    packed = write_openmpr(folder / "packed")
    found = json.loads(gzip.decompress((packed / "per_sku_hits.json.gz").read_bytes()))
    (folder / "up/results/macro_cmc").mkdir(parents=True)
    (packed / "benchmark_summary.csv").rename(folder / "up/results/benchmark_summary.csv")
    counts = dict(zip(found["skus"], found["num_images"], strict=True))
    (folder / "up/src/data").mkdir(parents=True)
    entries = {
        s: {"image_paths": [f"{s}_{i}.jpg" for i in range(n)], "label": s}
        for s, n in reversed(counts.items())
    }
    (folder / "up/src/data/barcode_to_images_map.json").write_text(json.dumps(entries))
    for model in found["models"]:
        recalls = {
            s: {f"@k={k}": h[i] / counts[s] for k, h in model["sku_hits"].items()}
            for i, s in enumerate(found["skus"])
        }
        (
            folder / f"up/results/macro_cmc/{model['vision_model']}--{model['pretrained_on']}.json"
        ).write_text(json.dumps(recalls))
    return folder / "up", found


def test_the_repository_packs_into_the_same_hits(tmp_path):
    repository, found = write_repository(tmp_path)
    (tmp_path / "out").mkdir()
    pack_results(repository, tmp_path / "out")
    board = published_board("openmpr", tmp_path / "out")
    assert board.known("hit_rate@1").all() and not board.rejects
    assert (board.sums("hit_rate@3")[:, 1] == found["models"][1]["sku_hits"]["3"]).all()


def test_recalls_that_are_no_whole_numbers_of_photos_are_refused(tmp_path):
    repository, _ = write_repository(tmp_path)
    path = repository / "src/data/barcode_to_images_map.json"
    entries = json.loads(path.read_text())
    entries["sku03"]["image_paths"].append("one more")
    path.write_text(json.dumps(entries))
    with pytest.raises(DataError, match="not a whole number of photos"):
        pack_results(repository, tmp_path)


@pytest.mark.parametrize("pinned", [False, True])
def test_results_are_found_then_fetched_at_the_pinned_commit(pinned, tmp_path, monkeypatch):
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SKULENS_DATA", str(tmp_path / "data"))
    for switch in (
        "SKULENS_OFFLINE",
        "HF_HUB_OFFLINE",
    ):  # which other tests of this process may have set
        monkeypatch.delenv(switch, raising=False)
    repository, _ = write_repository(tmp_path)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as t:
        t.add(repository, arcname="openmpr-12c4ff1")
    (tmp_path / "www").mkdir()
    (tmp_path / "www/o.tar.gz").write_bytes(out.getvalue())
    with ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=tmp_path / "www")
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("SKULENS_URL_OPENMPR", f"http://127.0.0.1:{server.server_port}/o.tar.gz")
        try:
            if pinned:  # these are not the files of that commit
                with pytest.raises(DataError, match="does not hold commit 12c4ff1"):
                    openmpr_folder()
                return
            loose = replace(SOURCES["openmpr"], contents="")
            monkeypatch.setitem(SOURCES, "openmpr", loose)
            folder = openmpr_folder()
        finally:
            server.shutdown()
    assert folder.is_relative_to(tmp_path / "cache")
    assert not list((tmp_path / "cache").rglob("*.tar.gz"))
    assert len(published_board("openmpr").entries) == 3  # found, without the server
    write_openmpr(tmp_path / "data/openmpr", MODELS[:2])
    assert len(published_board("openmpr").entries) == 2  # a folder of the user's comes first


def test_an_unpacked_repository_is_used_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path / "cache"))
    repository, _ = write_repository(tmp_path)
    (tmp_path / "data").mkdir()
    repository.rename(tmp_path / "data/openmpr")
    monkeypatch.setenv("SKULENS_DATA", str(tmp_path / "data"))
    assert len(published_board("openmpr").entries) == 3


def test_without_network_the_error_says_what_to_put_where(tmp_path, monkeypatch):
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SKULENS_DATA", raising=False)
    monkeypatch.setenv("SKULENS_OFFLINE", "1")
    with pytest.raises(MissingFile, match="cannot fetch openmpr-12c4ff1.tar.gz.*put it at"):
        openmpr_folder()
