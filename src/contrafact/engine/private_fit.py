"""A training that is spent once: it never goes back, never goes on after a stop, and tells nothing that was not noised.

The account of privacy counts steps. A run that is taken up again, or set back to an earlier step, makes steps that
nobody counted; so both are refused. What the folder holds is made of noised numbers: no loss, no held-out score, no
fingerprint of the data, and the number of rows as it was counted with noise. The last state is the model: a choice
among states by real rows would have to be paid for.
"""

from __future__ import annotations

import dataclasses
from os import PathLike
from pathlib import Path
from typing import Any

from contrafact.base.errors import StoppedEarly, UsageError
from contrafact.base.records import Finding
from contrafact.engine.fit import SHOWN_ROWS, Score, Training
from contrafact.engine.items import each
from contrafact.engine.play import ranks
from contrafact.engine.private import sentence
from contrafact.engine.run import Run, Writer


class PrivateTraining(Training):
    """A training whose numbers are all noised; the arguments are those of `Training`."""

    def __init__(
        self, *args: Any, run_dir: str | PathLike[str] | None = None, fresh: bool = False, **options: Any
    ) -> None:
        if run_dir is not None and Run(Path(run_dir)).exists and not fresh:
            raise UsageError(
                f"No private training goes on in {run_dir}.",
                why="A run that is taken up again draws new noise, and its steps would not be counted.",
                fix="Load what is there, give another folder, or start anew with --fresh: epsilons of runs add up.",
                code="E135",
            )
        if ranks()[1] > 1:
            raise UsageError(
                "A private training runs in one process.",
                why="Each process would draw batches and noise of its own.",
                fix="Start it without torchrun.",
                code="E135",
            )
        super().__init__(*args, run_dir=run_dir, fresh=fresh, **options)
        self.wish = dataclasses.replace(self.wish, data="")

    def _evaluate(self) -> dict[str, float]:
        """Keep rows to look at, drawn from noised weights; nothing is held against real rows."""
        drawn = self.live.rows(SHOWN_ROWS, seed=0)
        if self.writer:
            self._show(self.writer, self.method.codec.decode(each(drawn, lambda part: part[:SHOWN_ROWS])))
        return {}

    def _save(self, row: dict[str, Any]) -> None:
        """Keep this state; the last one is the best, as nobody compares."""
        super()._save({**row, "score": float(self.step), "score_error": 0.0})

    def _open(self) -> None:
        super()._open()
        told = self.live.facts()["privacy"]
        self.warnings.append(sentence(told))
        if self.writer:
            self._write_rows(self.writer)
            self.writer.event("private", **told)

    def _write_rows(self, writer: Writer) -> None:
        """Replace the number of rows by the noised one."""
        codec = self.method.codec
        writer.document("data", {"fingerprint": "", "rows": codec.schema.rows, "held_out": 0, "codec": codec.to_json()})

    def _roll_back(self, finding: Finding) -> None:
        """Stop for good: steps made twice would have to be paid twice."""
        if self.writer:
            self.writer.event("stopped", step=self.step, why=finding.message)
        raise StoppedEarly(
            f"The training was stopped at step {self.step}: {finding.message}",
            why="A private training cannot go back: its steps are spent.",
            fix="Start anew with a lower rate; what this run has spent stays spent if anybody sees what it left.",
            code=finding.code,
        )


def nothing(held: Any, seed: int) -> Score:
    """Score nothing: what a private training asks of real rows would have to be paid for."""
    return lambda fake: {}


def counted(number: int, made: int) -> int:
    """Count a step, each of which is paid for once, in its order.

    Arguments:
        number: The step, from 0.
        made: How many were made.

    Raises:
        UsageError: It is not the next one.
    """
    if number != made:
        raise UsageError(
            f"A private training does not make step {number} after step {made - 1}.",
            why="Each step is paid for once; a step that is left out or made again is not in the account.",
            fix="Start anew; epsilons of runs add up.",
            code="E135",
        )
    return made + 1
