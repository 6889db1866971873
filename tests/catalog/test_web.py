"""Servers that lie, stall and lead astray; and slow lines that are honest."""

import json
from unittest import mock

import pytest

from skulens.catalog.fetch import download as d
from skulens.catalog.fetch import sources, web
from skulens.errors import DataError, MissingFile, SkulensError

from ..hostile import downloads as hostile
from ..hostile.downloads import BODY, OTHER, SHA, Request, Server, honest, impatient, remote
from ..hostile.field import Verdict, outcome
from .conftest import put

CASES = {case.name: case for case in hostile.cases(40, 1)}
HANDLED = {"honest", "honest, size known", "honest, no length", "honest, chunked", "hub, honest"} | {
    *("cut, then honest", "range from 0", "range from elsewhere", "range of another total"),
    *("range not said", "range of parts", "changed, no ETag", "changed, weak ETag"),
    *("changed, honest", "416 for what is left", "redirect here", "no length, cut"),
    *("record is cut", "record is a list", "record holds a word", "record is no Unicode"),
    *("part without its state", "part with a damaged state", "state of another kind"),
    *("changed, other ETag, If-Range ignored", "changed, other date, If-Range ignored"),
}  # fmt: skip
"""What ends with the right file; all others are refused by name."""


@pytest.mark.parametrize("name", CASES)
def test_a_server_that_misbehaves(tmp_path, name):
    found = outcome(CASES[name], tmp_path)
    if name.startswith("lots"):
        assert found.verdict in (Verdict.HANDLED, Verdict.NAMED), found
    else:
        assert found.verdict is (Verdict.HANDLED if name in HANDLED else Verdict.NAMED), found


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("endless", "sends more than the 1,048,576 bytes"),
        ("endless, size known", "sends more than the 200,000 bytes"),
        ("slow body", r"fewer than 61,440 bytes came in 0\.6 s"),
        ("slow headers", r"no whole answer came in 0\.6 s"),
        ("redirect to another host", "redirects to another host, localhost"),
        ("redirect to the network", "only https is followed"),
        ("length is a word", "no length: 'abc'"),
        ("a range that nobody asked for", "another part than we asked for"),
        ("there, other bytes", "sha256 is .* move it away to fetch it again"),
        ("there, other size", "1 bytes, expected 200,000; move it away"),
        ("hub, next page is a file", "next page on another host, file:"),
        ("hub, endless listing", "more than 33,554,432 bytes"),
        ("hub, commit is a path", "'../../x' is no commit"),
        ("hub, next page is this page", "names 'queries-a.json' twice"),
    ],
)
def test_the_error_says_what_was_wrong(tmp_path, name, reason):
    with pytest.raises(SkulensError, match=reason):
        CASES[name].run(tmp_path)


def test_a_listing_is_not_read_further_than_its_bound(monkeypatch):
    sent = []

    def endless(r: Request) -> None:
        r.answer()
        for _ in range(1000):
            r.send(b" " * 65_536)
            sent.append(65_536)

    monkeypatch.setattr(web, "REPLY_BYTES", 1 << 16)
    with impatient(), Server(endless) as server, pytest.raises(ValueError, match="more than"):
        web.read_listing(server.url, ())
    assert sum(sent) < 32 << 20  # what fits into the buffers between us


def fetch(server, folder, **known):
    return d.download(remote(f"{server.url}/f.bin", **known), folder, wait_s=0)


def test_a_file_without_a_length_is_on_record_as_perhaps_cut(tmp_path, capsys):
    with impatient(), Server(lambda r: r.answer(BODY[:777])) as server:
        fetch(server, tmp_path)
    record = json.loads((tmp_path / "downloads.json").read_text())["f.bin"]
    assert record["end"] == "cannot be known: the answer had no length"
    assert "f.bin: whether it is whole cannot be known" in capsys.readouterr().err
    with impatient(), Server(lambda r: r.answer(BODY)) as server:
        (tmp_path / "known").mkdir()
        fetch(server, tmp_path / "known", sha256=SHA)
    assert not capsys.readouterr().err


def test_bytes_are_on_disk_as_they_come(tmp_path):
    """A kill loses what is on the way, not a buffer of a megabyte."""

    def stall(r: Request) -> None:
        r.answer(BODY[:1000], Content_Length=len(BODY), ETag='"one"')
        r.server.ended.wait(3)

    with impatient(), Server(stall) as server, mock.patch.object(d, "TRIES", 1):
        with pytest.raises(MissingFile):
            fetch(server, tmp_path)
        assert (tmp_path / "f.bin.part").read_bytes() == BODY[:1000]


def test_a_slow_line_that_is_fast_enough_lives(tmp_path, monkeypatch):
    """Longer than the window in all, and 2,000 bytes of 500 needed in each."""

    def slow(r: Request) -> None:
        r.answer(Content_Length=40_000)
        for start in range(0, 40_000, 1000):
            r.send(BODY[start : start + 1000])
            r.server.ended.wait(0.05)

    with impatient(), Server(slow) as server:
        monkeypatch.setattr(web, "WINDOW_S", 1.0)
        monkeypatch.setattr(web, "WINDOW_BYTES", 2000)
        assert fetch(server, tmp_path).read_bytes() == BODY[:40_000]
        assert server.requests == 1


