"""Systems x suites -> results with intervals.

results = skulens.bench("groceries-sample", ["groceries", "mini"], gallery="image")

`run.py` opens and measures, `retrieval.py` and `extraction.py` are the two cores, `suites/` has a
file per suite, `store.py` keeps results.
"""

import sys
from importlib import import_module
from types import ModuleType


class _Room(ModuleType):
    """This room, which is also the call `skulens.bench(data, systems)`.

    Importing any file of it sets the attribute `bench` of skulens to the module, whatever was there
    before; so the module itself answers the call.
    """

    @property
    def __signature__(self):
        import inspect

        return inspect.signature(import_module("skulens.api.measuring").bench)

    def __call__(self, *args, **settings):
        return import_module("skulens.api.measuring").bench(*args, **settings)


sys.modules[__name__].__class__ = _Room
