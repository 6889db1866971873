"""`skulens chat check`: what a server does wrong is seen, and the verdict follows."""

import json
import re

import pytest
from click.testing import CliRunner

from skulens.chat.checks import check as checks
from skulens.chat.checks.check import Settings, check_chat
from skulens.chat.checks.guided import (
    INGREDIENTS,
    ITEMS,
    SCHEMA,
    compare_guided,
    make_document,
    recall_of,
    split_list,
)
from skulens.chat.checks.verdict import conclude
from skulens.chat.schemas.check import check_schema
from skulens.cli import skulens as cli
from skulens.cli.chat import compare, hide_password
from skulens.errors import ChatError
from skulens.protocols import Reply
from skulens.records import Image
from tests.chat.pretend import Pretend

QUICK = Settings(pairs=5, rounds=2, documents=4, seed=1)
USAGE = {"input_tokens": 9, "output_tokens": 3}


class Server(Pretend):
    """A capable one; `flaws` says what it does wrong."""

    def __init__(self, *flaws: str, mode: str = "", rate: float = 1.0):
        super().__init__(mode, rate)
        self.flaws = flaws

    def answer(self, batch):
        if any(isinstance(p, Image) for p in batch[0].parts) and batch[0].schema:
            return super().answer(batch)
        self.asked += len(batch)
        said = [self.say(q) for q in batch]
        if "swaps codes" in self.flaws and len(said) > 1 and batch[0].id.startswith("code"):
            said = [*said[1:], said[0]]
        return [self.wrap(q, text) for q, text in zip(batch, said, strict=True)]

    def wrap(self, q, text):
        usage = {} if "no usage" in self.flaws else USAGE
        if "breaks" in self.flaws and q.schema:
            return Reply(q.id, "Once upon a time", None, "stop", "invalid_json", "no JSON")
        if text is None and "stops early" in self.flaws:
            return Reply(q.id, "one", None, "stop", usage=USAGE)
        if text is None and "hides the cut" in self.flaws:
            return Reply(q.id, "One two thr", None, "stop", usage=USAGE | {"output_tokens": 4})
        if text is None:
            return Reply(q.id, "One two thr", None, "length", "truncated", "cut", usage)
        if text.startswith("!"):
            return Reply(q.id, error="engine", reason=text[1:])
        value = json.loads(text) if q.schema else None
        return Reply(q.id, text, value, "stop", usage=usage)

    def say(self, q):
        text = q.parts[-1]
        if isinstance(q.parts[0], Image):
            most = 0 if "no pictures" in self.flaws else 4 if "few pictures" in self.flaws else 99
            return "!too many" if len(q.parts) - 1 > most else "red and green"
        if "word apple" in text:
            return "" if "empty" in self.flaws else "apple"
        if "five hundred" in text:
            return "one two " * 500 if "no limit" in self.flaws else None
        if "lighthouse" in text:
            return '{"zorb": "quax", "weights": [1, 2]}'
        if q.id.startswith("code"):
            return "?" if "weak" in self.flaws else re.findall(r"is (\w+)\.", text)[0]
        if "shirt" in text:
            return f"A shirt. {self.asked if 'unsteady' in self.flaws else ''}"
        if q.id.startswith(("free", "guided")):
            return self.list_items(q, text)
        return "cat, dog"

    def list_items(self, q, text):
        named = [w for w in INGREDIENTS.split() if re.search(rf"\b{w}\b", text)]
        if "lists badly" in self.flaws:
            named = named[:2]
        if q.schema:
            return json.dumps({"items": named[:5] if "short lists" in self.flaws else named})
        return "\n".join(f"{i}. {w.title()}" for i, w in enumerate(named, 1))


def table(server: Server, settings: Settings = QUICK) -> dict[str, checks.Check]:
    return {c.name: c for c in check_chat(server, settings, compare)}


def test_a_good_server_passes_everything():
    rows = table(Server())
    assert {c.verdict for c in rows.values()} == {"pass"}, rows
    assert len(rows) == 11
    fit, said = conclude(rows.values())
    assert fit
    assert said == "fit for bulk runs with pictures"


