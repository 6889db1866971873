"""Making a shop: read back, resumed after a kill, refused where another one lies; the command."""

import json
import subprocess
import sys
from dataclasses import replace

import PIL.Image
import pytest

pytest.importorskip(
    "resvg_py", reason="the procedural shop needs resvg_py: pip install 'skulens[world]'"
)

from skulens.catalog.open import open_catalog
from skulens.errors import DataError, MissingFile, StoreError
from skulens.files import locked
from skulens.world import World, WorldConfig
from skulens.world.make import begin, make, make_chunk, read_config
from skulens.world.render.photo import iconic
from skulens.world.truth.products import variants
from skulens.world.truth.texts import texts
from tests.world.conftest import SMALL


def test_the_reader_gives_back_what_was_made(small):
    folder, made = small
    catalog = World(folder)
    products, wanted = list(catalog.products()), list(variants(SMALL))
    assert not catalog.rejects and made.skus == len(products) == 20
    for product, v in zip(products, wanted, strict=True):
        assert (product.id, product.spu, product.category) == (v.id, v.spu, (v.kind,))
        assert set(product.attributes) == set(v.attributes)
        assert product.title == texts(v)["title"] and dict(product.texts) == {
            r: t for r, t in texts(v).items() if r != "title"
        }
        assert product.images[0].view == "front" and product.extras["fold"] == v.split
        assert product.images[0].read() == iconic(v, SMALL.px)
    queries = [q for split in catalog.info.splits for q in catalog.queries(split)]
    assert len(queries) == made.photos == 20
    folds = {p.id: p.extras["fold"] for p in products}
    assert all(folds[q.group] == s for s in catalog.info.splits for q in catalog.queries(s))


def test_open_catalog_finds_a_shop_by_its_folder(small):
    folder, _ = small
    assert [p.id for p in open_catalog(str(folder)).products()] == [
        p.id for p in World(folder).products()
    ]
    assert isinstance(open_catalog(f"world:{folder}"), World)


def test_a_killed_run_goes_on_where_it_stopped(small, tmp_path):
    folder, whole = small
    other = tmp_path / "other"
    other.mkdir()
    for name in ("world.json",):
        (other / name).write_bytes((folder / name).read_bytes())
    make_chunk(other, replace(SMALL, skus=9), 0)
    cut = next(other.rglob("*.png"))
    cut.write_bytes(cut.read_bytes()[:-20])  # a machine that lost power
    again = make(other, SMALL, workers=1, progress=False)
    assert again.reused == 17, "9 SKUs with 2 pictures, one of them torn"
    assert (again.records_sha256, again.pictures_sha256) == (
        whole.records_sha256,
        whole.pictures_sha256,
    )
    assert not list(other.rglob("*.part"))


def test_an_unfinished_or_damaged_shop_says_so(tmp_path):
    begin(tmp_path, SMALL)
    with pytest.raises(MissingFile, match="not finished"):
        World(tmp_path)
    with pytest.raises(DataError, match="not finished"):
        read_config(tmp_path)
    (tmp_path / "world.json").write_text('{"identity": ')
    with pytest.raises(DataError, match="damaged"):
        make(tmp_path, SMALL, progress=False)


def test_two_processes_do_not_make_one_shop(tmp_path):
    with locked(tmp_path / ".lock", "held"), pytest.raises(StoreError, match="another process"):
        make(tmp_path, SMALL, progress=False)


def test_a_killed_run_keeps_its_finished_shards(tmp_path, monkeypatch):
    monkeypatch.setattr("skulens.world.make.SHARD", 32)
    config = replace(SMALL, skus=96, photos=0)
    whole = make(tmp_path / "whole", config, workers=1, progress=False)
    drawn = []

    def killed(folder, config, start):
        if start == 64:
            raise KeyboardInterrupt
        drawn.append(start)
        return make_chunk(folder, config, start)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("skulens.world.make.make_chunk", killed)
        make(tmp_path / "cut", config, workers=1, progress=False)
    assert drawn == [0, 32]
    monkeypatch.setattr(
        "skulens.world.make.make_chunk",
        lambda f, c, start: drawn.append(start) or make_chunk(f, c, start),
    )
    again = make(tmp_path / "cut", config, workers=1, progress=False)
    assert drawn == [0, 32, 64], "two shards were there"
    assert (again.records_sha256, again.pictures_sha256, again.spus) == (
        whole.records_sha256,
        whole.pictures_sha256,
        whole.spus,
    )
    assert not (tmp_path / "cut" / "parts").exists()


def test_a_folder_of_another_shop_is_refused(small, tmp_path):
    folder, _ = small
    with pytest.raises(StoreError, match="seed"):
        make(folder, replace(SMALL, seed=4), progress=False)
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(StoreError, match="not empty"):
        make(tmp_path, SMALL, progress=False)
    assert read_config(folder) == SMALL


def test_a_shop_is_made_on_first_use(tmp_path, monkeypatch):
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path))
    first = open_catalog("world:2:9:test")
    assert len(list(first.products())) == 2 and first.info.splits == ("test",)
    monkeypatch.setattr("skulens.world.reader.generator", lambda: pytest.fail("made twice"))
    assert len(list(open_catalog("world:2:9:test").products())) == 2
    with pytest.raises(MissingFile, match="world make"):
        World(tmp_path / "nowhere")


def test_without_the_engine_a_shop_can_be_read_but_not_made(small):
    """In a process that cannot import resvg_py."""
    code = (
        "import sys; sys.modules['resvg_py'] = None\n"
        "from skulens.world.reader import World, generator\n"
        f"print(len(list(World({str(small[0])!r}).products())))\n"
        "try: generator()\nexcept Exception as e: print(e)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split("\n")
    assert said[0] == "20" and "skulens[world]" in said[1]


@pytest.mark.parametrize(
    "wrong", [{"skus": 0}, {"px": 8}, {"classes": ("boat",)}, {"test_share": 2}, {"split": "val"}]
)
def test_wrong_configurations_stop_at_the_door(wrong):
    with pytest.raises(DataError):
        WorldConfig(**wrong)


def test_command_line(tmp_path):
    from click.testing import CliRunner

    from skulens.cli.world import command

    args = [
        "make",
        str(tmp_path / "w"),
        "--skus",
        "4",
        "--px",
        "64",
        "--photos",
        "1",
        "--workers",
        "1",
        "--split-all",
        "test",
        "--json",
    ]
    result = CliRunner().invoke(command, args, catch_exceptions=False)
    said = json.loads(result.stdout)
    assert said["skus"] == 4 and World(tmp_path / "w").info.splits == ("test",)
    firsts = {p.spu: p for p in reversed(list(World(tmp_path / "w").products()))}.values()
    labels = sum(image.view == "label" for p in firsts for image in p.images)
    for kind, width in (("titles", 4 * 192), ("photos", 2 * 192), ("labels", min(labels, 4) * 384)):
        out = tmp_path / f"{kind}.png"
        shown = CliRunner().invoke(
            command,
            ["show", str(tmp_path / "w"), "--out", str(out), "--skus", "4", "--of", kind],
            catch_exceptions=False,
        )
        assert shown.exit_code == 0 and PIL.Image.open(out).width == width
