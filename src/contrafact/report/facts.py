"""What a run's folder says, read once and made safe to use: an unfinished or damaged folder gives fewer facts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from contrafact.base.errors import UsageError
from contrafact.base.records import Score
from contrafact.engine.run import Run
from contrafact.report.markup import is_number, number
from contrafact.zoo.index import Entry, find


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of a run.

    Arguments:
        run: The folder.
        recipe: recipe.json.
        data: data.json.
        environment: env.json.
        rows: What was measured, in order of steps.
        events: What happened, in order.
        scores: Scores of the finished model, from scores.json.
        redo: The command that makes it again.
        state: finished, stopped, running or unfinished.
    """

    run: Run
    recipe: dict[str, Any]
    data: dict[str, Any]
    environment: dict[str, Any]
    rows: list[dict[str, Any]]
    events: list[dict[str, Any]]
    scores: dict[str, Score]
    redo: str
    state: str

    @property
    def name(self) -> str:
        """The run's name."""
        return self.run.name

    @property
    def method(self) -> str:
        """The method's name."""
        return str(self.recipe.get("method") or "unknown")

    @cached_property
    def entry(self) -> Entry | None:
        """The method's line in the index, where it has one."""
        try:
            return find(self.method)
        except UsageError:
            return None

    @property
    def settings(self) -> dict[str, Any]:
        """The settings."""
        return _mapping(self.recipe.get("settings"))

    @property
    def balance(self) -> dict[str, float]:
        """Losses at balance, by name."""
        return _mapping(self.recipe.get("balance"))

    @property
    def step(self) -> int:
        """Steps made."""
        steps = [int(thing["step"]) for thing in (*self.rows[-1:], *self.events) if is_number(thing.get("step"))]
        return max(steps, default=0)

    @property
    def total(self) -> int | None:
        """Steps in all; None for a closed form."""
        total = self.recipe.get("total_steps")
        return int(total) if is_number(total) else None

    @property
    def closed_form(self) -> bool:
        """Whether the method is fitted without steps."""
        return bool(self.recipe) and self.total is None

    @cached_property
    def best(self) -> tuple[int, float] | None:
        """The step of the model that is handed out and its held-out score; without a pointer, the highest."""
        scored = {row["step"]: row["score"] for row in self.rows if is_number(row.get("score"))}
        pointed = self.run.document("best").get("step")
        if pointed in scored:
            return pointed, scored[pointed]
        return max(scored.items(), key=lambda pair: pair[1]) if scored else None

    @property
    def best_step(self) -> int | None:
        """The step whose model is handed out."""
        return None if self.best is None else int(self.best[0])

    @property
    def best_score(self) -> float | None:
        """The best held-out score."""
        return None if self.best is None else float(self.best[1])

    @property
    def codec(self) -> dict[str, Any]:
        """What data.json says of the codec."""
        return _mapping(self.data.get("codec"))

    @property
    def column_names(self) -> list[str]:
        """Names of the columns, where the codec has them."""
        names = self.codec.get("names")
        return [str(name) for name in names] if isinstance(names, list) else []

    @property
    def data_name(self) -> str:
        """The data's name."""
        inner = _mapping(self.codec.get("sound"))
        return str(self.codec.get("name") or inner.get("name") or self.codec.get("container") or "unknown")

    @property
    def fingerprint(self) -> str:
        """The data's fingerprint."""
        return str(self.data.get("fingerprint") or self.recipe.get("data") or "")

    @property
    def data_line(self) -> str:
        """The data in a line: name, kind and rows."""
        rows, held, kind = self.data.get("rows"), self.data.get("held_out"), self.codec.get("kind")
        counted = f"{rows:,} to learn from" if isinstance(rows, int) else ""
        kept = f"{held:,} held out to choose by" if isinstance(held, int) else ""
        return ", ".join(
            part for part in (f"{self.data_name} ({kind})" if kind else self.data_name, counted, kept) if part
        )

    @property
    def sentence(self) -> str:
        """The run in a sentence."""
        who = self.entry.recipe if self.entry else self.method
        began = f"{who} on {self.data_name}: {self.state}"
        if self.best is not None:
            best = f"{number(self.best_score)} (0 is useless, 1 perfect)"
            return f"{began}. The best held-out score is {best}, at step {self.best_step:,}."
        return f"{began}. It was fitted in closed form." if self.closed_form else f"{began}."


def facts_of(run: Run) -> Facts:
    """Read what a run's folder says."""
    rows = [row for row in run.metrics() if isinstance(row, dict) and is_number(row.get("step"))]
    return Facts(
        run=run,
        recipe=run.document("recipe"),
        data=run.document("data"),
        environment=run.document("env"),
        rows=rows,
        events=[event for event in run.events() if isinstance(event, dict)],
        scores=_scores(run.document("scores")),
        redo=_text(run, "redo.txt"),
        state=run.state,
    )


def _text(run: Run, name: str) -> str:
    try:
        return (run.folder / name).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _scores(document: dict[str, Any]) -> dict[str, Score]:
    """Read scores.json; rows that are no scores are left out."""
    found = {}
    for name, row in document.items():
        try:
            score = Score.from_json(name, row)
        except (TypeError, KeyError):
            continue
        if all(isinstance(number, float | int) for number in (score.value, score.low, score.high, score.n)):
            found[name] = score
    return found
