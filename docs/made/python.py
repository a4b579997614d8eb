"""The page of Python names, from their signatures and docstrings."""

from __future__ import annotations

import inspect
from typing import Any

import contrafact
from contrafact import metrics
from contrafact import sklearn as faces
from contrafact.base.abilities import ABILITIES
from contrafact.base.effects import Effect
from contrafact.base.recipe import Recipe
from contrafact.causal.identify.answer import Identified
from contrafact.engine.fit import TrainedRecipe
from contrafact.report.judged import Report
from contrafact.zoo.index import INDEX
from made.docstrings import signature, taken_apart
from made.examples import EXAMPLES
from made.markdown import block, code, page, plain, table

ABOUT = """\
What is named here stays; every other module may change its shape from version to version. `import contrafact` loads
nothing heavy: a name loads what it needs when it is first used. All that draws takes a `seed`; nothing changes what it
is given, nor the global random state. An error is a `ContrafactError` with a [code](codes.md).
"""
RECIPES = """\
`contrafact.zoo` holds a class for each [method](methods.md): `contrafact.zoo.R3GAN(steps=500)`. A recipe is frozen and
holds settings only. A setting that does not exist, or a value that it cannot hold, is refused when it is written.
`fit` gives a model and leaves the recipe as it is; methods that are not trained in steps have `fit(data, *, seed=0)`.
"""
MODELS = """\
What `fit` gives, `contrafact.load` gives again. What a model can do depends on its method; all can `save`.
"""
FACES = """\
For pipelines of scikit-learn: settings are kept as they were given, `fit` returns the estimator, tables come back as
tables and arrays as arrays.
"""
METRICS = """\
Each takes what is compared and gives a `Score`, or several by name. [What each asks](../scores.md) is told elsewhere.
"""
JOBS = ("read", "load", "judge", "synth", "impute", "augment", "balance")
CAUSES = ("Graph", "identify", "effect", "cate", "discover")
THREE = ("Imputer", "Balancer", "Synthesizer")
GIVEN = {
    "Data": contrafact.Data,
    "Score": contrafact.Score,
    "Result": contrafact.Result,
    "Report": Report,
    "Identified": Identified,
    "Effect": Effect,
}
SHORT = {
    "save": "Writes the model into a folder, without the critic unless asked.",
    "sample": "Draws new items, of a kind that `given` says.",
    "effect": "Says what a treatment does to each row.",
    "potential": "Says what each arm would give to each row.",
    "ate": "Gives the average effect, with its interval.",
}


def entry(what: Any, name: str, given: bool = False) -> str:
    """Write one name: signature, what it does, arguments, what it raises, an example.

    Arguments:
        what: The function or the class.
        name: How it is called here.
        given: Whether users are given it, and do not make it: then its fields matter, not its signature.
    """
    told = taken_apart(what)
    parts = [f"### {name}\n"] + ([] if given else [block(signature(what, full(name)), "text")])
    parts += [plain(each) + "\n" for each in told.about]
    for head in ("Arguments", "Raises"):
        if told.listed.get(head):
            parts.append("Fields:\n" if given else f"{head}:\n")
            parts.append("".join(f"- `{each}`: {plain(text)}\n" for each, text in told.listed[head].items()))
    if told.example:
        parts.append(block(told.example, "pycon"))
    if name in EXAMPLES:
        parts.append(block(EXAMPLES[name], "python"))
    return "\n".join(parts)


def full(name: str) -> str:
    """Give a name with the package before it."""
    return name if name.startswith("recipe.") else f"contrafact.{name}"


def members(kind: type) -> list[tuple[str, Any]]:
    """Give a class's own public methods and properties, in the order of its file."""
    return [
        (name, each)
        for name, each in vars(kind).items()
        if not name.startswith("_") and (callable(unwrapped(each)) or isinstance(each, property))
    ]


def unwrapped(each: Any) -> Any:
    """Give the function of a class method, a static method or a cached property."""
    return getattr(each, "__func__", getattr(each, "func", each))


def member(kind: type, name: str, each: Any) -> tuple[str, str]:
    """Write one method or property as a row: how it is called, and what it does."""
    if isinstance(each, property) or hasattr(each, "func"):
        called, told = name, taken_apart(each.fget if isinstance(each, property) else each.func)
    else:
        names = [str(one) for one in inspect.signature(getattr(kind, name)).parameters.values()]
        own = [one.partition(":")[0].partition("=")[0] for one in names if one != "self"]
        called, told = f"{name}({', '.join(own)})", taken_apart(unwrapped(each))
    return code(called), plain(told.about[0]) if told.about else ""


def of_class(kind: type, name: str, given: bool = False) -> str:
    """Write a class and what its objects can do."""
    rows = [row for row in (member(kind, *each) for each in members(kind)) if row[1]]
    parts = [entry(kind, name, given)]
    parts += [table((f"of {article(name)} {name.rpartition('.')[2]}", ""), rows)] if rows else []
    return "\n".join(parts)


def article(name: str) -> str:
    """Give the article of a class's name."""
    return "an" if name.rpartition(".")[2][0] in "AEIOU" else "a"


def names(wanted: tuple[str, ...]) -> str:
    """Write some of the package's own names."""
    found = [(name, getattr(contrafact, name)) for name in wanted]
    return "\n".join(of_class(each, name) if isinstance(each, type) else entry(each, name) for name, each in found)


def recipes() -> str:
    """Write what every recipe can do."""
    kinds = {"fit": TrainedRecipe, "training": TrainedRecipe, "but": Recipe, "settings": Recipe, "method": Recipe}
    rows = [member(kind, name, vars(kind)[name]) for name, kind in kinds.items()]
    return RECIPES + "\n" + entry(TrainedRecipe.fit, "recipe.fit") + "\n" + table(("of a recipe", ""), rows)


def models() -> str:
    """Write what models can do, and which methods' models can."""
    rows = []
    for ability, protocol in ABILITIES.items():
        for name, each in vars(protocol).items():
            if inspect.isfunction(each) and not name.startswith("_"):
                able = [code(one.name) for one in INDEX.values() if ability in one.abilities]
                told = SHORT.get(name) or (vars(protocol).get("__doc__") or "").strip()
                rows.append((code(call(each, name)), plain(told), ", ".join(able) or "all"))
    return MODELS + "\n" + table(("of a model", "", "models of"), rows)


def call(each: Any, name: str) -> str:
    """Write how a method is called, with its defaults and without types."""
    found = [one for one in inspect.signature(each).parameters.values() if one.name != "self"]
    words = [f"**{one.name}" if one.kind is one.VAR_KEYWORD else one.name for one in found]
    return f"{name}({', '.join(words)})"


def scores() -> str:
    """Write the metrics."""
    return METRICS + "\n" + "\n".join(entry(getattr(metrics, name), f"metrics.{name}") for name in metrics.__all__)


def python_page() -> str:
    """Write the page."""
    rooms = [
        ("Jobs", names(JOBS)),
        ("Cause and effect", names(CAUSES)),
        ("Recipes", recipes()),
        ("Models", models()),
        ("What is given back", "\n".join(of_class(each, name, given=name != "Data") for name, each in GIVEN.items())),
        ("Errors", of_class(contrafact.ContrafactError, "ContrafactError")),
        ("scikit-learn", FACES + "\n" + "\n".join(of_class(getattr(faces, n), f"sklearn.{n}") for n in THREE)),
        ("Metrics", scores()),
    ]
    return page("Python", ABOUT, *(f"## {title}\n\n{text}" for title, text in rooms))
