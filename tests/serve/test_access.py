"""Tokens, names of the host, headers: who may ask, and what nobody may see."""

import json
import logging
import stat
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from skulens.cli import skulens
from skulens.errors import DataError, MissingFile
from skulens.serve.door.access import Tokens, make_token, read_tokens, scope_needed, withdraw_token
from skulens.serve.door.envelope import ACCESS
from skulens.serve.settings import Settings
from tests.serve.fakes import make_shop
from tests.serve.talking import served

RED = {"item": [{"text": "red"}]}


@pytest.fixture
def file(tmp_path):
    return tmp_path / "tokens.json"


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def test_a_token_is_kept_as_a_hash_that_only_its_owner_reads(file):
    token = make_token(file, "ann", ["read"])
    assert token not in file.read_text() and len(token) > 40
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert Tokens(file).scopes_of(token) == {"read"}
    assert not Tokens(file).scopes_of(token + "x") and not Tokens(file).scopes_of("")


def test_an_expired_token_opens_nothing(file):
    token = make_token(file, "ann", ["read", "write"], days=1)
    tokens = Tokens(file)
    assert tokens.scopes_of(token) == {"read", "write"}
    record = json.loads(file.read_text())
    record["tokens"][0]["expires"] = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    file.write_text(json.dumps(record))
    assert tokens.scopes_of(token) == frozenset()  # and the change was noticed


def test_a_token_withdrawn_is_refused_at_once_and_a_torn_file_lets_nobody_in(file):
    ann, bob = make_token(file, "ann", ["read"]), make_token(file, "bob", ["read"])
    tokens = Tokens(file)
    withdraw_token(file, "ann")
    assert not tokens.scopes_of(ann) and tokens.scopes_of(bob) == {"read"}
    file.write_text('{"tokens": [')
    assert not tokens.scopes_of(bob)
    file.unlink()
    assert not tokens.scopes_of(bob)


@pytest.mark.parametrize(
    ("name", "scopes", "days", "said"),
    [
        ("ann", ["read"], 0, "has a token 'ann'"),
        ("a b", ["read"], 0, "letters, digits"),
        ("bob", ["all"], 0, "scopes are read and write"),
        ("bob", [], 0, "scopes are read and write"),
        ("bob", ["read"], -1, "days are from 0"),
        ("bob", ["read"], 1e9, "days are from 0"),
        ("bob", ["read"], float("nan"), "days are from 0"),
    ],
)
def test_tokens_that_cannot_be_made(file, name, scopes, days, said):
    make_token(file, "ann", ["read"])
    with pytest.raises(DataError, match=said):
        make_token(file, name, scopes, days)
    assert len(read_tokens(file)) == 1


def test_files_that_have_no_tokens(file):
    with pytest.raises(MissingFile, match="serve-token"):
        Tokens(file)
    file.write_text('{"tokens": [{"name": "x"}]}')
    with pytest.raises(DataError, match="not a file of tokens"):
        Tokens(file)


def test_reading_writing_and_nothing_at_all(file):
    read, write = make_token(file, "r", ["read"]), make_token(file, "w", ["read", "write"])
    with served(make_shop(), tokens=Tokens(file)) as (client, _):
        found = client.post("/v1/search", json=RED)
        assert found.status_code == 401 and found.json()["code"] == "unauthorised"
        assert found.headers["WWW-Authenticate"] == 'Bearer realm="skulens"'
        for wrong in (bearer("sku_wrong"), {"Authorization": f"Basic {read}"}):
            found = client.post("/v1/search", json=RED, headers=wrong)
            assert found.status_code == 401
            assert 'error="invalid_token"' in found.headers["WWW-Authenticate"]
        assert client.post("/v1/search", json=RED, headers=bearer(read)).status_code == 200
        found = client.delete("/v1/products/r1", headers=bearer(read))
        assert found.status_code == 403
        assert 'scope="write"' in found.headers["WWW-Authenticate"]
        found = client.post("/v1/products:delete", json={"ids": []}, headers=bearer(read))
        assert found.status_code == 403
        assert client.delete("/v1/nowhere", headers=bearer(write)).status_code == 404
        assert client.get("/metrics").status_code == 401
        for path in ("/", "/livez", "/readyz", "/openapi.json"):
            assert client.get(path).status_code == 200, path


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/v1/products", "read"),
        ("POST", "/v1/search", "read"),
        ("POST", "/v1/products:batchUpsert", "write"),
        ("POST", "/v1/products:delete", "write"),
        ("DELETE", "/v1/products/r1", "write"),
        ("PUT", "/v1/products/r1", "write"),
        ("GET", "/v1/products/products:delete", "read"),
        ("GET", "/page/page.js", ""),
        ("POST", "/page/page.js", "read"),
        ("GET", "/pages", "read"),
    ],
)
def test_what_needs_which_scope(method, path, scope):
    assert scope_needed(method, path) == scope


