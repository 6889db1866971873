"""The site in a browser: what is loaded when, under which policy, and without a server."""

import shutil

import pytest

from skulens.serve.publish.page import POLICY
from tests.serve.publish.conftest import load, opened, serve
from tests.serve.publish.shop import draw, encode
from tests.serve.publish.test_pixels import data_uri

ENCODER = ("encoder.onnx", "runtime.bin", "ort.js")
PHOTO = {"item": [{"image": data_uri("image/jpeg", encode(draw(55)))}], "k": 3}
SEARCH = "(body) => backend.search(body).then((answer) => answer.hits.map(({id}) => id))"


@pytest.fixture
def copy(site, tmp_path):
    """The site, to be changed."""
    return shutil.copytree(site, tmp_path / "root" / "deep" / "shop").parent.parent


def test_the_encoder_comes_on_intent_with_its_bytes_counted(chromium, site):
    with serve(site.parent) as url, opened(chromium, f"{url}/some%20where/") as page:
        page.evaluate("backend.about()")
        page.evaluate(SEARCH, {"item": [{"text": "navy"}, {"product": "sku/03 é"}]})
        assert not [u for u in url.asked if u.endswith(ENCODER)]
        told = page.evaluate(
            "() => new Promise((resolve) => { const all = []; backend.intend((one) => { all.push(one);"
            " if (one.ready || one.failed) resolve(all); }); })"
        )
        size = sum((site / name).stat().st_size for name in ENCODER)
        bytes_ = [(one["loaded"], one["total"]) for one in told[:-1]]
        assert told[-1] == {"ready": True} and len(bytes_) > 3
        assert bytes_ == sorted(bytes_) and bytes_[-1] == (size, size)
        assert page.evaluate(SEARCH, PHOTO)
        for name in ENCODER:  # neither a second photo nor the service worker loads it again
            assert [path.split("/")[-1] for path in url.asked].count(name) == 1


def test_nothing_is_asked_of_another_host_and_the_policy_holds(chromium, site):
    with serve(site.parent) as url, opened(chromium, f"{url}/some%20where/") as page:
        asked = []
        page.context.on("request", lambda request: asked.append(request.url))
        assert POLICY in page.content()
        page.evaluate(
            "() => { globalThis.broken = []; document.addEventListener('securitypolicyviolation',"
            " (event) => broken.push(event.violatedDirective)); }"
        )
        assert page.evaluate(SEARCH, PHOTO)
        assert page.evaluate("broken") == []
        assert all(u.startswith((url, "data:", "blob:")) for u in asked)
        page.evaluate(f"fetch('{url.replace('127.0.0.1', 'localhost')}/').catch(() => {{}})")
        assert page.evaluate("broken") == ["connect-src"]
        page.said.clear()


def test_the_page_itself_finds_by_a_photo_and_counts_the_bytes(chromium, site, tmp_path):
    (tmp_path / "photo.jpg").write_bytes(encode(draw(7), quality=92))
    with serve(site.parent) as url, opened(chromium, f"{url}/some%20where/") as page:
        page.wait_for_selector("#grid article")
        assert not [u for u in url.asked if u.endswith(ENCODER)]
        page.route("**/runtime.bin*", lambda route: (page.wait_for_timeout(300), route.continue_()))
        page.evaluate(
            "() => { globalThis.counted = []; new MutationObserver(() => counted.push(document"
            ".getElementById('encoder').textContent)).observe(document.getElementById('encoder'),"
            " {childList: true, subtree: true, characterData: true}); }"
        )
        page.focus("#tray .add")
        page.wait_for_function(
            "() => counted.some((said) => /^Loading the photo search.* of 5\\.\\d MB$/.test(said))"
        )
        page.set_input_files("#tray input[type=file] >> nth=0", tmp_path / "photo.jpg")
        page.wait_for_function(
            "() => document.querySelector('#grid article')?.textContent.includes('the picture of A')"
        )
        assert page.locator("#encoder").is_hidden()
        assert (
            page.locator("#grid article")
            .first.locator("img")
            .get_attribute("src")
            .endswith("007.webp")
        )
        page.fill("#words", "navy")
        page.wait_for_function(
            "() => document.getElementById('notes').textContent.includes('match titles only')"
        )


def test_once_opened_it_works_without_the_server(chromium, copy):
    context = chromium.new_context()
    page = context.new_page()
    with serve(copy) as url:
        address = f"{url}/deep/shop/"
        page.goto(address)
        load(page)
        found = page.evaluate(SEARCH, PHOTO)
        page.evaluate("navigator.serviceWorker.ready")
        page.wait_for_function(
            "async (name) => Boolean(await caches.match(new URL(name, location).href, {ignoreSearch: true}))",
            arg="encoder.onnx",
        )
        shown = page.evaluate(
            "backend.search({item: [{product: 'sku/03 é'}], k: 1}).then((a) => a.hits[0].thumbnail)"
        )
        page.evaluate("(url) => fetch(url)", shown)
        page.evaluate("backend.product('sku/03 é')")
    page.goto(f"{address}?q=navy&p=x")  # the server has gone
    load(page)
    assert len(found) == 3 and page.evaluate(SEARCH, PHOTO) == found
    assert page.evaluate("(url) => fetch(url).then(({ok}) => ok)", shown)
    assert page.evaluate("backend.product('sku/03 é').then(({id}) => id)") == "sku/03 é"
    assert page.evaluate("backend.about().then(({products}) => products)") == 48
    context.close()


def test_a_file_of_another_publication_is_not_mixed_in(chromium, copy):
    (copy / "deep" / "shop" / "sw.js").unlink()  # nothing is kept
    with serve(copy) as url:
        context = chromium.new_context()
        page = context.new_page()
        page.goto(f"{url}/deep/shop/")
        load(page)
        page.evaluate("backend.about()")
        vectors = copy / "deep" / "shop" / "vectors.i8"
        vectors.write_bytes(bytes(vectors.stat().st_size))
        said = page.evaluate(
            f"({SEARCH})({{item: [{{product: 'sku/03 é'}}]}}).catch((e) => [e.status, e.title, e.detail])"
        )
        assert said[0] == 409 and "vectors.i8" in said[2] and "load the page again" in said[2]
        vectors.unlink()
        said = page.evaluate(
            f"({SEARCH})({{item: [{{product: 'sku/03 é'}}]}}).catch((e) => [e.status, e.title])"
        )
        assert said == [404, "A file of the site is missing"]
        context.close()


def test_a_host_may_have_unpacked_the_runtime(chromium, copy):
    import gzip

    packed = copy / "deep" / "shop" / "runtime.bin"
    packed.write_bytes(gzip.decompress(packed.read_bytes()))
    (copy / "deep" / "shop" / "sw.js").unlink()
    with serve(copy) as url:
        context = chromium.new_context()
        page = context.new_page()
        page.goto(f"{url}/deep/shop/")
        load(page)
        assert page.evaluate(SEARCH, PHOTO)
        context.close()