@pytest.mark.parametrize(
    ("flaw", "row", "verdict", "says", "fit"),
    [
        ("empty", "plain answer", "fail", "reasoning", False),
        ("no usage", "usage reported", "fail", "budgets", True),
        ("no limit", "limit of tokens told", "fail", "max_tokens 4 is ignored", False),
        ("hides the cut", "limit of tokens told", "fail", "half an answer looks whole", False),
        ("stops early", "limit of tokens told", "unjudged", "'one'", True),
        ("breaks", "json_schema honoured", "fail", "ignores response_format", False),
        ("breaks", "answers valid", "fail", "invalid_json", False),
        ("swaps codes", "answers belong to questions", "fail", "20 of 20", False),
        ("weak", "answers belong to questions", "unjudged", "weak model", True),
        ("unsteady", "same answer at temperature 0", "fail", "3 different", True),
        ("short lists", "guided beside free", "fail", "drop +79.2 points", False),
        ("lists badly", "guided beside free", "unjudged", "cannot list the items", True),
        ("no pictures", "pictures", "fail", "none is taken", True),
        ("few pictures", "pictures", "pass", "4 in one question, 8 are refused", True),
    ],
)
def test_each_flaw_is_seen_and_weighed(flaw, row, verdict, says, fit):
    rows = table(Server(flaw))
    assert rows[row].verdict == verdict
    assert says in rows[row].said
    assert conclude(rows.values())[0] == fit
    json.dumps([c.to_dict() for c in rows.values()])


def test_after_no_answer_nothing_else_is_asked():
    assert list(table(Server("empty"))) == ["plain answer"]


def test_doubts_about_what_matters_are_told():
    said = conclude(table(Server("weak")).values())[1]
    assert said.endswith("pictures; cannot be judged: answers belong to questions")
    said = conclude(table(Server("stops early")).values())[1]
    assert said == "fit for bulk runs with pictures"


def test_a_server_that_mixes_pictures_up_is_not_fit():
    rows = table(Server(mode="radix"))
    fit, said = conclude(rows.values())
    assert not fit
    assert said.startswith("do not use: pictures not mixed up: ")
    assert "another picture's" in said


def test_a_blind_server_is_fit_for_texts():
    fit, said = conclude(table(Server(mode="blind")).values())
    assert fit
    assert "pictures at your own risk" in said
    fit, said = conclude(table(Server("no pictures")).values())
    assert fit
    assert "texts only" in said
    fit, said = conclude(table(Server(), Settings(documents=2, pictures=False)).values())
    assert (fit, said) == (True, "fit for bulk runs with texts only; pictures: not asked about")


def test_a_server_that_dies_on_the_way_is_told():
    class Dies(Server):
        def say(self, q):
            if "shirt" in q.parts[-1]:
                raise ChatError("connection refused")
            return super().say(q)

    rows = table(Dies())
    assert rows["alive to the end"].verdict == "fail"
    assert not conclude(rows.values())[0]


def test_speed_is_measured_at_each_level():
    opened = []

    def open_at(level):
        opened.append(level)
        return Server()

    rows = {c.name: c for c in check_chat(Server(), QUICK, compare, open_at)}
    assert opened == [1, 4, 16]
    assert list(table(Server())["throughput"].facts["per_second"]) == ["1"]
    assert all(rate > 0 for rate in rows["throughput"].facts["per_second"].values())


@pytest.mark.parametrize(
    ("kept", "repeated", "missing", "says"),
    [(1, 0, 2, "0 came twice, 2 never"), (0, 1, 0, "2 came twice, 0 never")],
)
def test_a_code_that_came_twice_or_never_fails(kept, repeated, missing, says):
    class Loses(Server):
        def answer(self, batch):
            replies = list(super().answer(batch))
            if batch[0].id.startswith("code"):
                return [*replies[kept:], *replies[:repeated]]
            return replies

    row = table(Loses())["answers belong to questions"]
    assert row.verdict == "fail"
    assert row.facts["missing"] == missing
    assert says in row.said


# ----- guided beside free ----------------------------------------------------------------------


def test_documents_hold_what_they_are_said_to():
    for i in range(20):
        document = make_document(3, i)
        assert len(document.items) == ITEMS
        words = re.findall(r"\w+", document.text.lower())
        assert all(words.count(item) == 1 for item in document.items)
        assert not set(words) & (set(INGREDIENTS.split()) - document.items)
    assert make_document(3, 0) == make_document(3, 0) != make_document(4, 0)


