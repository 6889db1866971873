"""`skulens replies` and the two lists it needs, as a user or a program sees them."""

import json
import sqlite3
import threading

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from skulens.chat.money.ledger import Prices, cost_of
from skulens.chat.replies.spending import sum_spending
from skulens.chat.replies.store import ReplyStore
from skulens.chat.replies.stored import forget, open_stored
from skulens.cli import skulens
from skulens.errors import SkulensError
from skulens.protocols import Ask, Reply
from skulens.records import Image

MINI = "openai:gpt-4o-mini"
USAGE = {"input_tokens": 1000, "cached_tokens": 400, "output_tokens": 100,
         "reasoning_tokens": 0, "image_tokens": 0}  # fmt: skip


def run(*words: object) -> str:
    done = CliRunner().invoke(skulens, list(map(str, words)), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def told(*words: object) -> dict:
    return json.loads(run(*words, "--json"))


def refused(*words: object) -> str:
    with pytest.raises(SkulensError) as e:
        CliRunner().invoke(skulens, list(map(str, words)), catch_exceptions=False)
    return str(e.value)


def key(n: int) -> str:
    return f"{n:02x}" * 32


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A store with two runs: five captions (two failed) and an extraction by a dear unknown."""
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SKULENS_PRICES", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "cache" / "replies"
    schema = {"type": "object", "properties": {"name": {"type": "string"}}}
    with ReplyStore(folder) as store:
        rows = []
        for n in range(5):
            ask = Ask(f"sku {n}", (f"text {n}",), "Write a caption.", stage="caption")
            reply = Reply(ask.id, f"caption {n}", finish="stop", usage=USAGE, latency_s=2.0)
            if n == 3:
                reply = Reply(ask.id, "capt", finish="length", error="truncated", usage=USAGE,
                              reason="cut at\n50 tokens", latency_s=1.0)  # fmt: skip
            if n == 4:
                reply = Reply(ask.id, error="transport", reason="refused", attempts=5)
            rows.append((key(n), ask, reply))
        store.put(rows, MINI, "captions 1")
        ask = Ask("sku 0", (Image(data=b"x"), "What is it?"), "Look.", schema,
                  {"temperature": 0}, stage="extract")  # fmt: skip
        reply = Reply("sku 0", '{"name": "é"}', {"name": "é"}, "stop", usage=USAGE, latency_s=3.0)
        store.put([(key(10), ask, reply)], "openai:other", "extract 1", {key(10): ["p" * 64]})
    return folder


COST = (600 * 0.15 + 400 * 0.075 + 100 * 0.60) / 1e6


# ----- show ------------------------------------------------------------------------------------


def test_show_sums_questions_failures_tokens_and_money(folder):
    found = told("replies", "show")
    assert (found["answered"], found["failed"]) == (4, {"transport": 1, "truncated": 1})
    captions, extract = found["runs"]
    assert (captions["run"], captions["stage"], captions["model"]) == (
        "captions 1",
        "caption",
        MINI,
    )
    assert (captions["questions"], captions["answered"], captions["items"]) == (5, 3, 5)
    assert captions["failed"] == {"transport": 1, "truncated": 1}
    assert captions["tokens"]["input_tokens"] == 4000
    assert captions["money"] == pytest.approx(4 * COST)
    assert captions["money_per_answer"] == pytest.approx(4 * COST / 3)
    million = captions["for_a_million_items"]
    assert million["money"] == pytest.approx(4 * COST / 5 * 1e6)
    assert million["tokens"] == pytest.approx(4400 / 5 * 1e6)
    assert extract["money"] is None and extract["currency"] is None
    assert found["money"] == {"USD": pytest.approx(4 * COST)}
    assert found["questions_of_unknown_money"] == 1


def test_show_for_people(folder):
    text = run("replies", "show")
    assert "captions 1" in text and "1 truncated" in text and "unknown" in text
    assert "no price for openai:other: write a file" in text
    assert "price of openai:gpt-4o-mini: 0.15 in, 0.6 out per million tokens (USD, as of" in text
    assert "a million items as in 'captions 1'" in text and "USD per answer" in text
    assert "4,000 + 400" in text and "captions 1 20" in text
    last = text.splitlines()[-1]
    assert last.startswith("4 answers and 2 failures (1 transport, 1 truncated); money: 0.0007")
    assert "unknown for 1 question;" in last and last.endswith(f"in {folder}")


def test_show_one_run_a_folder_a_file_and_own_prices(folder, tmp_path):
    table = tmp_path / "own.csv"
    table.write_text("model,input,output,currency\nother,1000,0,EUR\n")
    for place in (folder, folder / "replies.sqlite"):
        found = told("replies", "show", place, "--run", "extract 1", "--prices", table)
        (only,) = found["runs"]
        assert (only["money"], only["currency"]) == (pytest.approx(1.0), "EUR")
        assert only["price"] == "1000 in, 0 out per million tokens (EUR)"


def test_currencies_are_not_added(folder, tmp_path):
    table = tmp_path / "own.csv"
    table.write_text("model,input,output,currency\nother,1000,0,EUR\n")
    assert told("replies", "show", "--prices", table)["money"] == {
        "USD": pytest.approx(4 * COST), "EUR": pytest.approx(1.0)
    }  # fmt: skip
    assert "0.0007" in (last := run("replies", "show", "--prices", table).splitlines()[-1])
    assert "USD and 1.00 EUR" in last


def spend(folder, rows):
    """Ledger rows (run, seconds, made, tokens) of one model."""
    with ReplyStore(folder) as store:
        for run, seconds, made, tokens in rows:
            store.write(
                "insert into spent (run, stage, item, key, model, input_tokens, cached_tokens,"
                " output_tokens, reasoning_tokens, image_tokens, seconds, outcome, made)"
                " values (?,'s','i','k','own',?,0,0,0,0,?,'answered',?)",
                [(run, tokens, seconds, made)],
            )


def test_rent_is_paid_for_the_time_in_which_something_was_asked(folder, tmp_path):
    """Overlapping questions count once, a night between two halves of a run not at all."""
    table = tmp_path / "own.csv"
    table.write_text("model,per_hour\nown,3600\n")  # one per second
    spend(tmp_path / "new", [("a", 10, 110, 5), ("a", 8, 109, 5), ("a", 4, 112, 5),
                             ("a", 100, 50_100, 5), ("a", 20, 50_050, 5),
                             ("b", 7, 107, 5), ("batch:x", 0, 100, 5)])  # fmt: skip
    runs = {
        r["run"]: r for r in told("replies", "show", tmp_path / "new", "--prices", table)["runs"]
    }
    assert runs["a"]["busy_s"] == 12 + 100 and runs["a"]["money"] == pytest.approx(112)
    assert runs["b"]["money"] == pytest.approx(7)
    assert runs["batch:x"]["money"] is None  # nobody knows how long it took


def test_sums_of_sql_equal_the_cost_of_each_row(tmp_path):
    """The plain way: every row by `cost_of`, for shares of cached and image tokens that overlap."""
    table = tmp_path / "own.csv"
    table.write_text("model,input,cached_input,output,image\nm,7,1,30,11\n")
    prices = Prices.read(table)
    usages = [
        {"input_tokens": i, "cached_tokens": c, "output_tokens": o, "image_tokens": m}
        for i, c, o, m in ((100, 0, 5, 0), (100, 90, 5, 50), (100, 20, 1, 70), (0, 0, 9, 0),
                           (50, 50, 2, 50), (10, 30, 2, 40))
    ]  # fmt: skip
    with ReplyStore(tmp_path / "new") as store:
        store.put(
            [
                (key(n), Ask(str(n), ("x",)), Reply(str(n), "y", usage=u))
                for n, u in enumerate(usages)
            ],
            "m",
        )
    with open_stored(tmp_path / "new") as db:
        (row,) = sum_spending(db, prices)
    assert row.money == pytest.approx(sum(cost_of(u, prices, "m") for u in usages))


def test_answers_without_tokens_make_money_a_lower_bound_or_unknown(tmp_path, folder):
    table = tmp_path / "own.csv"
    table.write_text("model,input,output\nown,1000000,0\n")
    spend(tmp_path / "some", [("a", 1, 10, 5), ("a", 1, 11, 0)])
    spend(tmp_path / "none", [("a", 1, 10, 0), ("a", 1, 11, 0)])
    (some,) = told("replies", "show", tmp_path / "some", "--prices", table)["runs"]
    assert (some["money"], some["answers_without_tokens"]) == (pytest.approx(5), 1)
    assert some["for_a_million_items"]["tokens"] is None
    assert "> 5.00 USD" in run("replies", "show", tmp_path / "some", "--prices", table)
    (none,) = told("replies", "show", tmp_path / "none", "--prices", table)["runs"]
    assert none["money"] is None


def test_a_store_without_questions(folder, tmp_path):
    ReplyStore(tmp_path / "new").close()
    assert "nothing was asked yet" in run("replies", "show", tmp_path / "new")
    assert told("replies", "show", tmp_path / "new")["runs"] == []
    assert "no failures in" in run("replies", "failed", tmp_path / "new")
    assert told("replies", "failed", tmp_path / "new")["failed"] == []


READING = [
    ("show",), ("failed",), ("one", "sku 0"), ("export", "--out", "x.parquet"),
    ("forget", "--error", "truncated"),
]  # fmt: skip


@pytest.mark.parametrize("words", READING, ids=lambda w: w[0])
def test_no_store_and_a_damaged_one_are_named(folder, tmp_path, words):
    command, *rest = words
    first = [rest.pop(0)] if command == "one" else []
    missing = tmp_path / "nowhere"
    said = refused("replies", command, *first, missing, *rest)
    assert f"there is no reply store in {missing}" in said and not missing.exists()
    (tmp_path / "bad").mkdir()
    for content in (b"", b"no database at all" * 100, torn(folder)):
        (tmp_path / "bad" / "replies.sqlite").write_bytes(content)
        said = refused("replies", command, *first, tmp_path / "bad", *rest)
        assert f"the reply store {tmp_path / 'bad'} cannot be read" in said
        assert ".recover" in said
    assert not (tmp_path / "x.parquet").exists()


def torn(folder) -> bytes:
    """The file of a store with its tables overwritten, but for the first page."""
    with sqlite3.connect(folder / "replies.sqlite") as db:
        db.execute("pragma wal_checkpoint(truncate)")
        size = db.execute("pragma page_size").fetchone()[0]
    db.close()
    data = (folder / "replies.sqlite").read_bytes()
    return data[:size] + b"\xa5" * (len(data) - size)


def test_a_store_is_read_while_another_process_writes(folder):
    with sqlite3.connect(folder / "replies.sqlite", timeout=1) as db:
        db.execute("begin immediate")
        db.execute("delete from replies")
        seen = []
        reader = threading.Thread(target=lambda: seen.append(told("replies", "show")))
        reader.start()
        reader.join()
        assert seen[0]["answered"] == 4
        db.rollback()
    db.close()


# ----- failed, one, forget, export --------------------------------------------------------------


def test_failed_says_what_and_why(folder):
    rows = told("replies", "failed")["failed"]
    assert {(r["item"], r["error"]) for r in rows} == {
        ("sku 3", "truncated"), ("sku 4", "transport")
    }  # fmt: skip
    (only,) = told("replies", "failed", "--error", "truncated")["failed"]
    assert (only["reason"], only["key"]) == ("cut at\n50 tokens", key(3))
    text = run("replies", "failed", "--error", "truncated")
    assert "truncated        sku 3 (caption): cut at 50 tokens" in text
    assert "1 truncated: the answer reached its token limit" in text
    assert "transport" not in text
    assert "2 failures, 1 of them shown" in run("replies", "failed", "--most", 1)
    assert "no failures of this kind" in run("replies", "failed", "--error", "refused")


def test_one_shows_a_question_whole(folder):
    (found,) = told("replies", "one", key(10)[:6])["questions"]
    assert found["value"] == {"name": "é"} and found["money"] is None
    assert found["question"]["parts"] == [{"image": "p" * 64}, {"text": "What is it?"}]
    assert [q["stage"] for q in told("replies", "one", "sku 0")["questions"]] == [
        "caption", "extract"
    ]  # fmt: skip
    text = run("replies", "one", "sku 0")
    for part in ("Write a caption.", "text 0", "caption 0", "Look.", "p" * 64, '"name": "é"',
                 '"temperature": 0', "1,000 input_tokens", "0.00018 USD", "2.00 s"):  # fmt: skip
        assert part in text, part
    text = run("replies", "one", key(4))
    assert "failed: transport" in text and "tokens unknown" in text and "attempts: 5" in text


def test_one_unknown_is_named(folder):
    assert "no question in" in refused("replies", "one", "sku 99")
    assert "first six digits" in refused("replies", "one", key(1)[:5])


def test_an_item_that_looks_like_a_key_is_found(folder):
    with ReplyStore(folder) as store:
        ask = Ask("4012345678901", ("x",))
        store.put([("ab" * 32, ask, Reply(ask.id, "y"))])
    assert len(told("replies", "one", "4012345678901")["questions"]) == 1


def test_forgotten_failures_are_asked_again_and_stay_paid(folder):
    before = told("replies", "show")["runs"][0]
    assert told("replies", "forget", "--error", "truncated", "--run", "another")["forgotten"] == {}
    text = run("replies", "forget", "--error", "truncated", "--error", "refused")
    assert text.startswith("1 failure forgotten (1 truncated)")
    after = told("replies", "show")
    assert after["failed"] == {"transport": 1} and after["answered"] == 4
    assert after["runs"][0] == before
    with ReplyStore(folder) as store:
        assert store.find([key(3)]) == {} and store.find([key(0)])[key(0)].text == "caption 0"


def test_forget_needs_a_class_of_error(folder):
    for words in ([], ["--error", ""], ["--error", "answered"]):
        done = CliRunner().invoke(skulens, ["replies", "forget", *words])
        assert done.exit_code == 2
    assert told("replies", "show")["answered"] == 4


def test_text_that_is_no_unicode_is_shown(folder):
    """As JSON of a model may hold it; a store that keeps such text as bytes is read, too."""
    with ReplyStore(folder) as store:
        ask = Ask("odd", ("text \ud801",), "told \ud802")
        reply = Reply(ask.id, '{"a": 1}', {"a": "\ud803"}, usage=USAGE)
        store.put([(key(12), ask, reply)])
    assert "\\ud801" in run("replies", "one", key(12))
    assert told("replies", "one", key(12))["questions"][0]["value"] == {"a": "\\ud803"}
    run("replies", "export", "--out", folder / "x.parquet")


def test_export_writes_parquet(folder, tmp_path):
    out = tmp_path / "deep" / "replies.parquet"
    assert told("replies", "export", "--out", out) == {"out": str(out), "replies": 6}
    rows = {r["key"]: r for r in pq.read_table(out).to_pylist()}
    assert list(rows) == sorted(rows)
    assert rows[key(0)]["money"] == pytest.approx(COST) and rows[key(0)]["currency"] == "USD"
    assert rows[key(0)]["cached_tokens"] == 400 and rows[key(0)]["text"] == "caption 0"
    assert rows[key(10)]["money"] is None and rows[key(10)]["currency"] is None
    assert rows[key(4)]["error"] == "transport" and rows[key(4)]["input_tokens"] is None
    assert json.loads(rows[key(10)]["value"]) == {"name": "é"}
    assert "6 replies in" in run("replies", "export", "--out", out)


def test_rent_is_no_price_of_a_question(folder, tmp_path):
    table = tmp_path / "own.csv"
    table.write_text("model,per_hour\ngpt-4o-mini,2\n")
    (found,) = told("replies", "one", key(1), "--prices", table)["questions"]
    assert (found["money"], found["currency"]) == (None, None)


def test_answers_are_never_forgotten(folder):
    assert forget(folder, [""]) == {}
    assert told("replies", "show")["answered"] == 4


def test_export_of_an_empty_store(folder, tmp_path):
    ReplyStore(tmp_path / "new").close()
    run("replies", "export", tmp_path / "new", "--out", tmp_path / "x.parquet")
    table = pq.read_table(tmp_path / "x.parquet")
    assert table.num_rows == 0 and "money" in table.column_names


# ----- lists -----------------------------------------------------------------------------------


def test_lists_of_engines_prompts_and_prices(folder, tmp_path):
    assert "openai" in {row["name"] for row in told("list", "chats")["chats"]}
    assert "transformers:REPO or DIR" in run("list", "chats")
    rows = {row["name"]: row for row in told("list", "prompts")["prompts"]}
    assert rows["openmpr_caption.v1"]["about"]
    assert "openmpr_caption" in run("list", "prompts")
    assert told("list", "prices")["own"] is None
    table = tmp_path / "own.csv"
    table.write_text("model,per_hour\nmine,2.5\n")
    found = told("list", "prices", "--prices", table)
    assert found["prices"][0]["model"] == "mine" and found["own"] == str(table)
    assert "mine" in run("list", "prices", "--prices", table).splitlines()[0]
    assert {"prompts", "prices"} <= set(skulens.get_command(None, "list").list_commands(None))
