"""The options of asking commands: what they build, what they refuse, what they say at the end."""

import json

import click
import pytest
from click.testing import CliRunner

from skulens.chat.pictures import PicturePolicy
from skulens.cli import skulens
from skulens.cli.asked import short
from skulens.cli.asking import Asking, engine_options
from skulens.cli.options import json_option
from skulens.errors import BudgetReached, ChatError, DataError, SkulensError
from skulens.protocols import Ask, Reply
from skulens.registry import CHATS, Row
from tests.chat.scripted import ScriptedChat, about, answer

SECRET = "sk-proj-" + "A1b2C3d4" * 5


@click.command()
@click.argument("items", nargs=-1)
@engine_options
@json_option
def command(asking, items, as_json) -> None:
    """Ask about ITEMS."""
    with asking.open("caption") as asked:
        questions = (Ask(item, (f"about {item}",), "Caption it.") for item in items)
        replies = {r.id: r.error or r.text for r in asked.ask(questions, total=len(items))}
        if as_json:
            click.echo(json.dumps(asked.record() | {"replies_seen": replies}))
        else:
            click.echo(asked.last_line())


@pytest.fixture(autouse=True)
def engines(tmp_path, monkeypatch):
    monkeypatch.setitem(CHATS, "scripted", Row("tests.chat.scripted:ScriptedChat", "", "", "MODEL"))
    monkeypatch.setitem(CHATS, "plain", Row("tests.chat.scripted:PlainChat", ""))
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SKULENS_PRICES", raising=False)
    monkeypatch.setattr(ScriptedChat, "calls", [])


def invoke(*words: object, ok: bool = True):
    """A run of the command; `ok=None`: whatever comes."""
    done = CliRunner().invoke(command, list(map(str, words)))
    if ok:
        assert done.exit_code == 0, (done.output, done.exception)
    return done


def asked(*words: object) -> dict:
    return json.loads(invoke(*words, "-e", "scripted:gpt-4o-mini", "--json").stdout)


def last_line(*words: object, engine="scripted:gpt-4o-mini") -> str:
    return invoke(*words, "-e", engine).stdout.splitlines()[-1]


def refused(*words: object) -> SkulensError:
    done = invoke(*words, ok=False)
    assert isinstance(done.exception, SkulensError), (done.output, done.exception)
    return done.exception


def built(monkeypatch, *words: object) -> dict:
    """What the engine's constructor was given."""
    seen = []
    first = ScriptedChat.__init__

    def note(self, *args, **options):
        seen.append(options)
        first(self, *args, **options)

    note.__signature__ = __import__("inspect").signature(first)
    monkeypatch.setattr(ScriptedChat, "__init__", note)
    asked(*words)
    return seen[0]


# ----- the engine ------------------------------------------------------------------------------


def test_only_what_is_typed_reaches_the_engine(monkeypatch):
    assert built(monkeypatch, "a") == {}


def test_options_reach_the_engine_by_its_names(monkeypatch):
    given = built(
        monkeypatch, "a", "--url", "http://localhost:8000/v1", "--key-env", "MY_KEY", "--server",
        "box", "--concurrency", 3, "--timeout", 5, "--max-tokens", 77, "--temperature", 0,
        "--picture-px", 512,
    )  # fmt: skip
    assert given == {
        "url": "http://localhost:8000/v1",
        "key_env": "MY_KEY",
        "server": "box",
        "concurrency": 3,
        "timeout_s": 5.0,
        "sampling": {"max_tokens": 77, "temperature": 0.0},
        "policy": PicturePolicy(side_px=512, pixels=512 * 512),
    }


def test_an_option_the_engine_has_not_is_refused_by_name():
    said = str(refused("a", "-e", "plain", "--url", "http://x/v1"))
    assert said.startswith("engine 'plain' has no --url; it has --engine-option batch=")
    assert "no --max-tokens" in str(refused("a", "-e", "plain", "--max-tokens", 5))
    said = str(refused("a", "-e", "scripted:m", "--deadline", 5))
    assert "no --deadline; it has --url, --key-env, --server" in said
    assert "no --engine-option speed" in str(
        refused("a", "-e", "scripted:m", "--engine-option", "speed=3")
    )


def test_other_options_of_an_engine_get_the_type_of_their_default():
    invoke("a", "-e", "plain", "--engine-option", "batch=16", "--engine-option", "dtype=float32")
    said = str(refused("a", "-e", "plain", "--engine-option", "batch=many"))
    assert "expected a number such as 8, got 'many'" in said
    assert invoke("a", "-e", "plain", "--engine-option", "batch", ok=False).exit_code == 2


