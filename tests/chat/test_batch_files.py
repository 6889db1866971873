"""Batch files out and in: each question once, each result to its question."""

import base64
import hashlib
import io
import json
import os
from dataclasses import replace

import PIL.Image
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skulens.chat.batch import files as batch_files
from skulens.chat.batch.files import BatchWriter, write_batch, write_unknown
from skulens.chat.batch.results import judge_line, read_batch
from skulens.chat.bulk.remember import Remembered
from skulens.chat.money.ledger import Prices
from skulens.chat.pictures import PicturePolicy
from skulens.chat.replies.spending import sum_spending
from skulens.chat.replies.store import ReplyStore
from skulens.chat.replies.stored import open_stored
from skulens.errors import ChatError, DataError
from skulens.protocols import Ask, Reply
from skulens.records import Image
from tests.chat.scripted import ScriptedChat

SCHEMA = {
    "type": "object",
    "properties": {"z": {"type": "integer"}, "a": {"type": "string"}},
    "required": ["z", "a"],
    "additionalProperties": False,
}


def picture(color) -> Image:
    out = io.BytesIO()
    PIL.Image.new("RGB", (20, 10), color).save(out, "PNG")
    return Image(data=out.getvalue())


def ask(n: int, **more) -> Ask:
    return Ask(f"item {n}", (f"text {n} ä ไทย",), "Describe it.", stage="caption", **more)


@pytest.fixture
def chat():
    ScriptedChat.calls.clear()
    return ScriptedChat(sampling={"max_tokens": 50}, server="here")


@pytest.fixture
def store(tmp_path):
    with ReplyStore(tmp_path / "replies") as store:
        yield store


def requests_of(files) -> list[dict]:
    return [json.loads(line) for path in files.files for line in path.read_text().splitlines()]


def answer_line(request: dict, text: str = "", **more) -> dict:
    message = {"role": "assistant", "content": text or f"said to {request['custom_id'][:6]}"}
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    choice = {"index": 0, "message": message, "finish_reason": "stop"} | more
    body = {"object": "chat.completion", "choices": [choice], "usage": usage}
    response = {"status_code": 200, "request_id": "r", "body": body}
    return {"id": "b", "custom_id": request["custom_id"], "response": response, "error": None}


def save(path, lines, end="\n"):
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line)
                              for line in lines) + end)  # fmt: skip
    return path


# ----- writing ---------------------------------------------------------------------------------


def test_round_trip_of_texts_pictures_and_schemas(tmp_path, chat, store):
    """Written, answered, imported: then the command makes no call, and gets the right answers."""
    questions = [
        ask(1),
        ask(2, schema=SCHEMA, sampling={"temperature": 0}),
        Ask("item 3", (picture("red"), picture("blue"), "which?"), "Look.", template="t" * 64),
        Ask("item 4", (picture("blue"), picture("red"), "which?"), "Look."),
        Ask("item 5", ("no instructions",)),
    ]
    files = write_batch(questions, chat, store, tmp_path / "batch")
    lines = []
    for request, question in zip(requests_of(files), questions, strict=True):
        text = '{"z": 2, "a": "x"}' if question.schema else f"on {question.id}"
        lines.append(answer_line(request, text))
    counts = read_batch(tmp_path / "batch", [save(tmp_path / "out.jsonl", lines[::-1])], store)
    assert (counts.answered, counts.failed, counts.missing, counts.rejected) == (5, {}, 0, 0)
    replies = {r.id: r for r in Remembered(chat, store).ask(questions)}
    assert ScriptedChat.calls == []
    assert [replies[f"item {n}"].text for n in (1, 3, 4, 5)] == [
        f"on item {n}" for n in (1, 3, 4, 5)
    ]
    assert replies["item 2"].value == {"z": 2, "a": "x"}
    assert all(r.cached and r.usage["input_tokens"] == 100 for r in replies.values())
    assert replies["item 1"].system == chat.info.identity


