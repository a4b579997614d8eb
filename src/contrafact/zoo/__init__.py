"""Methods, one file each: `contrafact.zoo.R3GAN(r1=0.5).fit(data)`."""

from __future__ import annotations

from typing import Any

from contrafact.zoo.index import INDEX, Entry, find

__all__ = ["INDEX", "Entry", "find", *(entry.recipe for entry in INDEX.values())]


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(name)
    from contrafact.zoo.index import recipe

    if name in {entry.recipe for entry in INDEX.values()}:
        return recipe(name)
    from contrafact.base.errors import did_you_mean

    raise AttributeError(f"contrafact.zoo has no {name!r}. {did_you_mean(name, [e.recipe for e in INDEX.values()])}")
