"""Before the first question: address, key, server, model."""

import socket
import ssl

import pytest

pytest.importorskip("openai")

import openai

from skulens.chat.http.door import HOSTED, Address, describe_connection, is_served, read_address
from skulens.chat.openai import OpenAIChat
from skulens.errors import ChatError
from skulens.protocols import Ask
from tests.chat.scripted_server import MODEL, Say, complaint, completion, free_port, serve

ASK = Ask("1", ("hello",))


def ask(url: str, model: str = MODEL, **options) -> list:
    return list(OpenAIChat(model, url, wait_s=0.001, **options).ask([ASK]))


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def no_names(monkeypatch):
    """No name server is asked."""

    def fail(*args, **kwargs):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("localhost:8000/v1", "http://"),
        ("127.0.0.1/v1", "http://"),
        ("ftp://host/v1", "http://"),
        ("http://", "http://"),
        ("http://host:no/v1", "no address"),
        ("http://[::1/v1", "no address"),
        ("http://me:pass@host/v1", "user name or password"),
        ("http://me@host/v1", "user name or password"),
        ("http://host/v1?key=1", "up to /v1"),
        ("http://host/v1/chat/completions", "give its base, http://host/v1$"),
        ("https://host/v1/models/", "give its base, https://host/v1$"),
    ],
)
def test_what_is_no_address_says_what_to_write(url, words):
    with pytest.raises(ChatError, match=words) as caught:
        OpenAIChat("m", url)
    assert "pass" not in str(caught.value).replace("password", "")


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("http://Host:8000/v1/", "http://host:8000/v1"),
        (" https://host/v1 ", "https://host/v1"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("http://host", "http://host"),
        ("", HOSTED),
    ],
)
def test_addresses_have_one_form(url, read):
    assert read_address(url).url == read


def test_the_environment_names_the_server(monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://elsewhere:1/v1")
    assert OpenAIChat("m").address.url == "http://elsewhere:1/v1"
    assert OpenAIChat("m", "http://here/v1").address.url == "http://here/v1"


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("http://localhost/v1", True),
        ("http://127.0.0.1:8000/v1", True),
        ("http://10.0.0.7/v1", True),
        ("http://[::1]/v1", True),
        ("http://gpu-box/v1", True),
        ("http://gpu.local/v1", True),
        ("http://api.example.com/v1", False),
        ("http://8.8.8.8/v1", False),
    ],
)
def test_private_addresses_are_told_from_public_ones(url, private):
    assert read_address(url).is_private == private


def test_the_hosted_server_needs_a_key_and_only_when_asked():
    engine = OpenAIChat("m", key_env="MY_KEY")
    assert engine.info.about["url"] == HOSTED
    with pytest.raises(ChatError, match=r"\$MY_KEY is not set"):
        list(engine.ask([ASK]))
    with pytest.raises(ChatError, match=r"\$OPENAI_API_KEY is not set"):
        list(OpenAIChat("m", key_env="", check=False).ask([ASK]))


def test_a_local_server_gets_a_placeholder_or_the_key(monkeypatch):
    with serve() as server:
        ask(server.url)
        monkeypatch.setenv("OPENAI_API_KEY", " secret-1234 \n")
        ask(server.url)
    sent = [r.headers["authorization"] for r in server.requests]
    assert sent == ["Bearer none", "Bearer secret-1234"]


@pytest.mark.parametrize("key", ["two words", "new\nline", "schl\u00fcssel"])
def test_what_cannot_be_a_key_is_not_shown(key, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(ChatError, match=r"\$OPENAI_API_KEY is no key") as caught:
        ask("http://localhost/v1")
    assert key not in str(caught.value)


def test_a_key_over_plain_http_to_a_public_host_is_warned_about(monkeypatch, no_names):
    monkeypatch.setenv("OPENAI_API_KEY", "secret-1234")
    with (
        pytest.warns(UserWarning, match="unencrypted"),
        pytest.raises(ChatError, match="not known"),
    ):
        ask("http://no-such-host.invalid/v1")


# ----- nobody there ---------------------------------------------------------------------------


def test_a_server_that_is_not_there_is_named():
    url = f"http://127.0.0.1:{free_port()}/v1"
    with pytest.raises(ChatError, match=f"nobody listens at {url}"):
        ask(url)


def test_a_host_that_does_not_exist_is_named(no_names):
    with pytest.raises(ChatError, match=r"'no-such-host\.invalid'.*not known"):
        ask("http://no-such-host.invalid/v1")


def test_http_is_no_https():
    with serve() as server, pytest.raises(ChatError, match="http:// only"):
        ask(server.url.replace("http:", "https:"))


def test_a_connection_that_is_cut_is_named():
    with serve(models=Say(hang_up=True)) as server, pytest.raises(ChatError, match="failed"):
        ask(server.url)


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (ssl.SSLCertVerificationError("self-signed"), "certificate"),
        (ssl.SSLError("wrong version number"), "http:// only"),
        (ConnectionRefusedError(), "nobody listens"),
        (ExceptionGroup("many", [OSError("a"), ConnectionRefusedError()]), "nobody listens"),
        (socket.gaierror(-2, "Name or service not known"), "not known"),
        (OSError("no route to host"), "no route to host"),
    ],
)
def test_reasons_of_failed_connections(cause, words):
    error = openai.APIConnectionError(request=None)
    error.__cause__ = cause
    assert words in describe_connection(error, Address("https://host/v1"))