def test_what_is_stored_of_a_batch_equals_what_is_stored_of_asking(tmp_path, chat, store):
    questions = [ask(1, schema=SCHEMA), Ask("p", (picture("red"), "which?"), "Look.", template="t")]
    files = write_batch(questions, chat, store, tmp_path / "batch")
    read_batch(
        tmp_path / "batch",
        [
            save(
                tmp_path / "out", [answer_line(r, '{"z": 1, "a": "x"}') for r in requests_of(files)]
            )
        ],
        store,
    )
    with ReplyStore(tmp_path / "asked") as other:
        list(Remembered(chat, other).ask(questions))
        columns = "key, item, stage, model, template, question"
        query = f"select {columns} from questions order by key"
        assert store.read(query) == other.read(query)


def test_a_request_is_what_openai_and_vllm_read(tmp_path, chat, store):
    question = Ask("a", (picture("red"), "which?"), "Look.", SCHEMA, {"temperature": 0})
    (request,) = requests_of(write_batch([question], chat, store, tmp_path / "batch"))
    assert set(request) == {"custom_id", "method", "url", "body"}
    assert (request["method"], request["url"]) == ("POST", "/v1/chat/completions")
    assert len(request["custom_id"]) == 64
    body = request["body"]
    assert body["model"] == "gpt-4o-mini" and body["temperature"] == 0
    assert body["max_completion_tokens"] == 50 and "max_tokens" not in body
    assert [m["role"] for m in body["messages"]] == ["system", "user"]
    kinds = [part["type"] for part in body["messages"][1]["content"]]
    assert kinds == ["image_url", "text"]
    url = body["messages"][1]["content"][0]["image_url"]["url"]
    sent = base64.b64decode(url.partition("base64,")[2])
    assert PIL.Image.open(io.BytesIO(sent)).size == (20, 10)
    properties = body["response_format"]["json_schema"]["schema"]["properties"]
    assert list(properties) == ["z", "a"]


def test_each_question_once_and_what_the_store_knows_not_at_all(tmp_path, chat, store, monkeypatch):
    list(Remembered(chat, store).ask([ask(1), ask(2)]))
    failed = Reply("", error="truncated", reason="cut")
    cut = staticmethod(lambda question: replace(failed, id=question.id))
    monkeypatch.setattr(ScriptedChat, "script", cut)
    list(Remembered(chat, store).ask([ask(3)]))
    questions = [ask(n) for n in (1, 2, 3, 4, 5, 4, 4)]
    files = write_batch(questions, chat, store, tmp_path / "one")
    assert (files.questions, files.known, files.repeated) == (2, 3, 2)
    again = write_batch(questions, chat, store, tmp_path / "two", retry=["truncated"])
    assert (again.questions, again.known) == (3, 2)


def test_nothing_to_ask_writes_nothing(tmp_path, chat, store):
    list(Remembered(chat, store).ask([ask(1)]))
    files = write_batch([ask(1)], chat, store, tmp_path / "batch")
    assert (files.files, files.questions, files.known) == ((), 0, 1)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["replies"]


def test_files_are_split_by_lines_and_bytes(tmp_path, chat, store):
    questions = [ask(n) for n in range(10)]
    by_lines = write_batch(questions, chat, store, tmp_path / "lines", most_lines=4)
    assert [len(f.read_text().splitlines()) for f in by_lines.files] == [4, 4, 2]
    size = max(len(line) for f in by_lines.files for line in f.read_bytes().splitlines(True))
    by_bytes = write_batch(questions, chat, store, tmp_path / "bytes", most_bytes=3 * size)
    assert all(f.stat().st_size <= 3 * size for f in by_bytes.files)
    assert len(by_bytes.files) == 4
    assert by_bytes.bytes == sum(f.stat().st_size for f in by_bytes.files)
    ids = [[r["custom_id"] for r in requests_of(files)] for files in (by_lines, by_bytes)]
    assert ids[0] == ids[1] and len(set(ids[0])) == 10


def test_a_question_larger_than_a_file_is_left_out_and_counted(tmp_path, chat, store):
    questions = [ask(1), Ask("long", ("x" * 5000,)), ask(2)]
    files = write_batch(questions, chat, store, tmp_path / "batch", most_bytes=3000)
    assert files.questions == 2 and files.unsendable == {"truncated": 1}


