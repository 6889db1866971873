"""Starts `cost_child`, a process that measures one encoder and does nothing else."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import skulens
from skulens.encode.batching import Batching
from skulens.records import Image

CHILD = (sys.executable, "-m", "skulens.bench.cost_child")
LIMIT_S = 300.0
"""A process that takes longer is ended, and its numbers stay unknown."""


class NotMeasured(Exception):
    """The process gave no numbers; says why."""


def measure_alone(
    opening: Mapping[str, object] | None, sample: Sequence[Image], batching: Batching
) -> dict:
    """What an encoder needs in a process of its own.

    Args:
        opening: `OpenedEncoder.opening`; None: an encoder that was not opened by name.
        sample: photos to embed, at least one.
    Returns:
        "probe_ms": milliseconds from file to vector of single probes. "peak_memory_mb": Python,
        libraries, weights and a batch of each modality, without any gallery.
    Raises:
        NotMeasured: the process failed, was ended, or took more than LIMIT_S.
    """
    if opening is None:
        raise NotMeasured("it was not opened by name, so that no other process can open it")
    with tempfile.TemporaryDirectory(prefix="skulens-") as folder:
        asked = {
            **opening,
            "images": write_sample(sample, Path(folder)),
            "batch": batching.batch,
            "upright": batching.upright,
        }
        return run_child(asked, batching.progress)


def write_sample(sample: Sequence[Image], folder: Path) -> list[str]:
    """The file of each picture; those that lie in memory or in another file get one in `folder`."""
    files = []
    for i, image in enumerate(sample):
        place = image.own_file
        if place is None:
            (folder / str(i)).write_bytes(image.read())
            place = str(folder / str(i))
        files.append(place)
    return files


def run_child(asked: Mapping[str, object], progress: bool) -> dict:
    """Start the process, show how far it is, and return its answer. Raises NotMeasured."""
    from skulens.progress import Bar

    path = os.pathsep.join([str(Path(skulens.__file__).parents[1]), *filter(None, sys.path)])
    answer: object = None
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            CHILD,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, "PYTHONPATH": path},
        )
        watch = threading.Timer(LIMIT_S, process.kill)
        bar = Bar(
            total=1 + len(asked["images"]),  # type: ignore[arg-type]
            desc=f"memory and latency, {asked['name']}",
            unit=" step",
            delay=1,
            mininterval=0.2 if sys.stderr.isatty() else 10,
            leave=False,
            disable=not progress,
        )
        try:
            watch.start()
            assert process.stdin and process.stdout
            with process.stdin as pipe:
                pipe.write(json.dumps(asked).encode())
            for line in process.stdout:
                answer = json.loads(line)
                bar.update(isinstance(answer, str))
            code = process.wait()
        except (OSError, ValueError) as e:  # it ended before it read all, or wrote half a line
            code, answer = process.wait(), str(e)
        finally:
            ended = watch.finished.is_set()
            watch.cancel()
            process.kill()
            process.wait()
            bar.close()
        if code == 0 and isinstance(answer, dict):
            return answer
        errors.seek(0)
        raise NotMeasured(explain(code, ended, errors.read().decode(errors="replace")))


def explain(code: int, ended: bool, said: str) -> str:
    """Why a process gave no answer."""
    if ended:
        return f"its own process took longer than {LIMIT_S:.0f} s"
    if code < 0:
        return f"its own process was ended by {signal.Signals(-code).name}; perhaps memory ran out"
    last = said.strip().splitlines()[-1:] or ["nothing on stderr"]
    return f"its own process failed: {last[0][:300]}"
