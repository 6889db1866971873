"""Runs pure modules of the page in node, without a browser."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from skulens.serve.front.files import FOLDER

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(not NODE, reason="node is not installed: pure modules stay untried")


def run_module(folder: Path, code: str, given: Any = None) -> Any:
    """What `code` gives as `out`, of `given`; "state.js" and others are in the same folder.

    Args:
        folder: an empty one; modules are copied into it, marked as such for every version of node.
    """
    for file in FOLDER.glob("*.js"):
        shutil.copy(file, folder / file.name)
    (folder / "package.json").write_text('{"type": "module"}')
    script = f"{code}\nprocess.stdout.write(JSON.stringify(out));"
    head = f"const given = {json.dumps(given)};\n"
    imports = [line for line in script.splitlines() if line.startswith("import ")]
    rest = [line for line in script.splitlines() if not line.startswith("import ")]
    (folder / "run.js").write_text("\n".join([*imports, head, *rest]), encoding="utf-8")
    done = subprocess.run(
        [NODE, "run.js"], cwd=folder, capture_output=True, text=True, timeout=60, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