def test_pictures_that_cannot_be_sent_are_counted(tmp_path, store):
    chat = ScriptedChat(policy=PicturePolicy(most=1))
    questions = [
        ask(1),
        Ask("bad", (Image(data=b"no picture"), "?")),
        Ask("many", (picture("red"), picture("red"), "?")),
    ]
    files = write_batch(questions, chat, store, tmp_path / "batch")
    assert files.questions == 1
    assert files.unsendable == {"image_corrupt": 1, "too_many_images": 1}


def test_what_is_written_gets_no_reply_yet(tmp_path, chat, store):
    list(Remembered(chat, store).ask([ask(1)]))
    bad = Ask("bad", (Image(data=b"no picture"), "?"))
    with BatchWriter(chat, tmp_path / "batch") as writer:
        same = replace(ask(1), id="another")
        replies = list(write_unknown([ask(1), ask(2), bad, ask(2), same], writer, store))
    assert [(r.id, r.error, r.cached) for r in replies] == [
        ("item 1", "", True),
        ("bad", "image_corrupt", False),
        ("another", "", True),
    ]
    assert store.read("select count(*) from replies") == [(1,)]


def test_the_manifest_knows_its_files(tmp_path, chat, store):
    files = write_batch([ask(n) for n in range(5)], chat, store, tmp_path / "b", most_lines=3)
    manifest = json.loads((tmp_path / "b" / "manifest.json").read_text())
    assert manifest["identity"] == chat.info.identity
    for entry, path in zip(manifest["requests"], files.files, strict=True):
        data = path.read_bytes()
        assert entry["sha256"] == hashlib.sha256(data).hexdigest()
        assert (entry["file"], entry["bytes"]) == (path.name, len(data))
    questions = (tmp_path / "b" / "questions.jsonl").read_text().splitlines()
    assert [json.loads(q)["key"] for q in questions] == [r["custom_id"] for r in requests_of(files)]
    # What all questions share stands once.
    assert list(manifest["shared"].values()) == ["Describe it."]
    assert "Describe it." not in "".join(questions)


def test_schemas_that_differ_in_order_are_not_shared(tmp_path, chat, store):
    turned = SCHEMA | {"properties": dict(reversed(SCHEMA["properties"].items()))}
    write_batch([ask(1, schema=SCHEMA), ask(1, schema=turned)], chat, store, tmp_path / "b")
    shared = json.loads((tmp_path / "b" / "manifest.json").read_text())["shared"].values()
    orders = [list(s["properties"]) for s in shared if isinstance(s, dict)]
    assert sorted(orders) == [["a", "z"], ["z", "a"]]


def test_many_different_instructions_stand_with_their_questions(tmp_path, chat, store, monkeypatch):
    monkeypatch.setattr(batch_files, "MOST_SHARED", 2)
    questions = [Ask(f"{n}", ("x",), f"instructions {n % 5}") for n in range(10)]
    questions = [Ask(q.id, (f"x {q.id}",), q.system) for q in questions]
    files = write_batch(questions, chat, store, tmp_path / "b")
    assert len(json.loads((tmp_path / "b" / "manifest.json").read_text())["shared"]) == 2
    out = save(tmp_path / "out", [answer_line(r) for r in requests_of(files)])
    assert read_batch(tmp_path / "b", [out], store).answered == 10
    list(Remembered(chat, store).ask(questions))
    assert ScriptedChat.calls == []


def test_a_folder_with_files_is_refused(tmp_path, chat, store):
    (tmp_path / "batch").mkdir()
    write_batch([ask(1)], chat, store, tmp_path / "batch")  # an empty one is taken
    with pytest.raises(ChatError, match="not an empty folder"):
        write_batch([ask(1)], chat, store, tmp_path / "batch")
    (tmp_path / "file").write_text("")
    with pytest.raises(ChatError, match="not an empty folder"):
        write_batch([ask(1)], chat, store, tmp_path / "file")


def test_a_batch_that_fails_half_way_leaves_nothing(tmp_path, chat, store, monkeypatch):
    def broken():
        yield ask(1)
        raise RuntimeError("the catalogue broke")

    def full(_):
        raise OSError(28, "No space left on device")

    with pytest.raises(RuntimeError):
        write_batch(broken(), chat, store, tmp_path / "batch")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["replies"]
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError):
        write_batch([ask(n) for n in range(3)], chat, store, tmp_path / "batch")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["replies"]


