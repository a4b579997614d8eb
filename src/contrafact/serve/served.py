"""A loaded model as the server sees it: what it can do, what its rows are called, and its answers.

Everything here but `Served.of` runs on the model's own thread. Conditions, settings and rows have been checked for
their shape when they come here; what they mean is for the model to say, with its own errors.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np

from contrafact.base.abilities import Affects, Imagines, Imputes, Intervenes, Samples
from contrafact.base.data import Data
from contrafact.base.errors import ContrafactError, did_you_mean
from contrafact.base.seeds import BLOCK_ROWS
from contrafact.serve.questions import Question, check_most, wrong
from contrafact.serve.received import Known, frame_of, known_columns
from contrafact.serve.settings import PART_ROWS, Settings
from contrafact.serve.workers import Worker
from contrafact.serve.writing import as_table, lines_of, rows_writer, written
from contrafact.zoo.index import find

ACTIONS = ("sample", "impute", "do", "counterfactual", "effect")
BLOCKS = {"table": BLOCK_ROWS, "vectors": BLOCK_ROWS, "text": 256}  # of other kinds 64
KEPT_WINDOWS, PROBED = 4, 2
DRAW = "_draw"


@dataclass(kw_only=True, eq=False)
class Block:
    """Items that were drawn together, of which answers are cut.

    Arguments:
        items: What the model gave.
        seed: What they were drawn with.
    """

    items: Any
    seed: int

    def __len__(self) -> int:
        return len(self.items)

    @cached_property
    def lines(self) -> list[str]:
        """The rows as JSON objects."""
        return lines_of(as_table(self.items))

    @property
    def has_lines(self) -> bool:
        """Whether the rows have been written already."""
        return "lines" in self.__dict__

    def cut(self, start: int, n: int) -> Any:
        """Give some of the items."""
        if isinstance(self.items, Data):
            return self.items.take(np.arange(start, start + n))
        if hasattr(self.items, "iloc"):
            return self.items.iloc[start : start + n].reset_index(drop=True)
        return self.items[start : start + n]


@dataclass(kw_only=True, eq=False)
class Served:
    """A model behind a name.

    Arguments:
        name: How it is called.
        model: The fitted model.
        method: How it was fitted.
        kind: What it draws, or reads.
        actions: What it can be asked.
        known: The columns that its rows may have; none where that is not known.
        cuts: Whether an item is a row, a picture or a line, so that samples can be cut.
        item_bytes: Bytes of an item, about.
        worker: Its thread.
        settings: The server's.
    """

    name: str
    model: Any
    method: str
    kind: str
    actions: tuple[str, ...]
    known: tuple[Known, ...]
    cuts: bool
    item_bytes: int
    worker: Worker
    settings: Settings
    _windows: OrderedDict[tuple[str, int, int], Block] = field(default_factory=OrderedDict)

    @classmethod
    def of(cls, name: str, model: Any, settings: Settings) -> Self:
        """Find out what a model can do; it is asked for two items, which also warms it up."""
        actions, probe = _actions(model), None
        if "sample" in actions:
            try:
                probe = model.sample(PROBED, seed=0)
            except ContrafactError:  # it wants conditions
                probe = None
        kind = find(model.recipe.method).kinds[0] if probe is None else _kind(probe)
        return cls(
            name=name,
            model=model,
            method=model.recipe.method,
            kind=kind,
            actions=actions,
            known=known_columns(model.codec),
            cuts=probe is not None and len(probe) == PROBED and kind != "series",
            item_bytes=_bytes(probe),
            worker=Worker(name, settings.queue),
            settings=settings,
        )

    @property
    def block(self) -> int:
        """How many items are drawn together where answers are cut from them."""
        return BLOCKS.get(self.kind, 64)

    @property
    def in_parts(self) -> bool:
        """Whether long samples are drawn part by part."""
        return hasattr(self.model, "blocks") and self.kind == "table"

    def facts(self) -> dict[str, Any]:
        """Tell what the model is, JSON-ready."""
        classes = getattr(self.model.codec, "classes", ())
        return {
            "name": self.name,
            "method": self.method,
            "kind": self.kind,
            "abilities": list(self.actions),
            "most_items": self.most,
            "columns": [column.to_json() for column in self.known],
            "classes": [str(name) for name in classes],
        }

    @property
    def most(self) -> int:
        """How many items one answer holds at most."""
        most = self.settings.most_rows
        return most if self.in_parts else min(most, self.settings.most_bytes // self.item_bytes)

    def check(self, question: Question) -> None:
        """Refuse what is too much, or not known here, before it waits."""
        check_most((question.start or 0) + question.n, self.most)
        names = {column.name for column in self.known}
        for name in question.do:
            if name not in names:
                why = did_you_mean(name[:80], sorted(names)[:1000])
                raise wrong(f"There is no node '{name[:80]}'.", why, f"GET /v1/models/{self.name} lists them.")

    def window(self, given: Mapping[str, Any] | None, seed: int, stop: int, as_lines: bool = False) -> Block:
        """Draw whole blocks that hold the first `stop` items; the last few windows are kept.

        Arguments:
            given: Conditions.
            seed: Seeds the sample.
            stop: The end of what is wanted.
            as_lines: Whether the rows are wanted as JSON, too.
        """
        size = max(-(-stop // self.block), 1) * self.block
        key = (json.dumps(given, sort_keys=True), seed, size)
        found = self._windows.get(key)
        if found is None:
            found = Block(items=self._named(self.model.sample(size, given=_own(given), seed=seed)), seed=seed)
            self._windows[key] = found
            if len(self._windows) > KEPT_WINDOWS:
                self._windows.popitem(last=False)
        if as_lines:
            _ = found.lines  # written once, by this thread alone
        return found

    def way(self, action: str) -> Callable[[Question, int, str, bool], bytes]:
        """Give what answers a question in one go: a function of the question, the seed, the form, and safety."""
        ways = {"impute": self.filled, "counterfactual": self.imagined, "effect": self.effects}
        return ways.get(action, self.drawn)

    def drawn(self, question: Question, seed: int, form: str, safe: bool) -> bytes:
        """Draw items and write them."""
        model = self.model.do(**question.do) if question.do else self.model
        items = model.sample(question.n, **({} if question.do else {"given": _own(question.given)}), seed=seed)
        return written(self._named(items), form, seed=seed, safe=safe)

    def _named(self, items: Any) -> Any:
        """Give bare arrays of pictures as pictures."""
        bare = self.kind == "pictures" and isinstance(items, np.ndarray)
        return Data(kind="pictures", items=items) if bare else items

    def parts(self, question: Question, seed: int, form: str, safe: bool) -> Iterator[bytes]:
        """Draw rows part by part and write each."""
        rows = rows_writer(form, safe=safe)
        for frame in self.model.blocks(question.n, given=_own(question.given), seed=seed):
            yield rows.write(frame)
        yield rows.close()

    def goes_in_parts(self, question: Question, form: str) -> bool:
        """Tell whether an answer is drawn and sent part by part."""
        return self.in_parts and question.n > PART_ROWS and form != "npy"

    def filled(self, question: Question, seed: int, form: str, safe: bool) -> bytes:
        """Fill the holes of rows."""
        made = self.model.impute(self._rows(question), draws=question.draws, seed=seed)
        return written(_joined(made), form, seed=seed, safe=safe, mark=False)

    def imagined(self, question: Question, seed: int, form: str, safe: bool) -> bytes:
        """Give rows as they would have been."""
        made = self.model.counterfactual(self._rows(question), dict(question.do), draws=question.draws, seed=seed)
        return written(_joined(made), form, seed=seed, safe=safe)

    def effects(self, question: Question, seed: int, form: str, safe: bool) -> bytes:
        """Answer a causal question, or say what treatment does to rows."""
        if not isinstance(self.model, Affects):
            if question.query is None:
                raise wrong("There is no question.", "This model answers questions.", '"query": "ATE(X, Y)"')
            return _record(self.model.effect(question.query, seed=seed))
        if question.rows is None:
            return _record(self.model.ate())
        rows = self._rows(question)
        return written(_effects(self.model, rows), form, seed=seed, safe=safe, mark=False)

    def _rows(self, question: Question) -> Any:
        assert question.rows is not None, "questions about rows have some"
        frame = frame_of(question.rows, self.known)
        if not len(frame):
            raise wrong("There are no rows.", "The question is about rows.", '"rows": [{"X": 1, "Y": null}]')
        check_most(len(frame) * (question.draws or 1), self.most)
        return frame


def _actions(model: Any) -> tuple[str, ...]:
    """Name what a model can be asked; one without a graph knows no other world."""
    knows = getattr(model, "graph", True) is not None
    found = {
        "sample": isinstance(model, Samples),
        "impute": isinstance(model, Imputes),
        "do": isinstance(model, Intervenes) and knows,
        "counterfactual": isinstance(model, Imagines) and knows,
        "effect": isinstance(model, Affects) or (hasattr(model, "effect") and knows),
    }
    return tuple(action for action in ACTIONS if found[action])


def _kind(probe: Any) -> str:
    if isinstance(probe, Data):
        return probe.kind if probe.kind in ("vectors", "pictures", "sound", "text") else "text"
    if hasattr(probe, "columns"):
        return "table" if len(probe) == PROBED else "series"
    if isinstance(probe, np.ndarray):
        return "vectors" if probe.ndim == 2 else "pictures"
    return "text"


def _bytes(probe: Any) -> int:
    """Estimate the bytes of an item."""
    items = getattr(probe, "items", probe) if isinstance(probe, Data) else probe
    if isinstance(items, np.ndarray):
        return max(items.nbytes // PROBED, 1)
    if hasattr(items, "memory_usage"):
        return max(int(items.memory_usage(deep=True, index=False).sum()) // PROBED, 1)
    return 1000


def _own(given: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if given is None else dict(given)


def _joined(made: Any) -> Any:
    """Put several draws under each other, with a column that numbers them."""
    import pandas as pd

    if not isinstance(made, list):
        return made
    name = DRAW
    while name in made[0].columns:
        name += "_"
    numbered = []
    for number, frame in enumerate(made):
        frame.attrs = {}
        numbered.append(frame.assign(**{name: number}))
    return pd.concat(numbered, ignore_index=True)


def _effects(model: Any, rows: Any) -> Any:
    import pandas as pd

    potential, effect = np.asarray(model.potential(rows)), np.asarray(model.effect(rows))
    columns = {f"outcome_{arm}": potential[:, arm] for arm in range(potential.shape[1])}
    if effect.ndim == 1:
        return pd.DataFrame({"effect": effect, **columns})
    return pd.DataFrame({**{f"effect_{arm + 1}": effect[:, arm] for arm in range(effect.shape[1])}, **columns})


def _record(effect: Any) -> bytes:
    return json.dumps(effect.to_json(), ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
