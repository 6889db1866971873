"""The house keeps its shape: imports point one way, and the door stays light."""

import ast
import re
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
        "progress",
        "files",
        "machine",
        "checkpoints",
        "opening",
        "records",
        "trained_on",
        "claims",
        "filters",
        "documents",
        "questions",
        "protocols",
        "registry",
        "pictures",
        "thumbnails",
        "torch_shim",
    },
    {"values", "prompts"},
    {"catalog", "encode", "index", "rerank", "chat", "verify", "compose", "evaluate"},
    {"search", "extract", "world"},
    {"curate", "train", "bench"},
    {"analysis"},
    {"papers"},
    {"report"},
    {"api"},
    {"serve"},
    {"cli"},
]
"""Rooms of one row never import each other, except in the first row, where order is as listed."""
FIRST_ROW_ORDER = [
    "errors",
    "progress",
    "files",
    "machine",
    "checkpoints",
    "opening",
    "records",
    "trained_on",
    "claims",
    "filters",
    "documents",
    "questions",
    "pictures",
    "thumbnails",
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


def test_no_test_moves_the_clock_of_other_threads():
    """`setattr(module.time, "sleep", ...)` changes it for servers' threads of earlier tests too: they
    would take the test's ticks, or die. `setattr(module, "time", ...)` is the module's alone."""
    moved = re.compile(r'setattr\(\s*(?:(?:\w+\.)*time,|"(?:\w+\.)*time\.)')
    assert moved.search('setattr(a.time, "sleep", f)') and moved.search(
        'setattr("a.time.sleep", f)'
    )
    found = [f.name for f in Path(__file__).parent.rglob("*.py") if moved.search(f.read_text())]
    assert found == ["test_house.py"]


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


def module_of(file: Path) -> str:
    parts = file.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def files_imported(file: Path, known: set[str]) -> set[str]:
    """Modules of skulens that a file imports, lazy imports included."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{a.name}" for a in node.names]
            found |= {n if n in known else node.module for n in names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return (found & known) - {module_of(file)}


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Groups of modules that import one another, each sorted (Tarjan 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in graph[node]:
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            group = []
            while not group or group[-1] != node:
                group.append(stack.pop())
            if len(group) > 1:
                found.append(sorted(group))

    for node in graph:
        if node not in index:
            visit(node)
    return found


def test_files_import_each_other_in_no_circle():
    known = {module_of(f) for f in FILES}
    # The door is left out: rooms ask it for the version, and it opens them when they are asked for.
    files = [f for f in FILES if f != ROOT / "__init__.py"]
    assert circles({module_of(f): files_imported(f, known - {"skulens"}) for f in files}) == []


def test_circles_are_found():
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}, "e": set()}
    assert circles(graph) == [["a", "b", "c"]]


def classes_of(file: Path) -> set[str]:
    return {n.name for n in ast.parse(file.read_text()).body if isinstance(n, ast.ClassDef)}


def test_nouns_mean_one_thing():
    nouns = classes_of(ROOT / "records.py") | classes_of(ROOT / "claims.py")
    twice = {
        str(f.relative_to(ROOT)): sorted(classes_of(f) & nouns)
        for f in FILES
        if f not in (ROOT / "records.py", ROOT / "claims.py") and classes_of(f) & nouns
    }
    assert twice == {}


METRIC = re.compile(r"(hit_rate|ndcg|recall|map|mrr)@|^(macro_)?(mrr|f1|ndcg|phi|m1|m2)$")
"""Names of metrics; "gap", "map", "recall" and "precision" alone are words too."""
MAY_NAME_METRICS = ("evaluate", "papers")


def strings_of(file: Path):
    """(line, text) of every string of a file that is no docstring."""
    tree = ast.parse(file.read_text())
    said = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.lineno, node.value


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_metrics_are_named_by_evaluate_suites_and_papers_alone(file):
    inside = file.relative_to(ROOT).parts
    if inside[0] in MAY_NAME_METRICS or inside[:2] == ("bench", "suites"):
        return
    named = [(line, text) for line, text in strings_of(file) if METRIC.search(text)]
    assert named == [], "take the metric from the suite (`headline`) or from the user"


def test_every_suite_is_a_command_and_every_command_a_suite():
    from dataclasses import fields

    import click

    from skulens.cli.bench import command
    from skulens.registry import SUITES, resolve, rows

    context = click.Context(command)
    assert set(SUITES) <= set(command.list_commands(context)) == set(rows("suite"))
    for name in SUITES:
        made, suite = command.get_command(context, name), resolve("suite", name)
        options = {p.name: p for p in made.params}
        for setting in fields(suite.Settings):
            option = options[setting.name]
            assert option.help, f"{name}: no sentence stands below {setting.name}"
            assert option.default == setting.default, (name, setting.name)
        assert suite.name == name and suite.headline and suite.units and suite.groups


def test_nothing_imports_cli_and_only_cli_imports_serve():
    importers = [
        str(f)
        for f in FILES
        if f != ROOT / "__init__.py"  # the door, which opens `connect` when it is asked for
        for _, room in imports_of(f)
        if room in ("cli", "serve") and not {room, "cli"} & set(f.parts)
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
        "from click.testing import CliRunner; from skulens.cli import skulens as s; "
        "assert CliRunner().invoke(s, ['--help']).exit_code == 0",
    ],
    ids=["import skulens", "skulens --help"],
)
def test_the_door_is_light(code):
    assert loaded_after(code).isdisjoint(HEAVY)


def test_help_takes_under_half_a_second_of_cpu():
    script = (
        "import os, subprocess, sys\n"
        "subprocess.run([sys.executable, '-m', 'skulens.cli', '--help'], check=True, "
        "stdout=subprocess.DEVNULL)\n"
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
    assert {f.suffix for f in files} <= {".safetensors", ".onnx", ".json", ".md"}