def test_text_that_is_no_unicode_is_written(tmp_path, chat, store):
    files = write_batch([Ask("a", ("\ud800 broken",))], chat, store, tmp_path / "b")
    out = save(tmp_path / "out", [answer_line(r) for r in requests_of(files)])
    assert len(requests_of(files)) == 1 and out.exists()


# ----- reading ---------------------------------------------------------------------------------


@pytest.fixture
def batch(tmp_path, chat, store):
    """(folder, requests) of six questions."""
    files = write_batch([ask(n) for n in range(6)], chat, store, tmp_path / "batch")
    return tmp_path / "batch", requests_of(files)


def test_strange_and_second_results_are_rejects(tmp_path, batch, store):
    folder, requests = batch
    strange = answer_line({"custom_id": "f" * 64})
    lines = [
        answer_line(requests[0], "first"),
        strange,
        answer_line(requests[0], "second"),
        strange | {"custom_id": None},
        '["a list"]',
        "not json",
        answer_line(requests[1]),
    ]
    counts = read_batch(folder, [save(tmp_path / "out", lines)], store)
    assert (counts.answered, counts.rejected, counts.missing) == (2, 5, 4)
    reasons = [(r.source.rpartition(" ")[2], r.reason) for r in counts.rejects]
    assert [n for n, _ in reasons] == ["2", "3", "4", "5", "6"]
    assert "not of this batch" in reasons[0][1] and "second result" in reasons[1][1]
    assert counts.missing_items == tuple(f"item {n}" for n in range(2, 6))
    assert store.find([requests[0]["custom_id"]])[requests[0]["custom_id"]].text == "first"


def test_a_cut_file_gives_its_whole_lines(tmp_path, batch, store):
    folder, requests = batch
    whole = save(tmp_path / "out", [answer_line(r) for r in requests])
    data = whole.read_bytes()
    (tmp_path / "cut").write_bytes(data[: data.rindex(b"custom_id")])
    counts = read_batch(folder, [tmp_path / "cut"], store)
    assert (counts.answered, counts.missing, counts.rejected) == (5, 1, 1)
    assert counts.rejects[0].reason == "the file is cut in this line"
    # The whole file later: only what was missing is new, and nothing is spent twice.
    counts = read_batch(folder, [whole], store)
    assert (counts.answered, counts.known, counts.missing) == (1, 5, 0)
    assert store.read("select count(*) from spent") == [(6,)]


def test_results_that_come_in_parts_leave_nothing_missing(tmp_path, batch, store):
    folder, requests = batch
    parts = [save(tmp_path / f"{i}", [answer_line(r) for r in requests[i::2]]) for i in range(2)]
    assert read_batch(folder, parts[:1], store).missing == 3
    assert read_batch(folder, parts[1:], store).missing == 0


def test_windows_line_ends_a_byte_order_mark_and_no_last_line_end(tmp_path, batch, store):
    folder, requests = batch
    text = "\r\n".join(json.dumps(answer_line(r)) for r in requests)
    (tmp_path / "out").write_bytes(b"\xef\xbb\xbf" + text.encode() + b"\r\n\r\n")
    assert read_batch(folder, [tmp_path / "out"], store).answered == 6


def test_an_answer_replaces_a_failure_never_the_other_way(tmp_path, batch, store):
    folder, requests = batch
    expired = {"custom_id": requests[0]["custom_id"], "response": None,
               "error": {"code": "batch_expired", "message": "not in time"}}  # fmt: skip
    answer = answer_line(requests[0], "late")
    one = save(tmp_path / "one", [expired])
    two = save(tmp_path / "two", [answer, expired])
    key = requests[0]["custom_id"]
    assert read_batch(folder, [one], store).failed == {"transport": 1}
    assert store.find([key])[key].error == "transport"
    again = read_batch(folder, [one], store)
    assert (again.failed, again.known) == ({}, 1)
    both = read_batch(folder, [one, two], store)
    assert (both.answered, both.failed, both.known, both.rejected) == (1, {}, 1, 1)
    assert store.find([key])[key].text == "late"
    assert read_batch(folder, [one], store).known == 1
    assert store.find([key])[key].text == "late"