def test_a_proxy_is_mentioned(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://me:pass@proxy")
    error = openai.APIConnectionError(request=None)
    said = describe_connection(error, Address("http://host/v1"))
    assert "$HTTP_PROXY" in said and "pass" not in said


# ----- what the list of models says -------------------------------------------------------------


def test_an_unknown_model_is_named_with_the_nearest():
    models = Say({"data": [{"id": i} for i in ("Qwen/Qwen3-VL-8B", "llava", "b")]})
    with serve(models=models) as server:
        with pytest.raises(ChatError, match=r"no model 'Qwen/Qwen3-VL-7B'; nearest: Qwen/Qwen3-VL"):
            ask(server.url, "Qwen/Qwen3-VL-7B")
        with pytest.raises(ChatError, match="it serves: .*llava"):
            ask(server.url, "zzzzzzzz")
        assert server.requests == []
        assert ask(server.url, "zzzzzzzz", check=False)[0].error == ""


def test_patterns_of_gateways_are_understood():
    assert is_served("openai/gpt", ["anthropic/*", "openai/*"])
    assert not is_served("gpt", ["anthropic/*", "openai/*"])
    assert is_served("a[1]", ["a[1]"])


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_named_by_its_variable(status, monkeypatch):
    with serve(models=Say(complaint("who are you?"), status)) as server:
        with pytest.raises(ChatError, match=r"without a key; set \$OPENAI_API_KEY"):
            ask(server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "secret-1234")
        with pytest.raises(ChatError, match=rf"refuses the key in \$OPENAI_API_KEY \({status}\)"):
            ask(server.url)


@pytest.mark.parametrize(
    "models",
    [
        Say(b"", 404),
        Say(b"", 405),
        Say(complaint("broken"), 500),
        Say(complaint("loading"), 503),
        Say({"data": []}),
        Say({"models": [{"name": MODEL}]}),
        Say([{"id": MODEL}]),
    ],
    ids=lambda s: f"{s.status} {s.data[:20]!r}",
)
def test_servers_without_a_usable_list_are_asked_all_the_same(models):
    with serve(models=models) as server:
        assert ask(server.url)[0].error == ""


def test_without_a_list_the_first_answer_decides():
    said = Say(complaint("The model `a-model` does not exist", code="model_not_found"), 404)
    with (
        serve(said, models=Say(b"", 404)) as server,
        pytest.raises(ChatError, match="does not exist"),
    ):
        ask(server.url)


def test_a_forgotten_v1_is_found():
    def models(path):
        return Say({"data": [{"id": MODEL}]}) if path == "/v1/models" else Say(b"", 404)

    with serve(models=models) as server:
        base = server.url.removesuffix("/v1")
        with pytest.raises(ChatError, match=f"answers at {server.url}, use that"):
            ask(base)


def test_a_web_page_is_no_api():
    def models(path):
        return Say({"data": [{"id": MODEL}]}) if path == "/v1/models" else Say(b"<html>")

    with serve(models=models) as server, pytest.raises(ChatError, match="answers at .*/v1"):
        ask(server.url.removesuffix("/v1"))
    with serve(models=Say(b"<html>")) as server, pytest.raises(ChatError, match="web page"):
        ask(server.url)


def test_redirects_are_told_and_not_followed(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "secret-1234")
    with serve() as other:
        moved = Say(b"", 301, {"Location": f"{other.url}/models"})
        with serve(completion(), moved) as server, pytest.raises(ChatError, match=other.url):
            ask(server.url)
        assert other.paths == []


def test_the_door_is_passed_once_and_tried_again_after_it_was_shut():
    shut = [True]

    def models(path):
        return Say(b"", 401) if shut[0] else Say({"data": [{"id": MODEL}]})

    with serve(models=models) as server:
        engine = OpenAIChat(MODEL, server.url)
        with pytest.raises(ChatError):
            list(engine.ask([ASK]))
        shut[0] = False
        assert [r.error for _ in range(3) for r in engine.ask([ASK])] == [""] * 3
    assert server.paths.count("/v1/models") == 2
