"""Recipes: the settings of one method, checked when they are written."""

from __future__ import annotations

import dataclasses
import re
from functools import cache
from typing import Annotated, Any, ClassVar, Self, get_args, get_type_hints

from annotated_types import Ge, Gt, Le

from contrafact.base.constraints import parsed
from contrafact.base.errors import UsageError, did_you_mean

Count = Annotated[int, Ge(1)]
Whole = Annotated[int, Ge(0)]
Positive = Annotated[float, Gt(0)]
NotNegative = Annotated[float, Ge(0)]
Share = Annotated[float, Ge(0), Le(1)]


class Listed:
    """Marks a setting of constraints, whose text holds several, parted by semicolons outside of quotes."""

    PART = re.compile(r"(?:\"[^\"]*\"|'[^']*'|`[^`]*`|[^;])+")


Sentences = Annotated[tuple[str, ...], Listed]


@cache
def _readers(recipe: type) -> dict[str, Any]:
    from pydantic import ConfigDict, TypeAdapter

    config = ConfigDict(allow_inf_nan=False, arbitrary_types_allowed=True)
    hints = get_type_hints(recipe, include_extras=True)
    return {f.name: TypeAdapter(hints[f.name], config=config) for f in dataclasses.fields(recipe)}


def read_setting(recipe: type, name: str, value: Any) -> Any:
    """Turn a value (or its text from a command line) into what the field holds.

    Raises:
        UsageError: The recipe has no such field, or the field cannot hold the value.
    """
    from pydantic import ValidationError

    readers = _readers(recipe)
    if name not in readers:
        raise UsageError(
            f"{recipe.__name__} has no setting '{name}'.",
            why=did_you_mean(name, readers),
            fix=f"List its settings: contrafact zoo {recipe.__name__.lower()}",
            code="E101",
        )
    if isinstance(value, str):
        value = _sentences(value) if _listed(recipe, name) else _from_text(value)
    try:
        read = readers[name].validate_python(value)
        return _checked(recipe, name, read) if _listed(recipe, name) else read
    except ValidationError as error:
        said = "; ".join(dict.fromkeys(e["msg"] for e in error.errors()))
        raise UsageError(
            f"The setting {name}={value!r} of {recipe.__name__} cannot be used.",
            why=f"{said}.",
            fix=f"See its values: contrafact zoo {recipe.__name__.lower()}",
            code="E102",
        ) from None


def _checked(recipe: type, name: str, value: Any) -> Any:
    """Refuse constraints that cannot be read."""
    try:
        parsed(value)
    except UsageError as error:
        raise UsageError(
            f"The setting {name}={value!r} of {recipe.__name__} cannot be used.",
            why=f"{error.what} {error.why}",
            fix=error.fix,
            code="E102",
        ) from None
    return value


@cache
def _listed(recipe: type, name: str) -> bool:
    hint = get_type_hints(recipe, include_extras=True)[name]
    return any(Listed in getattr(part, "__metadata__", ()) for part in (hint, *get_args(hint)))


def _sentences(value: str) -> tuple[str, ...] | None:
    """Read sentences that are parted by semicolons."""
    found = tuple(part.strip() for part in Listed.PART.findall(value) if part.strip())
    return None if found in ((), ("none",), ("None",), ("null",)) else found


def _from_text(value: str) -> Any:
    """Read nothing, a list `1,2` or pairs `a=1,b=2` as a command line writes them; the rest stays text."""
    if value.lower() in ("none", "null"):
        return None
    parts = [part.strip() for part in value.strip("()[]{}").split(",") if part.strip()]
    if parts and all("=" in part for part in parts):
        return dict(part.split("=", 1) for part in parts)
    return tuple(parts) if "," in value else value


class Recipe:
    """What every recipe can do with its own settings; it has no field and holds no weight."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = read_setting(type(self), field.name, getattr(self, field.name))
            object.__setattr__(self, field.name, value)

    @property
    def method(self) -> str:
        """The method's name in the index: the name of its file."""
        return type(self).__module__.rsplit(".", 1)[-1]

    def settings(self) -> dict[str, Any]:
        """Give all settings as JSON-ready values."""
        return dataclasses.asdict(self)

    def but(self, **changes: Any) -> Self:
        """Copy the recipe with other values for some settings, given as values or as text."""
        kind = type(self)
        return dataclasses.replace(self, **{k: read_setting(kind, k, v) for k, v in changes.items()})

    def filled(self, defaults: dict[str, Any]) -> Self:
        """Copy the recipe with these values for the settings that were left open (None)."""
        return self.but(**{name: value for name, value in defaults.items() if getattr(self, name) is None})