def test_a_failure_and_an_answer_in_one_import_count_as_one_question(tmp_path, batch, store):
    folder, requests = batch
    failure = {"custom_id": requests[0]["custom_id"], "error": {"code": "server_error"}}
    out = save(tmp_path / "out", [failure, answer_line(requests[0])])
    counts = read_batch(folder, [out], store)
    assert (counts.answered, counts.failed, counts.missing) == (1, {}, 5)


COMPLETIONS = {
    "length": ({"finish_reason": "length"}, "truncated"),
    "filter": ({"finish_reason": "content_filter"}, "refused"),
    "refusal": ({"message": {"content": None, "refusal": "I cannot"}}, "refused"),
    "no text": ({"message": {"content": None}}, "engine"),
    "blank": ({"message": {"content": "  \n"}}, "invalid_json"),
    "prose": ({"message": {"content": "a shirt"}}, "invalid_json"),
    "another schema": ({"message": {"content": '{"z": "one"}'}}, "schema_violation"),
    "in parts": (
        {"message": {"content": [{"type": "text", "text": '{"z": 1,'}, {"text": '"a": ""}'}]}},
        "",
    ),
    "in a fence": ({"message": {"content": '```json\n{"z": 1, "a": ""}\n```'}}, ""),
    "no message": ({"message": None}, "engine"),
}


@pytest.mark.parametrize(("choice", "error"), COMPLETIONS.values(), ids=COMPLETIONS)
def test_completions_without_a_usable_answer(tmp_path, chat, store, choice, error):
    files = write_batch([ask(1, schema=SCHEMA)], chat, store, tmp_path / "b")
    (request,) = requests_of(files)
    out = save(tmp_path / "out", [answer_line(request, "{}", **choice)])
    counts = read_batch(tmp_path / "b", [out], store)
    reply = store.find([request["custom_id"]])[request["custom_id"]]
    assert reply.error == error and bool(reply.reason) == bool(error)
    assert reply.usage["output_tokens"] == 10  # failures cost what they cost
    assert counts.failed == ({error: 1} if error else {})


@pytest.mark.parametrize(
    ("error", "status", "expected"),
    [
        ({"code": "batch_expired", "message": "late"}, None, "transport"),
        ({"code": "batch_cancelled"}, None, "transport"),
        ({"message": "Request timed out"}, 408, "transport"),
        ({"message": "slow down"}, 429, "rate_limit"),
        ({"code": "rate_limit_exceeded"}, None, "rate_limit"),
        ({"code": "content_policy_violation", "message": "no"}, 400, "refused"),
        ({"message": "cannot decode image"}, 400, "image_corrupt"),
        ({"message": "At most 1 image(s) may be provided"}, 400, "too_many_images"),
        ({"message": "maximum context length is 4096"}, 400, "truncated"),
        ({"message": "boom"}, 500, "engine"),
        ("in words only", 503, "engine"),
        ({}, 200, "engine"),
        (None, None, "engine"),
        ([1], "200", "engine"),
    ],
)
def test_error_lines_have_a_class(error, status, expected):
    found = judge_line({"error": error}, status, None, pictures=True)
    assert found.error == expected and found.reason


@pytest.mark.parametrize("response", [None, [], "x", {}, {"body": None}, {"body": {"choices": 3}},
                                      {"status_code": "200", "body": []},
                                      {"status_code": 200, "body": {"choices": [None]}}])  # fmt: skip
def test_a_response_of_another_shape_is_a_failure_of_the_engine(tmp_path, batch, store, response):
    folder, requests = batch
    line = {"custom_id": requests[0]["custom_id"], "response": response}
    assert read_batch(folder, [save(tmp_path / "o", [line])], store).failed == {"engine": 1}


def test_a_key_in_a_message_of_the_server_is_not_stored(tmp_path, batch, store):
    folder, requests = batch
    secret = "sk-proj-abcDEF123456789"
    error = {"message": f"Incorrect API key provided: {secret}. Bearer {secret}", "code": "x"}
    line = {"custom_id": requests[0]["custom_id"], "error": error}
    read_batch(folder, [save(tmp_path / "o", [line])], store)
    ((stored,),) = store.read("select reason from replies")
    assert "Incorrect API key" in stored and secret not in stored


