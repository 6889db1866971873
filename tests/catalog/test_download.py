"""Downloads against a server on this machine that cuts, lies, fails and comes back."""

import hashlib
import io
import json
import shutil
import tarfile
import threading
from collections import namedtuple
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from skulens.catalog.fetch import archives, disk, sources
from skulens.catalog.fetch import download as d
from skulens.catalog.open import open_catalog
from skulens.errors import DataError, MissingFile, StoreError

from .conftest import make_groceries, make_merit, put

BODY = bytes(range(256)) * 4000  # 1,024,000 bytes
SHA = hashlib.sha256(BODY).hexdigest()
COMMIT = "c0ffee" * 6 + "c0de"


class Server(ThreadingHTTPServer):
    """Files by path; `cuts` holds how many bytes each next answer may send; `seen` the requests."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.cuts, self.errors, self.seen = {"/f.bin": BODY}, [], [], []
        self.ranges, self.etag, self.pages = True, '"one"', {}
        self.content_range = "bytes {start}-{last}/{total}"
        self.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_):
        """A client that hangs up early is part of these tests."""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        server.seen.append((self.path, self.headers.get("Range")))
        if server.errors:
            return self.send_error(server.errors.pop(0))
        body = server.files.get(self.path)
        if body is None:
            return self.send_error(404)
        asked, status, total = self.headers.get("Range"), 200, len(body)
        fresh = self.headers.get("If-Range") in (None, server.etag)
        if asked and server.ranges and fresh:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            if start >= total:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{total}")
                self.end_headers()
                return None
            status, body = 206, body[start:]
        self.send_response(status)
        if status == 206:
            said = server.content_range.format(start=start, last=total - 1, total=total)
            self.send_header("Content-Range", said)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", server.etag)
        if link := server.pages.get(self.path):
            self.send_header("Link", f'<{link}>; rel="next"')
        self.end_headers()
        cut = server.cuts.pop(0) if server.cuts else len(body)
        self.wfile.write(body[:cut])
        return None

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.delenv("SKULENS_OFFLINE")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    for proxy in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(proxy, raising=False)
    with Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def remote(server, **known):
    return d.RemoteFile("sub/f.bin", f"{server.url}/f.bin", **known)


def get(server, folder, **known):
    return d.download(remote(server, **known), folder, wait_s=0)


def test_a_file_arrives_once_and_is_recorded(server, tmp_path):
    path = get(server, tmp_path)
    assert path == tmp_path / "sub/f.bin" and path.read_bytes() == BODY
    record = json.loads((tmp_path / "downloads.json").read_text())["sub/f.bin"]
    assert (record["sha256"], record["size"], record["checked"]) == (SHA, len(BODY), False)
    assert sorted(p.name for p in path.parent.iterdir()) == ["f.bin"], "nothing is left beside it"
    get(server, tmp_path)
    assert len(server.seen) == 1


def test_cuts_are_resumed_where_they_happened(server, tmp_path):
    server.cuts = [300_000, 200_000]
    assert get(server, tmp_path, size=len(BODY), sha256=SHA).read_bytes() == BODY
    assert [r for _, r in server.seen] == [None, "bytes=300000-", "bytes=500000-"]
    assert json.loads((tmp_path / "downloads.json").read_text())["sub/f.bin"]["checked"] is True


def test_a_later_call_goes_on_where_an_earlier_one_gave_up(server, tmp_path):
    server.cuts = [100_000] * d.TRIES
    with pytest.raises(MissingFile, match="run the command again to go on"):
        get(server, tmp_path)
    assert (tmp_path / "sub/f.bin.part").stat().st_size == 100_000 * d.TRIES and not (
        tmp_path / "sub/f.bin"
    ).exists()
    server.seen.clear()
    assert get(server, tmp_path).read_bytes() == BODY
    assert server.seen == [("/f.bin", f"bytes={100_000 * d.TRIES}-")]


def test_a_file_that_changed_meanwhile_starts_again(server, tmp_path):
    server.cuts = [400_000] + [0] * (d.TRIES - 1)
    with pytest.raises(MissingFile):
        get(server, tmp_path)
    server.files["/f.bin"], server.etag = BODY[::-1], '"two"'
    assert get(server, tmp_path).read_bytes() == BODY[::-1]


def test_a_server_without_ranges_starts_again(server, tmp_path):
    server.ranges, server.cuts = False, [400_000]
    assert get(server, tmp_path).read_bytes() == BODY


def test_a_part_of_another_address_is_not_continued(server, tmp_path):
    put(tmp_path / "sub/f.bin.part", b"x" * 1000)
    put(tmp_path / "sub/f.bin.part.json", json.dumps({"url": "http://elsewhere/f.bin", "etag": ""}))
    assert get(server, tmp_path).read_bytes() == BODY


@pytest.mark.parametrize("size", [None, len(BODY)])
def test_a_part_that_is_complete_is_only_checked(server, tmp_path, size):
    put(tmp_path / "sub/f.bin.part", BODY)
    state = {"url": f"{server.url}/f.bin", "etag": server.etag, "total": len(BODY)}
    put(tmp_path / "sub/f.bin.part.json", json.dumps(state))
    assert get(server, tmp_path, size=size, sha256=SHA).read_bytes() == BODY
    assert not server.seen


def test_a_part_that_the_server_calls_complete_is_fetched_anew(server, tmp_path):
    """416 says how long the file there is now, not that it is the one we began."""
    put(tmp_path / "sub/f.bin.part", BODY[::-1])
    state = {"url": f"{server.url}/f.bin", "etag": server.etag}
    put(tmp_path / "sub/f.bin.part.json", json.dumps(state))
    assert get(server, tmp_path).read_bytes() == BODY
    assert [r for _, r in server.seen] == [f"bytes={len(BODY)}-", None]


def test_a_wrong_checksum_throws_the_bytes_away(server, tmp_path):
    with pytest.raises(
        DataError, match=f"sha256 is {SHA}, expected 00.*1,024,000 bytes were thrown away"
    ):
        get(server, tmp_path, sha256="00")
    assert not list((tmp_path / "sub").glob("f.bin*"))


def test_a_recorded_checksum_binds_later_downloads(server, tmp_path):
    get(server, tmp_path).unlink()
    server.files["/f.bin"] = BODY[::-1]
    with pytest.raises(DataError, match="must not be trusted"):
        get(server, tmp_path)


def test_another_size_than_expected_is_refused_before_it_comes(server, tmp_path):
    with pytest.raises(DataError, match="has 1,024,000 bytes now, expected 5"):
        get(server, tmp_path, size=5)


def test_errors_of_the_server(server, tmp_path):
    server.errors = [503, 429]
    assert get(server, tmp_path).read_bytes() == BODY  # these pass
    with pytest.raises(MissingFile, match=r"answers 404.*put it at .*sub/g.bin"):
        d.download(d.RemoteFile("sub/g.bin", f"{server.url}/g.bin"), tmp_path, wait_s=0)
    server.errors = [500] * d.TRIES
    with pytest.raises(MissingFile, match="answers 500, 6 times"):
        d.download(d.RemoteFile("h.bin", f"{server.url}/f.bin"), tmp_path, wait_s=0)


def test_no_network_names_file_and_folder(server, tmp_path):
    server.shutdown()
    server.server_close()
    with pytest.raises(
        MissingFile, match=r"no connection.*Get f.bin from http.*put it at .*sub/f.bin"
    ):
        get(server, tmp_path)


def test_offline_and_unknown_addresses_do_not_try(server, tmp_path, monkeypatch):
    with pytest.raises(MissingFile, match="its address is not known.*put it at"):
        d.download(d.RemoteFile("GroceryVision.zip", None), tmp_path)
    monkeypatch.setenv("SKULENS_OFFLINE", "1")
    with pytest.raises(MissingFile, match="switched off"):
        get(server, tmp_path)
    assert not server.seen


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/f", "f.bin"])
def test_only_web_addresses_are_fetched(server, tmp_path, url):
    with pytest.raises(DataError, match="is not an address that we fetch"):
        d.download(d.RemoteFile("f.bin", url), tmp_path)


def test_a_full_disk_is_told_before_the_download(server, tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(0, 0, disk.RESERVE + 1000))
    with pytest.raises(StoreError, match=r"needs 1000.0 KiB and .* has 200.0 MiB free"):
        get(server, tmp_path)


def test_a_disk_that_fills_while_writing_keeps_what_came(server, tmp_path, monkeypatch):
    server.cuts = [300_000]
    receive = d.receive

    def full(reply, file, part, have, pace):
        if have:
            raise OSError(28, "No space left on device")
        receive(reply, file, part, have, pace)

    monkeypatch.setattr(d, "receive", full)
    with pytest.raises(StoreError, match="full .* stays in f.bin.part"):
        get(server, tmp_path)
    assert (tmp_path / "sub/f.bin.part").stat().st_size == 300_000


def test_two_processes_do_not_write_one_file(server, tmp_path):
    (tmp_path / "sub").mkdir()
    with (
        d.locked(tmp_path / "sub/f.bin.part.lock", "held"),
        pytest.raises(StoreError, match="another process is fetching"),
    ):
        get(server, tmp_path)


def archive(folder, top) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as t:
        t.add(folder, arcname=top)
    return out.getvalue()


@pytest.fixture
def unpinned(monkeypatch):
    """Small stand-ins of the datasets, which cannot have the contents of the real ones."""
    for name in ("groceries", "openmpr"):
        source = replace(sources.SOURCES[name], contents="")
        monkeypatch.setitem(sources.SOURCES, name, source)


def test_a_name_fetches_unpacks_and_opens(unpinned, server, tmp_path, monkeypatch):
    make_groceries(tmp_path / "up" / "dataset")
    server.files["/g.tar.gz"] = archive(tmp_path / "up", "GroceryStoreDataset-fc80ba9")
    monkeypatch.setenv("SKULENS_URL_GROCERIES", f"{server.url}/g.tar.gz")
    monkeypatch.delenv("SKULENS_DATA", raising=False)
    catalog = open_catalog("groceries")
    assert len(list(catalog.products())) == 2 and catalog.root.is_relative_to(tmp_path / "cache")
    assert len(list(open_catalog("groceries").queries("test"))) == 2
    assert len(server.seen) == 1 and not list(catalog.root.parent.glob("*.tar.gz"))


def serve_hub(server, folder, commit=COMMIT):
    """The two calls of the hub's API that we make, and the files of one commit; two pages."""
    base, repo = server.url, "WeiChow/merit"
    server.files[f"/api/datasets/{repo}/revision/main"] = json.dumps({"sha": commit}).encode()
    entries = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder).as_posix()
        entry = {"type": "file", "path": name, "size": path.stat().st_size, "oid": "x"}
        if path.suffix == ".parquet":
            entry["lfs"] = {"oid": hashlib.sha256(path.read_bytes()).hexdigest()}
        entries.append(entry)
        server.files[f"/datasets/{repo}/resolve/{commit}/{name}"] = path.read_bytes()
    first = f"/api/datasets/{repo}/tree/{commit}?recursive=true"
    server.files[first] = json.dumps([{"type": "directory", "path": "data"}, *entries[:2]]).encode()
    server.files["/next"] = json.dumps(entries[2:]).encode()
    server.pages[first] = f"{base}/next"