def test_no_token_and_no_query_is_in_the_log(file, caplog):
    token = make_token(file, "ann", ["read"])
    caplog.set_level(logging.DEBUG)
    with served(make_shop(), tokens=Tokens(file)) as (client, _):
        client.post("/v1/search?secret=1", json=RED, headers=bearer(token))
        client.post("/v1/search", json=RED, headers=bearer("sku_wrong"))
        client.get("/v1/products/line%0Abreak", headers=bearer(token))
    lines = [json.loads(r.getMessage()) for r in caplog.records if r.name == ACCESS.name]
    assert [line["status"] for line in lines] == [200, 401, 404]
    assert lines[0]["route"] == "/v1/search" and lines[0]["ms"] > 0 and lines[0]["bytes"] > 0
    assert lines[2]["path"] == "/v1/products/line\nbreak"
    said = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("skulens"))
    assert not any(one in said for one in (token, "sku_wrong", "secret", "red"))


def test_another_name_of_this_server_is_refused():
    with served(make_shop(), Settings(hosts=("localhost", "127.0.0.1", "[::1]"))) as (client, _):
        for name in ("evil.example", "127.0.0.1.evil.example", "", "localhost@evil", "[::1].evil"):
            found = client.get("/livez", headers={"Host": name})
            assert found.status_code in (400, 421), name
        for name in ("localhost", "LOCALHOST:8765", "[::1]:80", "127.0.0.1"):
            assert client.get("/livez", headers={"Host": name}).status_code == 200, name


def test_pages_of_other_sites_write_nothing():
    with served(make_shop()) as (client, _):
        for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 404)):
            found = client.delete("/v1/nowhere", headers={"Sec-Fetch-Site": site})
            assert found.status_code == status


def test_where_browsers_name_only_the_origin_it_counts():
    with served(make_shop()) as (client, _):
        own = str(client.base_url)
        for origin, status in (("http://evil.example", 403), ("null", 403), (own, 404)):
            found = client.delete("/v1/nowhere", headers={"Origin": origin})
            assert found.status_code == status, origin


def test_every_answer_has_the_headers_that_protect_it():
    with served(make_shop()) as (client, _):
        for path in ("/", "/livez", "/nowhere", "/v1/thumbnails/r1"):
            headers = client.get(path).headers
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert "script-src 'self'" in headers["Content-Security-Policy"]
            assert "unsafe" not in headers["Content-Security-Policy"]
            assert "form-action 'self'" in headers["Content-Security-Policy"]
            assert headers["Referrer-Policy"] and headers["X-Frame-Options"] == "DENY"


def test_the_command_shows_a_token_once(file):
    run = CliRunner().invoke
    made = run(skulens, ["serve-token", str(file), "--name", "ann", "--scope", "write"])
    token = made.stdout.strip()
    assert made.exit_code == 0 and Tokens(file).scopes_of(token) == {"write"}
    listed = run(skulens, ["serve-token", str(file)])
    assert "ann  write  for good" in listed.stdout and token not in listed.output
    assert run(skulens, ["serve-token", str(file), "--withdraw", "ann"]).exit_code == 0
    assert Tokens(file).scopes_of(token) == frozenset()


def test_no_listening_beyond_this_machine_without_tokens(tmp_path):
    found = CliRunner().invoke(skulens, ["serve", str(tmp_path), "--host", "0.0.0.0"])
    assert found.exit_code == 2 and "--tokens" in found.output and "--insecure" in found.output
