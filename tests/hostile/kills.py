"""kill -9 of a real process at a random moment of a measurement, and at each step of storing it.

Right: the same command afterwards gives the numbers of a run that nobody disturbed, the results
folder lists that result once, and every command on the folder works.
"""

import functools
import itertools
import multiprocessing
import os
import signal
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from skulens.bench.naming import find_results
from skulens.bench.store import ResultStore
from skulens.errors import SkulensError
from tests.hostile import stores
from tests.hostile.field import Case

SMALL = 3
LARGE = 40

DELAY_S = 0.02
"""Of each forward pass of the process to be killed, so that there is something to interrupt."""
LONGEST_S = 0.4
"""Of such a measurement, about."""
STEPS = 20
"""File operations of storing a result, about."""
WATCHED = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree"}
"""Audit events that count as steps."""


def cases(count: int, seed: int) -> Iterator[Case]:
    """In turn: a random moment of the run, the next step of storing its result."""
    draw = np.random.default_rng(seed)
    for i in range(count):
        at_s = float(draw.uniform(0, LONGEST_S))
        step = (i // 2 * 7) % STEPS if i % 2 else None  # 7 and 20 are coprime: all steps come
        when = f"at {at_s * 1e3:.0f} ms" if step is None else f"at step {step} of storing"
        yield Case(f"kill {when} #{i}", functools.partial(attack, step, at_s), seconds=60.0)


def attack(step: int | None, at_s: float, folder: Path) -> bool:
    """Kill a process that measures into the folder, run the same command, and compare."""
    world = stores.make_world()
    kill(world.shop, folder, step, at_s)
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
    right = stores.numbers(result) == world.numbers and stores.holds(place, world)
    return right and status in ("new", "unchanged") and len(listed) == len(named) == 1


def kill(shop: Path, folder: Path, step: int | None, at_s: float) -> bool:
    """Start a process and kill it, or have it die at a step of storing; whether it was alive then."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.hostile.kills"])
    process = context.Process(target=work, args=(shop, folder, step))
    process.start()
    if step is None:
        while process.is_alive() and not (folder / "cache").is_dir():
            time.sleep(0.001)
        time.sleep(at_s)
        if process.pid and process.is_alive():
            os.kill(process.pid, signal.SIGKILL)
    process.join()
    return process.exitcode == -signal.SIGKILL


def work(shop: Path, folder: Path, step: int | None) -> None:
    """Measure and store; at that file operation in the results folder this process is no more."""
    result = stores.measure(shop, folder / "cache", DELAY_S if step is None else 0.0)
    store = ResultStore(folder / "results")
    if step is not None:
        die_at(step, str(store.folder))
    store.add(result)


def die_at(step: int, folder: str) -> None:
    done = itertools.count()

    def watch(event: str, args: tuple) -> None:
        if event in WATCHED and folder in str(args[0]) and next(done) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
