"""great_expectations without what it would import and no suite here uses: a second of every night.

Its distribution tests import scipy.stats and its charts altair, at import, whether a suite asks for them or not.
"""

import importlib
import sys
from types import ModuleType
from typing import Any

UNUSED = ("scipy.stats", "altair")


class _ImportedWhenUsed(ModuleType):
    """Stands for a module until a name of it is asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(importlib.import_module(self.__name__), name)


def import_great_expectations() -> ModuleType:
    """The package itself; modules of UNUSED that nobody has imported yet stay so."""
    stand_ins = {name: _ImportedWhenUsed(name) for name in UNUSED if name not in sys.modules}
    sys.modules.update(stand_ins)
    try:
        return importlib.import_module("great_expectations")
    finally:
        for name in stand_ins:
            del sys.modules[name]
