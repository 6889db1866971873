"""Commands in processes of their own that need not import torch and open_clip: they are forked from
one that has, which has run nothing."""

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.forked", "skulens.torch_shim", "open_clip"])
LIMIT_S = 600


def run(
    module: str, words: Sequence[str], place: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess:
    """`python -m MODULE WORDS` in a folder; the environment is all that it sees."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("out", "err")]
        given = (module, list(words), str(place), dict(environment), *map(str, files))
        process = CONTEXT.Process(target=_run, args=given)
        process.start()
        process.join(LIMIT_S)
        if process.exitcode is None:
            process.kill()
            process.join()
        said = [path.read_text() if path.exists() else "" for path in files]
    assert process.exitcode is not None
    return subprocess.CompletedProcess([module, *words], process.exitcode, *said)


def _run(module: str, words: list[str], place: str, environment: dict, *files: str) -> None:
    """In the new process."""
    for path, stream in zip(files, (sys.stdout, sys.stderr), strict=True):
        opened = os.open(path, os.O_CREAT | os.O_WRONLY)
        os.dup2(opened, 1 if stream is sys.stdout else 2)
    os.chdir(place)
    os.environ.clear()
    os.environ.update(environment)
    sys.path.insert(0, place)
    sys.argv = [module, *words]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit:
        raise
    except BaseException:
        traceback.print_exc()
        sys.exit(1)
