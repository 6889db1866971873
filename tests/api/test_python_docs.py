"""docs/python.md runs as it stands, and docstrings show nothing that does not exist."""

import ast
import builtins
import inspect
import re
import textwrap
from pathlib import Path

import pytest

import skulens
from skulens.api import measuring

ROOT = Path(skulens.__file__).parent
DOCUMENT = ROOT.parent / "docs" / "python.md"
FILES = sorted(ROOT.rglob("*.py"))
KNOWN = {*dir(builtins), "Path"}


def blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.M | re.S)


def test_every_block_of_the_page_runs_in_order(photos, capsys):
    names: dict = {"photos": photos}
    for block in blocks():
        if "open_clip" in block:
            pytest.importorskip("open_clip", reason="open_clip is not installed")
        if "pandas" in block:
            pytest.importorskip("pandas", reason="pandas is not installed")
        exec(compile(block, str(DOCUMENT), "exec"), names)
    assert len(blocks()) >= 8
    assert len(names["found"]) == 10 and len(names["found"][0]) == 3
    assert names["embedded"].vectors.shape[0] == 11 and names["embedded"].ok.all()
    assert names["comparison"].sentence and len(names["results"]) == 2
    assert "did you mean 'groceries'" in capsys.readouterr().out


def test_the_first_example_has_five_lines():
    assert len(blocks()[0].strip().replace("\n\n", "\n").splitlines()) <= 5


def test_the_page_names_every_call_and_its_fields():
    text = DOCUMENT.read_text(encoding="utf-8")
    for name in skulens.__all__:
        assert f"skulens.{name}" in text, name


@pytest.mark.parametrize("name", skulens.__all__)
def test_every_call_has_hints_and_says_what_it_raises(name):
    call = measuring.bench if name == "bench" else getattr(skulens, name)  # bench is a room, too
    hints = inspect.get_annotations(call)
    assert set(inspect.signature(call).parameters) - set(hints) <= {"options", "settings"}
    assert "return" in hints and "Raises" in (inspect.getdoc(call) or "")


def examples(tree: ast.Module) -> list[ast.Module]:
    """The runs of lines of a module's docstring that are Python with a call in them."""
    found = []
    for paragraph in re.split(r"\n\s*\n", ast.get_docstring(tree) or ""):
        try:
            shown = ast.parse(textwrap.dedent(paragraph))
        except SyntaxError:
            continue
        if any(isinstance(node, ast.Call | ast.ImportFrom) for node in ast.walk(shown)):
            found.append(shown)
    return found


def defined(tree: ast.Module) -> set[str]:
    """Every function, class and method of a file."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


def called(tree: ast.AST) -> set[str]:
    """Names that an example calls as functions."""
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {func.id for func in calls if isinstance(func, ast.Name)}


def test_docstrings_show_only_what_exists():
    trees = {file: ast.parse(file.read_text(encoding="utf-8")) for file in FILES}
    known, seen = KNOWN.union(*map(defined, trees.values())), 0
    for file, tree in trees.items():
        for shown in examples(tree):
            seen += 1
            own = {n.id for n in ast.walk(shown) if isinstance(n, ast.Name)} - called(shown)
            missing = called(shown) - known - own
            assert not missing, f"{file.relative_to(ROOT)} shows {sorted(missing)}"
            for node in ast.walk(shown):
                if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "skulens":
                    assert hasattr(skulens, node.attr), f"{file.relative_to(ROOT)}: {node.attr}"
    assert seen > 20
