"""Photos to try: of one folder, in the order of their names, and nothing else of it."""

import io

import PIL.Image
import pytest

pytest.importorskip("fastapi", reason="needs skulens[serve]")

from skulens.serve.pictures.examples import MOST, check_examples, list_examples  # noqa: E402
from skulens.serve.settings import Settings  # noqa: E402
from tests.search.small_shop import make_shop  # noqa: E402
from tests.serve.answered import refuse  # noqa: E402
from tests.serve.talking import served  # noqa: E402


def jpeg(colour: str) -> bytes:
    out = io.BytesIO()
    PIL.Image.new("RGB", (16, 16), colour).save(out, "JPEG")
    return out.getvalue()


def test_photos_of_a_folder_by_name(tmp_path):
    for name in ("b.jpg", "a.JPG", "c.jpeg"):
        (tmp_path / name).write_bytes(jpeg("red"))
    (tmp_path / "notes.txt").write_text("not a photo")
    (tmp_path / "broken.jpg").write_bytes(b"no photo")
    assert [p.name for p in list_examples(tmp_path)] == ["a.JPG", "b.jpg", "c.jpeg"]
    [(path, problem)] = [pair for pair in check_examples(tmp_path) if pair[1]]
    assert path.name == "broken.jpg" and problem
    assert list_examples(None) == []


def test_there_is_an_end_to_them(tmp_path):
    for n in range(MOST + 3):
        (tmp_path / f"{n:02}.jpg").write_bytes(jpeg("red"))
    assert [p.stem for p in list_examples(tmp_path)] == [f"{n:02}" for n in range(MOST)]


def test_the_server_names_and_sends_them(tmp_path):
    (tmp_path / "pear.jpg").write_bytes(jpeg("green"))
    (tmp_path / "secret.txt").write_text("secret")
    with served(make_shop(), Settings(photos=tmp_path)) as (client, _):
        about = client.get("/v1/about").json()
        [photo] = [one for one in about["examples"] if one.get("photo")]
        assert photo["name"] == "pear"
        sent = client.get(photo["photo"])
        assert sent.content == jpeg("green") and sent.headers["content-type"] == "image/jpeg"
        for n in (1, -1, 10**9):
            refuse(client.get(f"/v1/examples/{n}"), 404, "no-example")