def test_items_are_found_in_every_usual_form():
    items = frozenset(["mango", "rye"])
    for text in (
        "- Mango\n- rye",
        "- mango, 12 g\n- rye, 3 g",
        "1. mango,\n2) **Rye**",
        "mango, rye",
        "Mango and rye.",
    ):
        assert recall_of(split_list(text), items) == 1.0, text
    assert recall_of(split_list("mango\ncherry"), items) == 0.5
    assert recall_of(["the text speaks at length of mango"], items) == 0.0
    assert recall_of(["mangold", "ryes"], items) == 0.0
    assert recall_of([], items) == 0.0
    assert recall_of([None, {"a": "mango"}], items) == 0.5  # type: ignore[list-item]


def test_the_schema_holds_all_items():
    check_schema(SCHEMA)
    assert SCHEMA["properties"]["items"]["maxItems"] >= ITEMS


def test_unusable_guided_answers_count_as_no_recall():
    class Cut(Server):
        def wrap(self, q, text):
            if q.id == "guided-0":
                return Reply(q.id, '{"items": ["', None, "length", "truncated", "cut")
            if q.id == "free-1":
                return Reply(q.id, error="transport", reason="gone")
            return super().wrap(q, text)

    found = compare_guided(Cut(), 4)
    assert found.guided == [0.0, 1.0, 1.0]
    assert found.free == [1.0, 1.0, 1.0]
    assert (found.unusable, found.failed, found.counts) == (1, 1, [0, ITEMS, ITEMS])
    assert found.drop == pytest.approx(1 / 3)


def judge(guided, free):
    found = checks.Recalls(guided, free, [1] * len(free))
    return checks.check_guided(found, compare).verdict


def test_the_rule_for_a_drop():
    assert judge([1.0] * 20, [1.0] * 20) == "pass"
    assert judge([0.99] * 20, [1.0] * 20) == "pass"
    assert judge([0.2] * 20, [1.0] * 20) == "fail"
    assert judge([0.0] + [1.0] * 19, [1.0] * 20) == "unjudged"  # one document decides nothing
    assert judge([0.9] * 200, [1.0] * 200) == "fail"
    assert judge([1.0] * 20, [0.9] * 20) == "pass"
    assert judge([1.0], [1.0]) == "unjudged"


# ----- the command -----------------------------------------------------------------------------


@pytest.fixture
def served(monkeypatch):
    """The command with servers in memory: URL -> (rows, models), and what was opened."""
    import skulens.chat
    from skulens.chat.http import served

    opened = []
    models = {"http://one/v1": ["m"], "http://two/v1": ["m", "n"], "http://none/v1": []}

    def look_up(url, key_env):
        assert key_env == "OPENAI_API_KEY"
        if url not in models:
            return [checks.Check("reachable", "fail", "no answer")], []
        return [checks.Check("reachable", "pass", "1 ms")], models[url]

    def open_chat(name, **options):
        opened.append((name, options))
        if name == "openai:lost":
            raise ChatError("no model 'lost'; did you mean 'm'?")
        return Server(*served.flaws, mode=served.mode)

    served.flaws, served.mode = (), ""
    monkeypatch.setattr(served, "look_up_server", look_up)
    monkeypatch.setattr(skulens.chat, "open_chat", open_chat)
    served.opened = opened
    return served


def invoke(*arguments: str):
    quick = ["--pairs", "5", "--rounds", "2", "--items", "3"]
    return CliRunner().invoke(cli, ["chat", "check", *quick, *arguments])


def test_the_command_prints_a_table_and_a_verdict(served, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "hidden-key")
    got = invoke("http://one/v1", "--seed", "3")
    assert got.exit_code == 0, got.output
    assert got.output.count("\n") == 13
    assert got.output.splitlines()[-1] == "http://one/v1: fit for bulk runs with pictures"
    assert "hidden-key" not in got.output
    assert [options["concurrency"] for _, options in served.opened] == [16, 1, 4, 16]
    assert {name for name, _ in served.opened} == {"openai:m"}


def test_the_command_fails_where_answers_are_mixed_up(served):
    served.mode = "radix"
    got = invoke("http://one/v1", "--json")
    assert got.exit_code == 1
    told = json.loads(got.stdout)
    assert told["fit"] is False
    assert told["verdict"].startswith("do not use: pictures not mixed up")
    assert {c["name"]: c["verdict"] for c in told["checks"]}["pictures not mixed up"] == "fail"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("http://two/v1",), "which one? it lists m, n: add --engine-model"),
        (("http://none/v1",), "it lists none"),
        (("http://gone/v1",), "no answer"),
        (("http://one/v1", "--engine-model", "lost"), "did you mean 'm'"),
    ],
)
def test_a_server_that_cannot_be_asked_is_named(served, arguments, says):
    got = invoke(*arguments)
    assert got.exit_code == 1
    assert says in got.output
    assert "do not use" in got.output.splitlines()[-1]