def test_an_unknown_engine_is_named_with_the_nearest():
    assert "did you mean 'scripted'" in str(refused("a", "-e", "script:m"))


@pytest.mark.parametrize(
    "words",
    [
        ["--key-env", SECRET],
        ["--key-env", "hf_" + "A1b2C3d4" * 4],
        ["--key-env", "a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6"],
        ["--key-env", "my key"],
        ["--key", SECRET],
        [f"--api-key={SECRET}"],
        ["--url", f"http://me:{SECRET}@host/v1"],
        ["--url", f"http://{SECRET}@host/v1"],
        ["--url", f"https://host/v1?api_key={SECRET}"],
        ["--engine-option", f"api_key={SECRET}"],
    ],
)
def test_a_key_on_the_command_line_is_refused_and_never_repeated(words):
    done = invoke("a", "-e", "scripted:m", *words, ok=False)
    said = done.output + done.stderr + str(done.exception)
    assert done.exit_code != 0 and "key" in said
    assert not any(word.partition("=")[2] and word.partition("=")[2] in said for word in words)
    for word in words:
        assert len(word) < 20 or word not in said
    assert SECRET not in said and not ScriptedChat.calls


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "MY_TEAM_2_KEY", "key", "SK_KEY"])
def test_names_of_variables_are_taken(name):
    invoke("a", "-e", "scripted:m", "--key-env", name)


def test_a_url_that_is_none_is_refused():
    for url in ("localhost:8000", "ftp://host/v1", "http://", "http://[::1"):
        done = invoke("a", "-e", "scripted:m", "--url", url, ok=False)
        assert done.exit_code == 2 and "expected http://HOST:PORT/v1" in done.output


# ----- store, budget, last line ----------------------------------------------------------------


def test_a_second_run_asks_nothing(tmp_path):
    line = last_line("a", "b", "--replies", tmp_path / "r")
    assert line == (
        f"2 questions: 2 answered; 220 tokens, 4.2e-05 USD; replies in {tmp_path / 'r'}"
    )
    line = last_line("a", "b", "c", "--replies", tmp_path / "r")
    assert line.startswith("3 questions: 3 answered (2 from the store); 110 tokens,")
    assert ScriptedChat.calls == ["a", "b", "c"]
    assert asked("a", "--replies", tmp_path / "r")["money"] == 0
    line = last_line("a", "--replies", tmp_path / "r")
    assert line.startswith("1 question: 1 answered (1 from the store); nothing was asked anew;")


def test_the_store_is_in_the_cache_by_default(tmp_path):
    assert last_line("a").endswith(f"replies in {tmp_path / 'cache' / 'replies'}")
    body = CliRunner().invoke(skulens, ["replies", "show", "--json"]).stdout
    assert json.loads(body)["runs"][0]["run"].startswith("caption 20")


def fail_some(ask: Ask) -> Reply:
    if about(ask) == "b":
        return Reply(ask.id, error="refused", reason="no")
    if about(ask) == "c":
        return Reply(ask.id, error="truncated", reason="cut", usage=answer(ask).usage)
    return answer(ask)


def test_failures_are_counted_and_asked_again_by_class(monkeypatch):
    monkeypatch.setattr(ScriptedChat, "script", staticmethod(fail_some))
    found = asked("a", "b", "c", "d")
    assert (found["questions"], found["answered"], found["from_store"]) == (4, 2, 0)
    assert found["failed"] == {"refused": 1, "truncated": 1}
    assert found["tokens"]["input_tokens"] == 300
    line = last_line("a", "b", "c", "--ask-again", "truncated")
    assert "1 answered (1 from the store), 2 failed (1 refused, 1 truncated" in line
    assert "1 of them stored before: --ask-again CLASS" in line
    assert ScriptedChat.calls == ["a", "b", "c", "d", "c"]


def test_a_model_without_a_price_costs_an_unknown_sum():
    line = last_line("a", engine="scripted:unheard-of")
    assert "110 tokens, money unknown: no price for openai:unheard-of, see --prices" in line
    found = json.loads(invoke("b", "-e", "scripted:unheard-of", "--json").stdout)
    assert (found["money"], found["currency"]) == (None, None)


def test_answers_without_tokens_are_said(monkeypatch):
    bare = staticmethod(lambda ask: Reply(ask.id, "text"))
    monkeypatch.setattr(ScriptedChat, "script", bare)
    line = last_line("a")
    assert "0 tokens (1 answer without a count), money unknown: the server reported no" in line


