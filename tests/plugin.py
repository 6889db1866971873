"""Packages that tests install as pip installs them, and commands that then see them."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path


def install(files: Mapping[str, str], source: Path, site: Path) -> Path:
    """Write a package's files (path -> text) into `source` and install it into `site`."""
    for name, text in files.items():
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).write_text(text, "utf-8")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    pip += ["--no-build-isolation", "--disable-pip-version-check", "--target", str(site)]
    subprocess.run([*pip, str(source)], check=True, capture_output=True, text=True)
    return site


def run_python(
    site: Path, *arguments: object, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Python with what is installed in `site`; a failure is the caller's to judge."""
    paths = [str(site), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)} | environment,
        check=False,
    )