def test_an_engine_in_this_process_is_checked_by_its_name(served):
    got = invoke("smollm2", "--no-pictures")
    assert got.exit_code == 0
    assert "texts only" in got.output
    assert served.opened == [("smollm2", {})]
    assert invoke("smollm2", "--engine-model", "x").exit_code == 2


@pytest.mark.parametrize("option", ["--key-env", "--key", "--api-key"])
def test_a_key_on_the_command_line_is_refused_and_not_repeated(served, option):
    got = invoke("http://one/v1", option, "sk-proj-0123456789abcdef")
    assert got.exit_code == 2
    assert "0123456789" not in got.output
    assert served.opened == []


def test_a_password_in_a_url_is_not_shown():
    assert hide_password("http://me:secret@host:80/v1?key=abc#x") == "http://host:80/v1"
    assert hide_password("smollm2") == "smollm2"


# ----- over HTTP -------------------------------------------------------------------------------


@pytest.fixture
def stub():
    """A function that starts a stub with faults and gives its URL; all end with the test."""
    pytest.importorskip("fastapi")
    import contextlib

    from skulens.chat.stub.running import running_stub
    from skulens.chat.stub.settings import StubSettings

    with contextlib.ExitStack() as stack:
        yield lambda faults=None, **more: stack.enter_context(
            running_stub(StubSettings(faults=faults or {}, **more))
        )


def rows_of(got) -> dict[str, dict]:
    return {c["name"]: c for c in json.loads(got.stdout)["checks"]}


def test_an_honest_server_is_fit(stub, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hidden-key-0123456789")
    url = stub(key="sk-hidden-key-0123456789")
    got = invoke(url, "--json", "--seed", "1", "--items", "6")
    assert got.exit_code == 0, got.output
    rows = rows_of(got)
    assert {c["verdict"] for c in rows.values()} == {"pass"}, got.stdout
    assert rows["key"]["said"] == "accepted, and needed"
    assert rows["pictures not mixed up"]["facts"]["right"] == 10
    assert "sk-hidden" not in got.output


@pytest.mark.parametrize("share", [1.0, 0.2])
def test_a_server_that_answers_from_another_picture_is_caught(stub, share):
    got = invoke(stub({"wrong_picture": share}), "--json", "--seed", "1", "--rounds", "4")
    assert got.exit_code == 1
    assert rows_of(got)["pictures not mixed up"]["verdict"] == "fail"


@pytest.mark.parametrize(
    ("fault", "row"),
    [
        ("drop_lists", "guided beside free"),
        ("ignores_format", "json_schema honoured"),
        ("reasoning_only", "plain answer"),
        ("usage_missing", "usage reported"),
    ],
)
def test_each_fault_of_a_server_is_seen(stub, fault, row):
    got = invoke(stub({fault: 1.0}), "--json", "--seed", "1", "--items", "6")
    assert rows_of(got)[row]["verdict"] == "fail", got.stdout


def test_doors_that_are_closed(stub, monkeypatch):
    url = stub(key="sk-the-right-key-000")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-a-wrong-key-1111")
    got = invoke(url, "--json")
    assert got.exit_code == 1
    assert "refuses the key" in rows_of(got)["key"]["said"]
    assert "sk-a-wrong" not in got.output
    monkeypatch.delenv("OPENAI_API_KEY")
    assert "without a key" in rows_of(invoke(url, "--json"))["key"]["said"]
    nobody = "http://127.0.0.1:9/v1"
    assert "nobody listens" in rows_of(invoke(nobody, "--json"))["reachable"]["said"]
    assert invoke("ftp://host/v1").exit_code == 1
    got = invoke("http://me:secret@127.0.0.1:9/v1")
    assert got.exit_code == 1
    assert "secret" not in got.output
    got = invoke(stub(), "--engine-model", "stab", "--json")
    assert got.exit_code == 1
    assert "no model 'stab'; nearest: stub" in rows_of(got)["plain answer"]["said"]


def test_a_limit_of_pictures_is_found(stub):
    got = invoke(stub(most_pictures=2), "--json", "--seed", "1")
    assert got.exit_code == 0
    row = rows_of(got)["pictures"]
    assert row["facts"]["most"] == 2
    assert "4 are refused" in row["said"]
