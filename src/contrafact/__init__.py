"""Generative models for every kind of data, the jobs people do with them, and answers to what would have been.

The public names load what they need when they are first used; importing the package loads nothing heavy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from contrafact import metrics as metrics
    from contrafact import zoo as zoo
    from contrafact.base.data import Data as Data
    from contrafact.base.errors import ContrafactError as ContrafactError
    from contrafact.base.records import Result as Result
    from contrafact.base.records import Score as Score
    from contrafact.causal.graph import Graph as Graph
    from contrafact.causal.identify.ask import identify as identify
    from contrafact.report.judged import judge as judge
    from contrafact.tasks.augment import augment as augment
    from contrafact.tasks.balance import balance as balance
    from contrafact.tasks.cate import cate as cate
    from contrafact.tasks.discover import discover as discover
    from contrafact.tasks.effect import effect as effect
    from contrafact.tasks.impute import impute as impute
    from contrafact.tasks.load import load as load
    from contrafact.tasks.read import read as read
    from contrafact.tasks.synth import synth as synth

_HOMES = {
    "ContrafactError": "contrafact.base.errors",
    "Data": "contrafact.base.data",
    "Graph": "contrafact.causal.graph",
    "Result": "contrafact.base.records",
    "Score": "contrafact.base.records",
    "augment": "contrafact.tasks.augment",
    "balance": "contrafact.tasks.balance",
    "cate": "contrafact.tasks.cate",
    "discover": "contrafact.tasks.discover",
    "effect": "contrafact.tasks.effect",
    "identify": "contrafact.causal.identify.ask",
    "impute": "contrafact.tasks.impute",
    "judge": "contrafact.report.judged",
    "load": "contrafact.tasks.load",
    "read": "contrafact.tasks.read",
    "synth": "contrafact.tasks.synth",
}
_ROOMS = ("metrics", "zoo")

__all__ = [
    "ContrafactError",
    "Data",
    "Graph",
    "Result",
    "Score",
    "__version__",
    "augment",
    "balance",
    "cate",
    "discover",
    "effect",
    "identify",
    "impute",
    "judge",
    "load",
    "metrics",
    "read",
    "synth",
    "zoo",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name in _ROOMS:
        return importlib.import_module(f"contrafact.{name}")
    raise AttributeError(f"module 'contrafact' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
