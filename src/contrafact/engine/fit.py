"""Fitting: the one caller of `play`. It owns the run folder, the checkpoints, the watch and the choice of the best."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn

from contrafact.base.data import fingerprint
from contrafact.base.errors import DataError, StoppedEarly, StorageError
from contrafact.base.recipe import Recipe
from contrafact.base.records import Finding, finite_or_none
from contrafact.base.seeds import fold
from contrafact.engine import checkpoints, packing, watch
from contrafact.engine.gap import critic_gap
from contrafact.engine.items import Batches, count, each, finite, resident, split
from contrafact.engine.play import Game, Turn, own_randomness, play
from contrafact.engine.process import few_threads, keep_memory, stop_signals
from contrafact.engine.record import recipe_document
from contrafact.engine.resources import pick_device, seconds
from contrafact.engine.resume import Choice, Wish, choose
from contrafact.engine.run import Run, Writer, environment, written

TRIES, WARM_UP_STEPS, MEASURED_STEPS = 3, 5, 20
SHOWN_ROWS = 256
CLEARLY = 3.0  # standard errors of a difference of two scores
MOST_RANKED, FEWER_RANKED = 1000, 100  # items of each kind that the critic ranks: at a check, at other logged steps
Score = Callable[[Any], dict[str, float]]


class Playable(Game, Protocol):
    """A game whose weights can be packed."""

    @property
    def modules(self) -> dict[str, nn.Module]: ...


@dataclass(frozen=True, kw_only=True)
class Method:
    """What a trained recipe brings to its training.

    Arguments:
        codec: Turns the data into encoded items and back.
        batch: Items in a batch.
        steps: Steps where neither the recipe nor a budget says how many.
        begin: Makes the game from the number of steps and the device; torch's global state is seeded around it.
        model: Makes the model that is handed out, from the game.
        score: Makes, from held-out items and a seed, what scores fakes while training; higher is better. Where that has
            `beside`, it is given the training items too, and sees all fakes.
        batches: Makes the order of the items from the items, the batch and a seed.
        balance: Each player's loss when nobody can tell real from fake, for the cost analysis.
        fewest: Under so many items none is held out.
        encoded: The encoded items, where they are there already.
    """

    codec: Any
    batch: int
    steps: int
    begin: Callable[[int, torch.device], Playable]
    model: Callable[[Any], Any]
    score: Callable[[Any, int], Score]
    batches: Callable[[Any, int, int], Callable[[int], Any]] = Batches
    balance: dict[str, float] = field(default_factory=dict)
    fewest: int = 40
    encoded: Any = None


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a training stands, given after every logged step.

    Arguments:
        step: Steps made.
        total: Steps in all.
        row: The numbers logged last.
        findings: What the doctor said at this step.
        seconds_left: How much longer it will take, at the speed so far.
    """

    step: int
    total: int
    row: dict[str, Any]
    findings: tuple[Finding, ...] = ()
    seconds_left: float = math.nan