def test_results_of_changed_files_are_refused(tmp_path, batch, store):
    folder, requests = batch
    out = save(tmp_path / "out", [answer_line(r) for r in requests])
    sent = folder / "requests-0001.jsonl"
    data = sent.read_bytes()
    sent.write_bytes(data.replace(b"text 3", b"text 4"))
    with pytest.raises(DataError, match="was changed"):
        read_batch(folder, [out], store)
    sent.unlink()  # sent and moved away
    assert read_batch(folder, [out], store).answered == 6
    questions = folder / "questions.jsonl"
    questions.write_bytes(questions.read_bytes()[:-20])
    with pytest.raises(DataError, match="was changed"):
        read_batch(folder, [out], store)


def test_what_is_no_batch_and_no_result_is_refused(tmp_path, batch, store):
    folder, requests = batch
    out = save(tmp_path / "out", [answer_line(requests[0])])
    with pytest.raises(DataError, match="holds no batch"):
        read_batch(tmp_path, [out], store)
    with pytest.raises(DataError, match="holds the requests"):
        read_batch(folder, [out, folder / "requests-0001.jsonl"], store)
    with pytest.raises(DataError, match="cannot be read"):
        read_batch(folder, [tmp_path / "missing"], store)
    with pytest.raises(DataError, match="cannot be read"):
        read_batch(folder, [tmp_path], store)
    assert store.read("select count(*) from replies") == [(0,)]
    manifest = folder / "manifest.json"
    whole = json.loads(manifest.read_text())
    for text, said in (("{", "cannot be read"), ("[]", "another version"),
                       (json.dumps(whole | {"version": 99}), "another version"),
                       (json.dumps({**whole, "requests": 3}), "is damaged")):  # fmt: skip
        manifest.write_text(text)
        with pytest.raises(DataError, match=said):
            read_batch(folder, [out], store)


def test_an_empty_result_file_leaves_all_missing(tmp_path, batch, store):
    (tmp_path / "out").write_text("")
    counts = read_batch(batch[0], [tmp_path / "out"], store)
    assert (counts.answered, counts.missing) == (0, 6)


def test_an_import_is_a_run_of_the_ledger(tmp_path, batch, store):
    folder, requests = batch
    read_batch(folder, [save(tmp_path / "out", [answer_line(r) for r in requests])], store)
    with open_stored(tmp_path / "replies") as db:
        (row,) = sum_spending(db, Prices.read())
    assert (row.run, row.stage, row.model) == ("batch:batch", "caption", "openai:gpt-4o-mini")
    assert (row.questions, row.answered, row.items) == (6, 6, 6)
    assert row.money == pytest.approx(6 * (100 * 0.15 + 10 * 0.60) / 1e6)


@given(data=st.data())
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_results_in_any_order_and_pieces_give_the_same_store(tmp_path_factory, data):
    """Shuffled, cut in files, repeated, with some missing: what is stored depends on none of it."""
    tmp_path = tmp_path_factory.mktemp("any")
    chat = ScriptedChat()
    with ReplyStore(tmp_path / "replies") as store:
        files = write_batch([ask(n) for n in range(6)], chat, store, tmp_path / "batch")
        requests = requests_of(files)
        lines = [answer_line(r, f"answer {n}") for n, r in enumerate(requests)]
        picked = data.draw(st.lists(st.sampled_from(range(6)), min_size=1, max_size=12))
        cut = data.draw(st.integers(0, len(picked)))
        paths = [
            save(tmp_path / f"{i}", [lines[n] for n in part])
            for i, part in enumerate((picked[:cut], picked[cut:]))
            if part
        ]
        counts = read_batch(tmp_path / "batch", paths, store)
        assert counts.answered == len(set(picked)) == 6 - counts.missing
        assert counts.rejected == len(picked) - len(set(picked))
        for n, request in enumerate(requests):
            found = store.find([request["custom_id"]])
            assert bool(found) == (n in picked)
            if found:
                assert found[request["custom_id"]].text == f"answer {n}"
