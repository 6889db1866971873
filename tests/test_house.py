"""The house keeps its shape: imports point one way, and the door stays light."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import skulens

ROOT = Path(skulens.__file__).parent
ROWS = [
    {
        "errors",
        "files",
        "records",
        "claims",
        "filters",
        "protocols",
        "registry",
        "pictures",
        "torch_shim",
    },
    {"values", "prompts"},
    {"catalog", "encode", "index", "rerank", "chat", "verify", "evaluate"},
    {"search", "extract", "world"},
    {"curate", "train", "bench"},
    {"analysis"},
    {"papers"},
    {"report"},
    {"serve", "cli"},
]
"""Rooms of one row never import each other, except in the first row, where order is as listed."""
FIRST_ROW_ORDER = [
    "errors",
    "files",
    "records",
    "claims",
    "filters",
    "pictures",
    "protocols",
    "registry",
    "torch_shim",
]
HEAVY = (
    "torch",
    "transformers",
    "PIL",
    "open_clip",
    "timm",
    "onnxruntime",
    "fastapi",
    "scipy",
    "pandas",
    "pyarrow",
    "rich",
)


def row_of(room: str) -> int:
    rows = [i for i, row in enumerate(ROWS) if room in row]
    assert rows, f"room {room!r} is in no row of DESIGN.md"
    return rows[0]


def imports_of(file: Path):
    """(line, room) of every import of skulens inside a file, lazy ones included."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = (
                [f"{node.module}.{a.name}" for a in node.names]
                if node.module == "skulens"
                else [node.module]
            )
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "skulens" and len(parts) > 1 and parts[1] != "__version__":
                yield node.lineno, parts[1]


FILES = sorted(ROOT.rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_imports_point_one_way(file):
    room = file.relative_to(ROOT).parts[0].removesuffix(".py")
    for line, other in imports_of(file):
        if other == room or room == "__init__":
            continue
        mine, theirs = row_of(room), row_of(other)
        if mine == theirs == 0:
            allowed = FIRST_ROW_ORDER.index(other) < FIRST_ROW_ORDER.index(room)
        elif mine == theirs:
            allowed = False
        else:
            allowed = theirs < mine
        assert allowed, (
            f"{file.relative_to(ROOT)}:{line} ({room}) imports {other}: rows point one way"
        )


def test_nothing_imports_cli_or_serve():
    importers = [
        str(f)
        for f in FILES
        if "cli" not in f.parts
        for _, room in imports_of(f)
        if room in ("cli", "serve")
    ]
    assert importers == []


def loaded_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*sorted({{m.split('.')[0] for m in sys.modules}}))"
    out = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout
    return set(out.splitlines()[-1].split())


@pytest.mark.parametrize(
    "code",
    [
        "import skulens",
        "from click.testing import CliRunner; from skulens.cli import skulens as s; assert CliRunner().invoke(s, ['--help']).exit_code == 0",
    ],
    ids=["import skulens", "skulens --help"],
)
def test_the_door_is_light(code):
    assert loaded_after(code).isdisjoint(HEAVY)


def test_help_takes_under_half_a_second_of_cpu():
    script = (
        "import os, subprocess, sys\n"
        "subprocess.run([sys.executable, '-m', 'skulens.cli', '--help'], check=True, stdout=subprocess.DEVNULL)\n"
        "t = os.times(); print(t.children_user + t.children_system)"
    )
    seconds = float(
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        ).stdout
    )
    assert seconds < 0.5


def test_every_registered_target_exists():
    from skulens.registry import KINDS

    for rows in KINDS.values():
        for name, row in rows.items():
            module, _, attribute = row.target.partition(":")
            path = ROOT.parent / Path(*module.split("."))
            file = (
                path.with_suffix(".py")
                if path.with_suffix(".py").exists()
                else path / "__init__.py"
            )
            assert file.exists(), f"{name}: {module} is missing"
            defined = {
                n.name for n in ast.parse(file.read_text()).body if isinstance(n, ast.ClassDef)
            }
            assert attribute in defined, f"{name}: {file.name} defines no class {attribute}"


def test_every_data_file_is_packaged():
    with (ROOT.parent / "pyproject.toml").open("rb") as f:
        patterns = tomllib.load(f)["tool"]["setuptools"]["package-data"]
    for file in ROOT.rglob("*"):
        if not file.is_file() or file.suffix in (".py", ".pyc") or "__pycache__" in file.parts:
            continue
        package = next(p for p in file.parents if (p / "__init__.py").exists())
        name, inside = ".".join(package.relative_to(ROOT.parent).parts), file.relative_to(package)
        wanted = [*patterns["*"], *patterns.get(name, [])]
        assert any(len(Path(w).parts) == len(inside.parts) and inside.match(w) for w in wanted), (
            f"{file} would not be installed"
        )


def test_shipped_encoders_are_small():
    files = [f for f in (ROOT / "encode" / "weights").rglob("*") if f.is_file()]
    assert sum(f.stat().st_size for f in files) <= 10e6
    assert {f.suffix for f in files} <= {".safetensors", ".json", ".md"}