@dataclass(kw_only=True)
class Memory:
    """What a training remembers from check to check; part of every checkpoint."""

    retries: int = 0
    best_step: int = -1
    best_score: float = -math.inf
    said: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Give the record as JSON-ready values."""
        return {**vars(self), "best_score": finite_or_none(self.best_score), "said": list(self.said)}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Memory:
        """Read what `to_json` wrote."""
        best = -math.inf if row["best_score"] is None else row["best_score"]
        return cls(**{**row, "best_score": best, "said": list(row["said"])})


class Training:
    """One training, to be iterated over: it yields a Progress after every logged step.

    Arguments:
        recipe: The settings.
        data: What to learn from.
        method: What the recipe brings.
        seed: Seeds everything.
        budget: Time to use, turned into steps once.
        run_dir: The run's own folder, or None to keep nothing on disk.
        device: Where to train.
        fresh: Start anew whatever the folder holds.
    """

    def __init__(
        self,
        recipe: Recipe,
        data: Any,
        method: Method,
        *,
        seed: int = 0,
        budget: str | None = None,
        run_dir: str | PathLike[str] | None = None,
        device: str | None = None,
        fresh: bool = False,
    ) -> None:
        self.recipe, self.method, self.seed, self.budget = recipe, method, seed, budget
        self.device = pick_device(device)
        encoded = method.codec.encode(data) if method.encoded is None else method.encoded
        if count(encoded) < 2:
            raise DataError(
                "These data have one row.",
                why="A generator trained on one row can only repeat it.",
                fix="Give at least two rows; a few hundred are a sensible least.",
                code="E206",
            )
        if isinstance(encoded, np.ndarray) and encoded.shape[1] == 0:
            raise DataError(
                "All rows of these data are the same.",
                why="No column varies: there is nothing to learn.",
                fix="Give data that vary, or fit a classical method, which repeats them: gaussian.",
                code="E201",
            )
        self.rows, self.held = split(encoded, seed, method.fewest)
        self.wish = Wish(
            method=recipe.method, settings=recipe.settings(), data=fingerprint(data), seed=seed, budget=budget
        )
        self.choice: Choice | None = None
        if run_dir is not None:
            self.choice = choose(Path(run_dir), self.wish, fresh=fresh)
        self.step, self.log, self.memory = 0, list[dict[str, Any]](), Memory()
        self.warnings: list[str] = []
        self.model: Any = None
        self.redo = ""

    @property
    def run(self) -> Run | None:
        """The run's folder, where there is one."""
        return None if self.choice is None else self.choice.run

    def begin(self, total: int) -> Playable:
        """Make the game with weights that depend on the seed alone."""
        with own_randomness(fold(self.seed, "weights"), self.device):
            return self.method.begin(total, self.device)

    def batches(self) -> Callable[[int], Any]:
        """Give the order of the rows; after a roll-back it is another one."""
        items = resident(self.rows, self.device)
        return self.method.batches(items, self.method.batch, fold(self.seed, "rows", self.memory.retries))

    def seconds_per_step(self) -> float:
        """Measure the speed on a game that is thrown away."""
        turns = play(self.begin(1000), self.batches(), total=WARM_UP_STEPS + MEASURED_STEPS, device=self.device)
        for _ in range(WARM_UP_STEPS):
            next(turns)
        began = time.perf_counter()
        for _ in turns:
            pass
        return (time.perf_counter() - began) / MEASURED_STEPS

    def _total(self) -> int:
        """Decide once how many steps there are; a run that resumes reads what was decided."""
        asked: int | None = self.wish.settings.get("steps")
        if self.choice is not None and self.choice.resumes:
            recorded = self.choice.run.document("recipe")
            if recorded["settings"].get("steps") == asked:
                return int(recorded["total_steps"])
        if self.budget is None:
            return asked or self.method.steps
        affordable = max(int(seconds(self.budget) / self.seconds_per_step()), 1)
        return min(asked, affordable) if asked else affordable

    def __iter__(self) -> Iterator[Progress]:
        heard: list[int] = []
        keep_memory()
        with ExitStack() as stack:
            stack.enter_context(
                few_threads(sum(w.numel() for m in self.begin(1).modules.values() for w in m.parameters()))
            )
            self.writer = stack.enter_context(written(self.run)) if self.run else None
            self.total = self._total()
            self.log_every = max(self.total // 200, 1)
            # A check is made at a logged step: about twenty in a run, however short it is.
            self.check_every = self.log_every * max(self.total // (20 * self.log_every), 1)
            self.game = self.begin(self.total)
            self.live = self.method.model(self.game)
            self.score = self._scorer()
            self._open()
            stack.enter_context(stop_signals(heard, self.writer is not None))
            while self.step < self.total and not self._settled:
                yield from self._play(heard)
            self._finish()

    @property
    def _settled(self) -> bool:
        """Whether a plateau has ended the run, for good; only where its number of steps was left open."""
        return "D220" in self.memory.said and self.wish.settings.get("steps") is None

    def _play(self, heard: list[int]) -> Iterator[Progress]:
        """Play until the end, a stop or a roll-back."""
        began, first = time.monotonic(), self.step
        tries = self.memory.retries
        turns = play(
            self.game,
            self.batches(),
            total=self.total,
            start=self.step,
            seed=fold(self.seed, "play", tries),
            rate=0.5**tries,
            device=self.device,
        )
        for turn in turns:
            self.step = turn.step + 1
            last = self.step == self.total
            if self.step % self.log_every == 0 or last:
                findings = self._observe(turn, check=self.step % self.check_every == 0 or last)
                if findings and findings[0].code in watch.BLOW_UPS:
                    self._roll_back(findings[0])
                    return
                left = (time.monotonic() - began) / (self.step - first) * (self.total - self.step)
                row = self.log[-1]
                yield Progress(step=self.step, total=self.total, row=row, findings=tuple(findings), seconds_left=left)
                if self._settled:
                    return
            if heard:
                self._stop(heard[0])

    def _observe(self, turn: Turn, *, check: bool) -> list[Finding]:
        """Log this step's numbers, ask the doctor, and at a check also score, choose and save."""
        row: dict[str, Any] = {"step": self.step, **turn.numbers()}
        if check:
            row |= self._evaluate()
        game: Any = self.game
        adaptive = getattr(game, "adaptive", False)
        if check or adaptive:
            row |= critic_gap(self.live, self.rows, self.held, MOST_RANKED if check else FEWER_RANKED)
        if adaptive:
            row |= game.heed(row)
        row = {name: finite_or_none(value) for name, value in row.items()}
        self.log.append(row)
        findings = [
            f for f in watch.examine(self.log, self.total) if f.code in watch.BLOW_UPS or f.code not in self.memory.said
        ]
        if self.writer:
            self.writer.metrics(row)
            for finding in findings:
                self.writer.event("finding", **finding.to_json())
        if not (findings and findings[0].code in watch.BLOW_UPS):
            self.memory.said += [f.code for f in findings]
            if check:
                self._save(row)
        return findings

    def _scorer(self) -> Score:
        """Prepare what scores fakes; some scores want to know the rows that are trained on, and see all fakes."""
        score: Any = self.method.score(self.held, self.seed)
        if hasattr(score, "beside"):
            return score.beside(self.rows)  # type: ignore[no-any-return]
        return lambda fake: score(each(fake, lambda part: part[: count(self.held)]))

    def _evaluate(self) -> dict[str, float]:
        """Score fakes from a fixed seed against the held-out items, and keep some of them to look at."""
        held = count(self.held)
        fake = self.live.rows(max(held, SHOWN_ROWS), seed=fold(self.seed, "evaluate"))
        if not finite(fake):
            return {"score": math.nan}
        if self.writer:
            show = getattr(self.live, "shown", self.method.codec.decode)  # sound is shown by its spectra
            self._show(self.writer, show(each(fake, lambda part: part[:SHOWN_ROWS])))
        return self.score(fake)

    def _show(self, writer: Writer, shown: Any) -> None:
        """Keep what was drawn, as numbers where it is nothing else."""
        if not hasattr(shown, "columns"):
            writer.samples(self.step, np.asarray(getattr(shown, "items", shown)))
            return
        try:
            numbers = shown.to_numpy(dtype=np.float64, na_value=np.nan)
        except (TypeError, ValueError):  # text, categories or dates
            writer.table(self.step, shown)
        else:
            writer.samples(self.step, numbers)

    def _save(self, row: dict[str, Any]) -> None:
        """Keep this state to go back to, and hand out the model if it is the best so far."""
        chance = CLEARLY * math.sqrt(2) * row["score_error"]
        best = self.memory.best_step < 0 or row["score"] >= self.memory.best_score - chance
        if best:
            # The latest that is not clearly worse than the best: the luckiest of twenty looks is not the best model.
            self.memory.best_score, self.memory.best_step = max(row["score"], self.memory.best_score), self.step
            self._best = self.live.arrays(with_critic=True)
        self._keep(best=best)

    def _keep(self, *, best: bool) -> None:
        """Remember this state, and write it where there is a folder."""
        self._kept = self._state()
        if self.writer:
            self.writer.sync_metrics()
            files = self.live.files(with_critic=True)
            checkpoints.save(self.writer.run.checkpoints, self._kept, files, self.wish.identity, best=best)

    def _state(self) -> checkpoints.State:
        arrays = packing.pack(self.game.modules, self.game.players)
        return checkpoints.State(step=self.step, arrays=arrays, facts=self.memory.to_json())

    def _restore(self, state: checkpoints.State) -> None:
        packing.unpack(state.arrays, self.game.modules, self.game.players)
        self.step, self.memory = state.step, Memory.from_json(state.facts)

    def _open(self) -> None:
        """Write down what this run is, or take up where it was left."""
        self._best = self.live.arrays(with_critic=True)
        self._kept = self._state()
        if not (self.writer and self.choice):
            return
        writer, resumes = self.writer, self.choice.resumes
        if self.choice.why:
            self.warnings.append(self.choice.why)
        if resumes:
            self._resume(writer)
        data = {
            "fingerprint": self.wish.data,
            "rows": count(self.rows),
            "held_out": count(self.held),
            "codec": self.method.codec.to_json(),
        }
        writer.document("data", data)
        writer.document("env", environment())
        writer.document("recipe", {**recipe_document(self.wish, self.total), "balance": self.method.balance})
        if self.redo:
            writer.text("redo.txt", self.redo)
        writer.event("resumed" if resumes else "started", step=self.step, total_steps=self.total, why=self.choice.why)

    def _resume(self, writer: Writer) -> None:
        checkpoints.clean(writer.run.checkpoints)
        for found in checkpoints.newest(writer.run.checkpoints, self.wish.identity):
            if isinstance(found, StorageError):
                self.warnings.append(f"{found.what} {found.why} An older checkpoint is used.")
                writer.event("damaged", what=found.what, why=found.why)
            else:
                self._restore(found)
                self._kept = found
        writer.cut_metrics(self.step)
        self.log = [{k: v for k, v in row.items() if k != "seconds"} for row in writer.run.metrics()]

    def _roll_back(self, finding: Finding) -> None:
        """Go back to the last good state with half the rates and another order of rows; after three tries, stop."""
        tries = self.memory.retries + 1
        if tries > TRIES:
            if self.writer:
                self.writer.event("stopped", step=self.step, why=finding.message)
            raise StoppedEarly(
                f"The training was stopped at step {self.step}: {finding.message}",
                why=f"It blew up {tries} times, each time with half the learning rate of the time before.",
                fix="Lower the learning rate or add a gradient penalty; what was saved before is kept.",
                code=finding.code,
            )
        self._restore(self._kept)
        self.memory.retries = tries
        self.log = [row for row in self.log if row["step"] <= self.step]
        said = f"{finding.message} Went back to step {self.step} with learning rates times {0.5**tries:g}."
        self.warnings.append(said)
        if self.writer:
            self.writer.cut_metrics(self.step)
            self.writer.event("rolled back", step=self.step, why=said)

    def _stop(self, number: int) -> None:
        """Save at this very step and leave."""
        assert self.writer is not None
        self._keep(best=False)
        self.writer.event("stopped", step=self.step, why=signal.Signals(number).name)
        stopped = StoppedEarly(
            f"Stopped at step {self.step} of {self.total}, as asked.",
            why=f"The signal {signal.Signals(number).name} came.",
            fix="Everything is saved: run the same command again to go on.",
            code="E305",
        )
        stopped.exit_status = 130 if number == signal.SIGINT else 75
        raise stopped

    def _best_arrays(self) -> dict[str, np.ndarray]:
        """Find the best model's numbers: in memory, or in the folder when they were made before a resume."""
        if self.writer and self.memory.best_step >= 0:
            from contrafact.engine.model import read_model

            return read_model(checkpoints.model_folders(self.writer.run.folder)[0])[1]
        best: dict[str, np.ndarray] = self._best
        return best

    def _finish(self) -> None:
        """Hand out the best model."""
        recipe: Any = self.recipe
        self.model = recipe.restore(self.method.codec.to_json(), self._best_arrays(), self.live.facts())
        if self.writer:
            self.writer.event("finished", step=self.step, best_step=self.memory.best_step)

    def finish(self) -> Any:
        """Train to the end and give the model."""
        for _ in self:
            pass
        return self.model


class TrainedRecipe(Recipe):
    """A recipe that is trained by a game: its `training` can be watched, its `fit` is that training to the end."""

    def training(self, data: Any, **options: Any) -> Training:
        """Prepare a training that can be watched step by step.

        Arguments:
            data: What to learn from.
            options: seed, budget, run_dir, device, fresh.
        """
        raise NotImplementedError

    def fit(
        self,
        data: Any,
        *,
        seed: int = 0,
        budget: str | None = None,
        run_dir: str | PathLike[str] | None = None,
        device: str | None = None,
    ) -> Any:
        """Train on the data and give the model.

        Arguments:
            data: What to learn from.
            seed: Seeds everything.
            budget: Time to use, like "10m".
            run_dir: The run's own folder, or None to keep nothing on disk.
            device: Where to train.
        """
        return self.training(data, seed=seed, budget=budget, run_dir=run_dir, device=device).finish()
