"""kill -9 of a real process at a random moment of a measurement, and while its result is written.

Right: the same command afterwards gives the numbers of a run that nobody disturbed, the results
folder lists that result once, and every command on the folder works.
"""

import functools
import multiprocessing
import os
import signal
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from skulens.bench.store import ResultStore, find_results
from skulens.errors import SkulensError
from tests.hostile import stores
from tests.hostile.field import Case

DELAY_S = 0.02
"""Of each forward pass of the process to be killed, so that there is something to interrupt."""
LONGEST_S = 0.4
"""Of such a measurement, about."""


def cases(count: int, seed: int) -> Iterator[Case]:
    """Every other one while the result is written."""
    draw = np.random.default_rng(seed)
    for i in range(count):
        writing = i % 2 == 1
        at_s = float(draw.uniform(0, 0.012 if writing else LONGEST_S))
        when = f"{at_s * 1e3:.1f} ms into {'writing the result' if writing else 'the run'}"
        yield Case(f"kill {when} #{i}", functools.partial(attack, writing, at_s), seconds=60.0)


def attack(writing: bool, at_s: float, folder: Path) -> bool:
    """Kill a process that measures into the folder, run the same command, and compare."""
    world = stores.make_world()
    kill(world.shop, folder, writing, at_s)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = stores.measure(world.shop, folder / "cache")
        store = ResultStore(folder / "results")
        place, status = store.add(result)
    try:
        listed = store.results()
        named = find_results(result.name, folder / "results")
    except SkulensError:
        return False  # one killed write must not close the whole folder
    right = stores.numbers(result) == world.numbers and stores.contents(place) == world.contents
    return right and status in ("new", "unchanged") and len(listed) == len(named) == 1


def kill(shop: Path, folder: Path, writing: bool, at_s: float) -> bool:
    """Start a process and kill it; whether it was alive then."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.hostile.kills"])
    process = context.Process(target=work, args=(shop, folder))
    process.start()
    seen = folder / ("results" if writing else "cache")
    while process.is_alive() and not begun(seen):
        time.sleep(0.0005)
    time.sleep(at_s)
    alive = process.is_alive()
    if alive and process.pid:
        os.kill(process.pid, signal.SIGKILL)
    process.join()
    return alive


def begun(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def work(shop: Path, folder: Path) -> None:
    result = stores.measure(shop, folder / "cache", DELAY_S)
    ResultStore(folder / "results").add(result)
