"""The pages of methods: what there is for each kind of data, how it compares, and every setting."""

from __future__ import annotations

from contrafact.zoo.index import INDEX, Entry, settings_of
from made.boards import linked, shipped, written
from made.kept_boards import BOARDS
from made.markdown import block, code, page, plain, table

ABOUT = """\
{count} methods, each a file under `src/contrafact/zoo/`. `contrafact zoo` lists them, `contrafact zoo NAME` shows one;
a page of its own has [all settings](reference/methods.md). `--recipe NAME` of a command or `contrafact.zoo` in Python
chooses one. Where nothing is chosen, {defaults}.

The leaderboards are what the [benchmarks](../benchmarks/README.md) of this repository measured and keep under
`benchmarks/results/`: means ± standard deviations over seeds, CPU seconds of one core, with the methods' own
settings unless said. Compare times within one table only. A board says who won on one set of data and within one time,
not which method is better. Rows without a link are no method but what stands beside it.
"""
KINDS = {
    "vectors": ("Vectors", "Points of a few numbers: the place to study how a method behaves."),
    "pictures": ("Pictures", "More in [pictures](pictures.md)."),
    "pairs": ("Picture to picture", "Masks from pictures, pictures from masks: `contrafact segment`."),
    "table": ("Tables", "More in [tables](tables.md) and [cause and effect](causal.md)."),
    "series": ("Time series", "More in [time series](series.md)."),
    "sound": ("Sound", "More in [sound](sound.md)."),
    "text": ("Text", "More in [text](text.md)."),
    "text pairs": ("Lines from lines", "Lines `source<TAB>target`; more in [text](text.md)."),
}
DEFAULTS = "`loom` learns tables,\n`r3gan` vectors and pictures, `specgan` sound, `markov` text, `shuttle` series"
METHODS = """\
The settings of every method, as `contrafact zoo NAME` shows them. On a command line they are `--set name=value`, in
Python `contrafact.zoo.NAME(name=value)`. A default of `None` is chosen from the data: what it becomes is said.
"""
ABILITIES = {
    "sample": "draw",
    "log_prob": "weigh",
    "critic": "judge",
    "refine": "refine",
    "encode": "encode",
    "translate": "translate",
    "inpaint": "fill holes in pictures",
    "impute": "fill holes",
    "forecast": "go on",
    "do": "set",
    "counterfactual": "imagine",
    "edges": "find arrows",
    "effect": "tell effects",
}


def of_kind(kind: str) -> str:
    """Write the methods and leaderboards of one kind of data."""
    title, about = KINDS[kind]
    entries = [entry for entry in INDEX.values() if kind in entry.kinds]
    rows = [(linked(one.name), plain(one.line), source(one), can(one)) for one in sorted(entries, key=first_seen)]
    boards = [shipped()] if kind == "pictures" else []
    boards += [written(board) for board in BOARDS if board.kind == kind]
    methods = table(("method", "what it is", "from", "can"), rows)
    return "\n".join([f"## {title}\n", f"{about}\n", methods, *boards])


def first_seen(entry: Entry) -> tuple[int, str]:
    """Order by year."""
    return entry.year, entry.name


def source(entry: Entry) -> str:
    """Name the paper and its year."""
    return f"{plain(entry.paper)}, {entry.year}"


def can(entry: Entry) -> str:
    """Say in words what a model can do."""
    return ", ".join(ABILITIES[each] for each in entry.abilities)


def zoo_page() -> str:
    """Write the page of methods."""
    about = ABOUT.format(count=len(INDEX), defaults=DEFAULTS)
    return page("Methods", about, *map(of_kind, KINDS))


def command(entry: Entry) -> str:
    """Write a command that uses a method, or the line of Python where none does."""
    if entry.abilities == ("impute",):
        return f"contrafact impute FILE --recipe {entry.name} -o filled.csv"
    if "edges" in entry.abilities:
        return f"contrafact discover FILE --method {entry.name} -o graph.txt"
    if "pairs" in entry.kinds:
        return f"contrafact segment PICTURES --pairs MASKS --method {entry.name} -o RUN"
    return f"contrafact train WHAT --recipe {entry.name}"


def method(entry: Entry) -> str:
    """Write one method with all settings."""
    own = settings_of(entry.name)
    rows = [(code(one.name), code(one.default) or "must be given", plain(one.meaning)) for one in own]
    told = f"{plain(entry.line)} From {plain(entry.paper)}, {entry.year}. Learns from {', '.join(entry.kinds)}."
    learner = "auto" if entry.name == "metalearner" else entry.name
    cate = f'model = contrafact.cate(X, t, y, method="{learner}")'
    use = block(cate, "py") if "effect" in entry.abilities else block(command(entry), "sh")
    python = f"In Python `contrafact.zoo.{entry.recipe}`; its model can {can(entry)}."
    settings = table(("setting", "default", ""), rows) if rows else "It has no settings.\n"
    return "\n".join([f"## {entry.name}\n", f"{told} {python}\n", use, settings])


def methods_page() -> str:
    """Write the page of settings."""
    entries = sorted(INDEX.values(), key=lambda entry: entry.name)
    places = " · ".join(f"[{entry.name}](#{entry.name})" for entry in entries)
    return page("Settings of the methods", METHODS, places + "\n", *map(method, entries))
