"""The page's files as they are sent: types, packing, keeping, and the budget."""

import gzip
import re

import pytest
from fastapi.testclient import TestClient

from skulens.serve.front.bundle import bundle_modules
from skulens.serve.front.files import FOLDER, PageFiles
from skulens.serve.routes.page import takes_gzip
from tests.serve.fake_shop import FakeShop, make_fake

BUDGET = 60_000
REQUESTS = 4


@pytest.fixture(scope="module")
def client():
    with TestClient(make_fake(FakeShop())) as client:
        yield client


def test_html_css_and_scripts_stay_within_the_budget():
    files = PageFiles()
    sizes = {name: len(file.packed) for name, file in files.files.items() if name in files.named}
    sizes["html"] = len(gzip.compress(files.index.encode()))
    assert sum(sizes.values()) <= BUDGET and len(sizes) <= REQUESTS, sizes


def test_html_names_the_files_that_there_are_and_no_others(client):
    named = re.findall(r'(?:href|src)="(page/[^"]+)"', client.get("/").text)
    assert {n.rpartition("/")[2] for n in named} == set(PageFiles().named)
    for address in named:
        answer = client.get(f"/{address}")
        assert answer.status_code == 200 and "immutable" in answer.headers["cache-control"]


def test_html_of_an_export_names_every_module_of_the_script():
    html = (FOLDER / "index.html").read_text(encoding="utf-8")
    named = set(re.findall(r'href="page/(\w+)\.js"', html)) | {"page"}
    assert named == set(
        re.findall(r"^const \$(\w+) = ", PageFiles().files["page.js"].data.decode(), re.M)
    )


def test_modules_are_bundled_in_the_order_they_need_each_other():
    modules = {
        "a": 'import { two as zwei, ONE } from "./b.js";\nimport {\n  c,\n} from "./c.js";\nout = [zwei(ONE), c];\n',
        "b": 'import { c } from "./c.js";\nexport const ONE = c;\nexport function two(x) {\n  return x + c;\n}\n',
        "c": "const ONE = 7;\nexport const c = ONE;\n",
    }
    script = bundle_modules("a", modules)
    assert re.findall(r"^const (\$\w)", script, re.M) == ["$c", "$b", "$a"]
    assert "const { two: zwei, ONE } = $b;" in script and "return { ONE, two };" in script


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        ('import { b } from "./b.js";\n', 'import { a } from "./a.js";\n', "a > b > a"),
        ('import { b } from "./d.js";\n', "", "a needs d.js"),
        ("export default 3;\n", "", "export default 3"),
        ('import * as b from "./b.js";\n', "", "import [*] as b"),
    ],
)
def test_what_cannot_be_bundled_is_an_error(a, b, said):
    with pytest.raises(ValueError, match=said):
        bundle_modules("a", {"a": a, "b": b})


def test_policy_lets_nothing_in_but_our_own_files(client):
    answer = client.get("/")
    policy = dict(
        p.strip().split(" ", 1) for p in answer.headers["content-security-policy"].split(";")
    )
    assert (
        policy["default-src"] == "'none'"
        and policy["script-src"] == "'self'" == policy["style-src"]
    )
    assert not re.search(
        r"<script(?![^>]*(src=|application/json))|\son\w+=|\sstyle=|https?:", answer.text
    )
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("name", "kind"), [("page.css", "text/css"), ("page.js", "text/javascript")]
)
def test_files_have_types_tags_and_are_packed(client, name, kind):
    plain = client.get(f"/page/{name}", headers={"Accept-Encoding": "identity"})
    assert plain.headers["content-type"] == f"{kind}; charset=utf-8"
    assert (
        plain.headers["cache-control"] == "no-cache"
        and plain.headers["x-content-type-options"] == "nosniff"
    )
    with client.stream("GET", f"/page/{name}", headers={"Accept-Encoding": "gzip"}) as packed:
        raw = b"".join(packed.iter_raw())
    assert packed.headers["content-encoding"] == "gzip" and gzip.decompress(raw) == plain.content
    again = client.get(f"/page/{name}", headers={"If-None-Match": plain.headers["etag"]})
    assert again.status_code == 304 and again.content == b""
    other = client.get(f"/page/{name}", headers={"If-None-Match": '"other"'})
    assert other.status_code == 200


def test_another_version_gets_this_ones_files_but_does_not_keep_them(client):
    answer = client.get("/page/0123456789ab/page.js")
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "name", ["nope.js", "..%2Fservice.py", "index.js", "%2e%2e/app.py", "page.js/x"]
)
def test_other_files_are_not_there(client, name):
    answer = client.get(f"/page/{name}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_version_changes_with_any_file(tmp_path):
    for file in FOLDER.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    first = PageFiles(tmp_path)
    assert f"page/{first.version}/page.js" in first.index
    with (tmp_path / "parts.css").open("a") as styles:
        styles.write("a{}")
    assert PageFiles(tmp_path).version != first.version == PageFiles().version


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ("gzip, deflate, br", True),
        ("br", False),
        ("GZIP;q=0.5", True),
        ("gzip; q=0", False),
        ("", False),
    ],
)
def test_gzip_only_for_who_takes_it(said, taken):
    class Asked:
        headers = {"accept-encoding": said}

    assert takes_gzip(Asked()) is taken