def test_a_date_resumes_as_a_strong_etag_does(tmp_path):
    date, asked = {"Last_Modified": "Mon, 01 Jan 2024 00:00:00 GMT"}, []

    def behave(r: Request) -> None:
        asked.append((r.start, r.if_range))
        if r.ranged:
            said = f"bytes {r.start}-{len(BODY) - 1}/{len(BODY)}"
            r.answer(BODY[r.start :], "206 Partial", Content_Range=said, **date)
        else:
            r.answer(BODY[:5000], Content_Length=len(BODY), **date)

    with impatient(), Server(behave) as server:
        assert fetch(server, tmp_path).read_bytes() == BODY
    assert asked == [(0, ""), (5000, date["Last_Modified"])]


@pytest.mark.parametrize(
    ("said", "asked"),
    [({}, [0, 0]), ({"ETag": 'W/"one"'}, [0, 0]), ({"ETag": '"one"'}, [0, 120_000, 0])],
)
def test_what_nobody_vouches_for_starts_again(tmp_path, said, asked):
    """No validator: not even asked for a part. A part of a file of another size: not taken."""
    starts = []

    def behave(r: Request) -> None:
        starts.append(r.start if r.ranged else 0)
        if r.ranged:
            r.answer(BODY[120_000:], "206 P", Content_Range="bytes 120000-199999/300000", **said)
        else:
            cut = 120_000 if r.number == 1 else None
            r.answer(BODY[:cut], Content_Length=len(BODY), **said)

    with impatient(), Server(behave) as server:
        assert fetch(server, tmp_path).read_bytes() == BODY
    assert starts == asked


def test_a_kill_before_the_first_byte_leaves_no_part_of_another_file(tmp_path, monkeypatch):
    put(tmp_path / "f.bin.part", OTHER[:9])

    def killed(part, state):
        raise KeyboardInterrupt

    monkeypatch.setattr(d, "write_state", killed)
    with impatient(), Server(honest) as server, pytest.raises(KeyboardInterrupt):
        fetch(server, tmp_path)
    assert not (tmp_path / "f.bin.part").exists()


def test_a_file_that_differs_from_its_record_is_named(tmp_path):
    with impatient(), Server(honest) as server:
        fetch(server, tmp_path)
        put(tmp_path / "f.bin", OTHER)
        with pytest.raises(DataError, match="sha256 is .*, expected .*; move it away"):
            fetch(server, tmp_path)
    assert (tmp_path / "f.bin").read_bytes() == OTHER


def test_a_damaged_record_is_kept_aside(tmp_path, capsys):
    put(tmp_path / "downloads.json", b'{"a": 5}')
    with impatient(), Server(honest) as server:
        fetch(server, tmp_path)
    kept = [p for p in tmp_path.iterdir() if p.name.startswith("downloads.json.damaged-")]
    assert [p.read_bytes() for p in kept] == [b'{"a": 5}']
    assert f"it is kept as {kept[0].name}" in capsys.readouterr().err
    assert list(json.loads((tmp_path / "downloads.json").read_text())) == ["f.bin"]


def test_a_size_that_the_server_claims_is_bounded(tmp_path):
    with (
        impatient(),
        Server(lambda r: r.answer(b"x", Content_Length=1 << 40)) as server,
        pytest.raises(DataError, match="we take at most 1,048,576 for f.bin"),
    ):
        fetch(server, tmp_path)


@pytest.mark.parametrize(
    ("first", "location", "hosts", "led"),
    [
        ("https://a.org/x", "/y z", (), "https://a.org/y%20z"),
        ("https://a.org/x", "https://a.org:444/y", (), None),
        ("https://a.org/x", "http://a.org/y", (), None),
        ("https://a.org/x", "http://127.0.0.1/y", ("*",), None),
        ("https://a.org/x", "https://b.org/y", (), None),
        ("https://a.org/x", "https://b.org/y", ("b.org",), "https://b.org/y"),
        ("https://a.org/x", "https://evilb.org/y", ("b.org", "*.b.org"), None),
        ("https://a.org/x", "https://c.b.org/y", ("*.b.org",), "https://c.b.org/y"),
        ("https://a.org/x", "https://a.org@b.org/y", ("*a.org@*",), None),
        ("https://a.org/x", "https://me:pw@a.org/y", (), None),
        ("http://127.0.0.1/x", "http://127.0.0.1/y", (), "http://127.0.0.1/y"),
        ("http://127.0.0.1/x", "http://10.0.0.1/y", ("*",), None),
        ("https://a.org/x", "", (), None),
    ],
)
def test_where_a_redirect_may_lead(first, location, hosts, led):
    if led:
        assert web.follow(first, first, location, hosts) == led
    else:
        with pytest.raises(DataError, match="redirects to"):
            web.follow(first, first, location, hosts)


@pytest.mark.parametrize(
    "url",
    ["http://a.org/x", "ftp://a.org/x", "file:///x", "x", "https://me:pw@a.org/x", "https:///x",
     "https://a.org:port/x", "http://127.0.0.1.a.org/x"],
)  # fmt: skip
def test_addresses_that_are_not_fetched(tmp_path, url):
    with impatient(), pytest.raises(DataError, match="not an address"):
        d.download(d.RemoteFile("f", url), tmp_path)


def test_the_users_address_names_its_hosts_too(monkeypatch):
    archive = sources.SOURCES["openmpr"].archives[0]
    assert sources.readdress(archive, "openmpr") is archive
    monkeypatch.setenv("SKULENS_URL_OPENMPR", "https://mirror.org/o.tgz cdn.mirror.org")
    given = sources.readdress(archive, "openmpr")
    assert (given.url, given.hosts) == ("https://mirror.org/o.tgz", ("cdn.mirror.org",))
    assert given.most == archive.most