def test_a_budget_stops_the_run_and_the_last_line_is_still_said(tmp_path):
    done = invoke(
        "a", "b", "c", "d", "-e", "scripted:gpt-4o-mini", "--budget-tokens", 200, ok=False
    )
    assert isinstance(done.exception, BudgetReached)
    assert "220 of 200 tokens" in str(done.exception)
    assert "2 answered, 2 not asked; 220 tokens" in done.stderr
    assert ScriptedChat.calls == ["a", "b"]
    assert last_line("a", "b", "c", "d").startswith("4 questions: 4 answered (2 from the store)")


def test_a_budget_in_money_needs_a_price(tmp_path):
    error = refused("a", "-e", "scripted:unheard-of", "--budget-money", 5)
    assert isinstance(error, ChatError) and "needs a price" in str(error)
    table = tmp_path / "own.csv"
    table.write_text("model,input,output\nunheard-of,10000,0\n")  # 1 per question
    done = invoke("a", "b", "c", "-e", "scripted:unheard-of", "--budget-money", 2, "--prices",
                  table, ok=False)  # fmt: skip
    assert isinstance(done.exception, BudgetReached) and ScriptedChat.calls == ["a", "b"]


def test_bad_prices_and_budgets_stop_at_the_door(tmp_path):
    table = tmp_path / "own.csv"
    table.write_text("model,input,output\nm,x,0\n")
    error = refused("a", "-e", "scripted:m", "--prices", table)
    assert isinstance(error, DataError) and "line 2" in str(error)
    for words in (["--budget-tokens", 0], ["--budget-money", -1], ["--concurrency", 0]):
        assert invoke("a", "-e", "scripted:m", *words, ok=False).exit_code == 2
    assert not ScriptedChat.calls and not (tmp_path / "cache").exists()


def test_what_is_opened_is_a_chat(tmp_path):
    from skulens.protocols import Chat

    with Asking("scripted:gpt-4o-mini", replies=tmp_path / "r").open("x", bar=False) as asked:
        assert isinstance(asked, Chat) and not asked.writes_batch
        assert asked.info.name == "openai:gpt-4o-mini"
        assert [r.text for r in asked.ask([Ask("a", ("b",))])] == ["answer to b"]
        assert [r.cached for r in asked.ask([Ask("c", ("b",)), Ask("d", ("e",))])] == [True, False]
    assert asked.last_line().startswith("3 questions: 3 answered (1 from the store)")


def test_closing_the_replies_closes_the_engine(tmp_path, monkeypatch):
    closed = []

    def ask(self, questions):
        try:
            for question in questions:
                yield answer(question)
        finally:
            closed.append(True)

    monkeypatch.setattr(ScriptedChat, "ask", ask)
    with Asking("scripted:m", replies=tmp_path / "r").open("x") as asked:
        replies = asked.ask(Ask(str(n), (str(n),)) for n in range(1000))
        next(replies)
        replies.close()
        assert closed and asked.answered == 1


def test_a_server_that_dies_leaves_what_was_answered(monkeypatch):
    def die(ask):
        if about(ask) == "c":
            raise ChatError("the server is gone")
        return answer(ask)

    monkeypatch.setattr(ScriptedChat, "script", staticmethod(die))
    done = invoke("a", "b", "c", "-e", "scripted:gpt-4o-mini", ok=False)
    assert str(done.exception) == "the server is gone"
    assert "2 answered, 1 not asked" in done.stderr
    monkeypatch.setattr(ScriptedChat, "script", staticmethod(answer))
    assert last_line("a", "b", "c").startswith("3 questions: 3 answered (2 from the store)")


def test_a_stop_at_the_door_says_no_more_than_why(monkeypatch):
    def nobody(_):
        raise ChatError("nobody listens")

    monkeypatch.setattr(ScriptedChat, "script", staticmethod(nobody))
    assert invoke("a", "-e", "scripted:m", ok=False).stderr == ""


def test_sums_are_short():
    assert [short(n) for n in (0, 9_999, 45_120, 999_400, 1_234_567, 3_400_000_000)] == [
        "0", "9,999", "45.1 k", "999.4 k", "1.2 M", "3.4 G",
    ]  # fmt: skip


# ----- batch files -----------------------------------------------------------------------------


def answered(folder, out):
    """What a server makes of the request files."""
    with out.open("w") as f:
        for path in sorted(folder.glob("requests-*.jsonl")):
            for line in path.read_text().splitlines():
                request = json.loads(line)
                about = request["body"]["messages"][-1]["content"]
                body = {
                    "choices": [{"message": {"content": f"on {about}"}, "finish_reason": "stop"}],
                    "usage": {"prompt_tokens": 10, "completion_tokens": 1},
                }
                response = {"status_code": 200, "body": body}
                f.write(json.dumps({"custom_id": request["custom_id"], "response": response}))
                f.write("\n")