def test_merit_comes_from_the_hub_at_one_commit(server, tmp_path, monkeypatch):
    serve_hub(server, make_merit(tmp_path / "up"))
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.delenv("SKULENS_DATA", raising=False)
    catalog = open_catalog("merit")
    assert len(list(catalog.products())) == 40 and len(list(catalog.queries("test"))) == 2
    fetched = {path.rpartition("/")[2] for path, _ in server.seen if "/resolve/" in path}
    assert fetched == {
        "queries-test.json",
        "queries-train.json",
        "test-00000-of-00002.parquet",
        "test-00001-of-00002.parquet",
    }


def test_an_interrupted_dataset_is_finished_not_opened(server, tmp_path, monkeypatch):
    serve_hub(server, make_merit(tmp_path / "up"))
    last = f"/datasets/WeiChow/merit/resolve/{COMMIT}/queries-train.json"
    body = server.files.pop(last)
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.delenv("SKULENS_DATA", raising=False)
    with pytest.raises(MissingFile, match="404"):
        open_catalog("merit")
    folder = tmp_path / "cache" / "data" / "merit"
    assert (folder / "data" / "test-00000-of-00002.parquet").is_file(), (
        "it looks as if it could be opened"
    )
    with pytest.raises(DataError, match="interrupted; open the dataset by its name"):
        open_catalog(str(folder))
    server.files[last] = body
    server.seen.clear()
    assert len(list(open_catalog("merit").products())) == 40
    assert [p for p, _ in server.seen if "/resolve/" in p] == [last], (
        "only what was missing is fetched"
    )
    assert len(list(open_catalog(str(folder)).products())) == 40


def test_an_interrupted_unpacking_starts_again_from_the_archive(
    unpinned, server, tmp_path, monkeypatch
):
    make_groceries(tmp_path / "up" / "dataset")
    server.files["/g.tar.gz"] = archive(tmp_path / "up", "top")
    monkeypatch.setenv("SKULENS_URL_GROCERIES", f"{server.url}/g.tar.gz")
    monkeypatch.delenv("SKULENS_DATA", raising=False)
    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr(archives.Sink, "write", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        open_catalog("groceries")
    assert len(list(open_catalog("groceries").products())) == 2 and len(server.seen) == 1


def test_a_hub_that_lies_about_a_file_is_not_believed(server, tmp_path, monkeypatch):
    serve_hub(server, make_merit(tmp_path / "up"))
    name = f"/datasets/WeiChow/merit/resolve/{COMMIT}/data/test-00000-of-00002.parquet"
    server.files[name] = server.files[name][:-1] + b"?"
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    with pytest.raises(DataError, match="sha256 is"):
        sources.fetch("merit", tmp_path / "m")


def test_no_hub_names_the_files(server, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    with pytest.raises(MissingFile, match=r"404.*queries-\*.json .*into .*m;"):
        sources.fetch("merit", tmp_path / "m")
