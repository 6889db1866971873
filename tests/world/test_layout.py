"""The room keeps its shape: imports point down the page of `skulens.world`,
and files never import in a circle.
"""

import ast
from pathlib import Path

import skulens.world

ROOT = Path(skulens.world.__file__).parent
ORDER = (
    *("config", "truth", "canvas", "label", "draw", "use", "render"),
    *("tables", "rows", "make", "gold", "reader", "sheet", "check", "__init__"),
)


def name_of(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(file): file for file in ROOT.rglob("*.py")}


def imports_of(module: str) -> set[str]:
    """Modules of the room that a module imports, lazily or not."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("skulens.world"):
            inside = (node.module or "").removeprefix("skulens.world").lstrip(".")
            for alias in node.names:
                whole = f"{inside}.{alias.name}".lstrip(".")
                found.add(whole if whole in MODULES else inside or "__init__")
    return found - {module}


def test_imports_point_down_the_page():
    for module in MODULES:
        for other in imports_of(module):
            mine, theirs = (ORDER.index(m.partition(".")[0]) for m in (module, other))
            assert theirs <= mine, f"{module} imports {other}: {' < '.join(ORDER)}"


def test_files_never_import_in_a_circle():
    left = {module: imports_of(module) for module in MODULES}
    while free := [m for m, needs in left.items() if not needs & left.keys()]:
        for module in free:
            del left[module]
    assert not left, f"a circle among {sorted(left)}"


def test_the_page_names_every_file_and_folder():
    top = {p.stem for p in ROOT.iterdir() if p.suffix == ".py"} - {"__init__"}
    folders = {p.name for p in ROOT.iterdir() if p.is_dir() and any(p.glob("*.py"))}
    page = skulens.world.__doc__ or ""
    assert {name for name in top if name not in page} == set()
    assert {name for name in folders if f"{name}/" not in page} == set()