def test_written_answered_imported_then_nothing_is_asked(tmp_path):
    last_line("a")
    folder = tmp_path / "batch"
    line = last_line("a", "b", "c", "c", "--batch", folder)
    assert line.startswith(
        "4 questions: 1 in the store, 2 written, 1 equal to another; 1 file (0.0"
    )
    assert f"`skulens replies import {folder} RESULTS`" in line
    answered(folder, tmp_path / "out.jsonl")
    done = CliRunner().invoke(
        skulens, ["replies", "import", str(folder), str(tmp_path / "out.jsonl")]
    )
    assert done.stdout.startswith("2 questions: 2 answered; replies in ")
    found = asked("a", "b", "c")
    assert (found["from_store"], found["answered"]) == (3, 3)
    assert found["replies_seen"]["b"] == "on about b"
    assert ScriptedChat.calls == ["a"]
    line = last_line("a", "b", "c", "--batch", tmp_path / "second")
    assert line == "3 questions: 3 in the store, 0 written; nothing is left to ask"
    assert not (tmp_path / "second").exists()


def test_batch_files_in_json(tmp_path):
    found = asked("a", "b", "--batch", tmp_path / "batch")["batch"]
    assert (found["questions"], found["repeated"], found["unsendable"]) == (2, 0, {})
    assert asked("a", "--batch", tmp_path / "more")["replies_seen"] == {}
    assert found["files"] == [str(tmp_path / "batch" / "requests-0001.jsonl")]


def test_no_server_is_needed_to_write(monkeypatch, tmp_path):
    assert built(monkeypatch, "a", "--batch", tmp_path / "b") == {"check": False}


def test_batch_files_are_refused_at_the_door(tmp_path):
    folder = tmp_path / "batch"
    last_line("a", "--batch", folder)
    assert "not an empty folder" in str(refused("a", "-e", "scripted:m", "--batch", folder))
    said = str(refused("a", "-e", "plain", "--batch", tmp_path / "new"))
    assert "no batch files: they are for openai:MODEL" in said
    said = str(refused("a", "-e", "scripted:m", "--batch", tmp_path / "new", "--budget-tokens", 5))
    assert "no budget can be kept" in said
    assert not (tmp_path / "new").exists()


def test_a_command_that_fails_writes_no_batch(tmp_path):
    @click.command()
    @engine_options
    def broken(asking) -> None:
        with asking.open("caption") as asked:
            list(asked.ask(Ask(str(n), ("x" * n,)) for n in range(3)))
            raise RuntimeError("broke")

    words = ["-e", "scripted:m", "--batch", str(tmp_path / "batch")]
    assert isinstance(CliRunner().invoke(broken, words).exception, RuntimeError)
    assert [p.name for p in tmp_path.iterdir()] == ["cache"]


def test_import_says_what_is_wrong(tmp_path):
    folder = tmp_path / "batch"
    last_line("a", "b", "c", "--batch", folder)
    answered(folder, tmp_path / "out")
    first, second, _ = (tmp_path / "out").read_text().splitlines(True)
    (tmp_path / "part").write_text(first + second[:50])
    words = ["replies", "import", str(folder), str(tmp_path / "part")]
    done = CliRunner().invoke(skulens, words)
    assert "part line 2: the file is cut in this line; fetch the file again" in done.stderr
    assert "1 answered, 1 line left out, 2 without a result (such as b, c)" in done.stdout
    found = json.loads(CliRunner().invoke(skulens, [*words, "--json"]).stdout)
    assert (found["known"], found["missing"], found["missing_items"]) == (1, 2, ["b", "c"])
    assert found["rejects"][0]["source"].endswith("part line 2")
    done = CliRunner().invoke(skulens, ["replies", "import", str(folder)])
    assert done.exit_code == 2 and "RESULTS" in done.output


# ----- help ------------------------------------------------------------------------------------


def test_every_option_has_help_and_the_issue_names_them_all():
    options = {p.opts[0]: p for p in command.params if isinstance(p, click.Option)}
    assert all(p.help for p in options.values())
    named = "engine url key-env revision server concurrency timeout deadline max-tokens temperature"
    named += " picture-px replies ask-again budget-tokens budget-money prices batch no-canary"
    assert {f"--{name}" for name in named.split()} <= set(options)
    assert "--api-key" not in CliRunner().invoke(command, ["--help"]).output
