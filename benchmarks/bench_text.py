"""Text: an oracle whose likelihood is known, captions, rewriting, and what it all costs.

oracle: 9,984 lines of 20 tokens from the LSTM that the SeqGAN project published (CONTRAFACT_DATA/sequences/oracle);
each method learns from them. "oracle" is the mean of -log p a token of its lines under the oracle, "test" that of 1,000
fresh oracle lines under the method, "distinct" the share of different pairs of tokens among those of 1,024 drawn lines.
The first alone means nothing: a temperature buys any value of it, so the LSTM is shown at five, and an adversarial
method is held against that curve at its own "test". Three lines that list the tokens which never came up are added to
the training lines, so that every method gives all 5,000 a chance.

captions: 10,000 COCO captions (Texygen's cut) learned, as many drawn, scored by `contrafact.metrics.text` beside 10,000
others; "real" are the training lines in the place of drawn ones.

pairs: written dates to ISO, and captions reduced to the words outside a fixed list; exact matches on unseen pairs.

speed: roll-outs, draws and BLEU on one thread.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from contrafact import zoo
from contrafact.base.errors import UsageError
from contrafact.metrics.bleu import bleu
from contrafact.metrics.oracle import Oracle
from contrafact.metrics.text import text_scores
from contrafact.nets.rollouts import completions
from contrafact.nets.sequences import Lines, LSTMCore, SequenceGenerator
from table import Row, Table, arguments, cpu_seconds, known, mean_sd, read

PARTS = ("oracle", "speed", "captions", "pairs")
TEMPERATURES = (1.0, 0.9, 0.8, 0.7, 0.6)
ENTROPY, CLOSE = 5.750, 0.01
SECONDS, BELOW = 1800, 0.10
ROLLOUTS, DRAWS, BLEU_SECONDS = 8.0, 8.0, 3.0
SHOWN = ("bleu2", "bleu3", "bleu4", "bleu5", "self_bleu2", "self_bleu3", "self_bleu4", "self_bleu5", "copies", "mc_gap")
STOP = (
    "a an the of on in with and at to is are it its his her their by for from that this some there up down out over "
    "near next into as while has have"
)
# What a part's run at each size is; full is what the defaults say.
GAMES: dict[str, dict[str, Callable[[], Any]]] = {
    "full": {
        "seqgan": lambda: zoo.SeqGAN(),
        "scratchgan": lambda: zoo.ScratchGAN(start=0.7),
        "relgan": lambda: zoo.RelGAN(),
    },
    "gate": {
        "seqgan": lambda: zoo.SeqGAN(steps=500),
        "scratchgan": lambda: zoo.ScratchGAN(steps=500, start=0.6),
        "relgan": lambda: zoo.RelGAN(steps=400),
    },
}


def place(name: str) -> Path:
    """Find a file of the data folder."""
    return Path(os.environ.get("CONTRAFACT_DATA", "data")) / "sequences" / name


def oracle_lines(oracle: Oracle, count: int, seed: int) -> list[list[int]]:
    """Draw training lines, and add those that list the tokens which never came up."""
    lines = oracle.sample(count, seed=seed)
    missing = np.setdiff1d(np.arange(oracle.symbols), lines)
    padded = np.resize(missing, -(-len(missing) // oracle.length) * oracle.length) if len(missing) else missing
    return [*lines.tolist(), *padded.reshape(-1, oracle.length).tolist()]


def judged(oracle: Oracle, drawn: Sequence[Any] | np.ndarray, test: float) -> Row:
    """Score drawn lines of the oracle's length; others are cut, and too short ones left out."""
    fit = np.array([line[: oracle.length] for line in drawn if len(line) >= oracle.length])
    value, error = oracle.nll(fit)
    pairs = fit[:, :-1] * oracle.symbols + fit[:, 1:]
    return {"oracle": value, "oracle_error": error, "test": test, "distinct": len(np.unique(pairs)) / pairs.size}


def of_model(oracle: Oracle, model: Any, seed: int, sizes: Row) -> Row:
    """Judge a fitted model."""
    fresh = oracle.sample(sizes["test"], seed=10_000 + seed).tolist()
    test = -float(np.mean(model.log_prob(fresh))) / oracle.length
    return judged(oracle, model.sample(sizes["drawn"], seed=seed), test)


def temperature_rows(oracle: Oracle, model: Any, seed: int, sizes: Row) -> Row:
    """Judge one LSTM at several temperatures."""
    fresh = torch.tensor(model.codec.matrix(oracle.sample(sizes["test"], seed=10_000 + seed).tolist())["codes"]).long()
    found: Row = {}
    for value in TEMPERATURES:
        surprise = torch.cat([model.generator.nll(part, temperature=value) for part in torch.split(fresh, 256)])
        drawn = model.sample(sizes["drawn"], {"temperature": value}, seed=seed)
        found[f"{value:g}"] = judged(oracle, drawn, float(surprise.mean()) / oracle.length)
    return found


def fitted(make: Callable[[], Any], oracle: Oracle, sizes: Row, seed: int) -> Row:
    """Fit a method to an oracle's lines, and judge it where its likelihood start ends and at the end."""
    training = make().training(oracle_lines(oracle, sizes["lines"], seed), seed=seed)
    found: Row = {}

    def run() -> None:
        for progress in training:
            start = getattr(training.game, "start", 0)
            if start and not found and progress.step >= start:
                found["start"] = of_model(oracle, training.live, seed, sizes)

    _, seconds = cpu_seconds(run)
    if hasattr(training.model, "critic"):
        found["end"] = of_model(oracle, training.model, seed, sizes)
    else:
        found |= temperature_rows(oracle, training.model, seed, sizes)
    return {"cpu_seconds": seconds, "warnings": training.warnings, **found}


def chained(oracle: Oracle, order: int, sizes: Row, seed: int) -> Row:
    """Judge a chain that looks so many tokens back."""
    from contrafact.metrics.transitions import Transitions

    lines = [np.array(line) for line in oracle_lines(oracle, sizes["lines"], seed)]
    size, length = oracle.symbols + 1, oracle.length
    chain = Transitions.count(lines, order, size, end=False)
    fresh = list(oracle.sample(sizes["test"], seed=10_000 + seed))
    stream = np.random.default_rng(seed)
    drawn = np.full((sizes["drawn"], order + length), size, dtype=np.int64)
    for column in range(order, order + length):
        for first in range(0, len(drawn), 256):
            part = drawn[first : first + 256]
            edges = chain.probabilities(part[:, column - order : column])[:, : oracle.symbols].cumsum(1)
            aims = stream.random(len(part)) * edges[:, -1]
            part[:, column] = [np.searchsorted(edge, aim, side="right") for edge, aim in zip(edges, aims, strict=True)]
    test = -float(chain.log_prob(fresh).mean()) / length
    return {"end": judged(oracle, drawn[:, order:].clip(0, oracle.symbols - 1), test)}


def curve(points: Sequence[Row], test: float) -> float:
    """Read the temperature curve at a value of "test": the lowest "oracle" that the LSTM has there, by lines."""
    rising = sorted(points, key=lambda point: float(point["test"]))
    return float(np.interp(test, [point["test"] for point in rising], [point["oracle"] for point in rising]))


def oracle_part(table: Table, seeds: int, size: str) -> None:
    """The honest table."""
    file = place("oracle/seqgan_target_params_py3.npz")
    oracle = Oracle.read(file) if size == "full" else Oracle.drawn(hidden=16, length=10, symbols=200, seed=0)
    sizes = (
        {"lines": 9984, "test": 1000, "drawn": 1024} if size == "full" else {"lines": 1000, "test": 500, "drawn": 512}
    )
    checked = table.row("oracle", "self-check", 0, {}, lambda: self_check(Oracle.read(file)))
    table.bar(
        f"oracle: entropy of its own lines {ENTROPY} ± {CLOSE}",
        abs(checked["oracle"] - ENTROPY) <= CLOSE,
        f"{checked['oracle']:.4f} ± {checked['oracle_error']:.4f} ({checked['n']:,} lines)",
    )
    real = judged(oracle, oracle.sample(sizes["drawn"], seed=77).tolist(), float("nan"))
    lines = [shown("real", [{**real, "test": real["oracle"]}])]
    for order in (0, 1, 2):
        rows = [
            table.row(f"{order + 1}-gram", "oracle", s, sizes, partial(chained, oracle, order, sizes, s))
            for s in range(seeds)
        ]
        lines.append(shown(f"{order + 1}-gram", [row["end"] for row in rows]))
    own = zoo.LSTM()
    base = [
        table.row("lstm", "oracle", s, {**sizes, **known(own)}, partial(fitted, lambda: own, oracle, sizes, s))
        for s in range(seeds)
    ]
    for value in TEMPERATURES:
        lines.append(shown(f"lstm, temperature {value:g}", [row[f"{value:g}"] for row in base], base))
    below: dict[str, list[float]] = {}
    for name, make in GAMES[size].items():
        rows = [
            table.row(name, "oracle", s, {**sizes, **known(make())}, partial(fitted, make, oracle, sizes, s))
            for s in range(seeds)
        ]
        if "start" in rows[0]:
            lines.append(shown(f"{name}, where likelihood ends", [row["start"] for row in rows]))
        lines.append(shown(name, [row["end"] for row in rows], rows))
        for row in rows:
            for said in row["warnings"][-1:]:
                table.line(f"{name}, seed {row['seed']}: {said}")
        below[name] = [
            curve([start[f"{v:g}"] for v in TEMPERATURES], row["end"]["test"]) - row["end"]["oracle"]
            for row, start in zip(rows, base, strict=True)
        ]
        slowest = max(row["cpu_seconds"] for row in rows)
        table.bar(f"{name}: <= {SECONDS} CPU seconds", slowest <= SECONDS, f"{slowest:.0f}")
    table.show(lines)
    best = max(below, key=lambda name: min(below[name]))
    table.line(
        f"aim   one adversarial method >= {BELOW:.2f} below the LSTM's curve at its own test: {best}, {below[best]}"
    )


def self_check(oracle: Oracle, n: int = 10_000) -> Row:
    """Measure the oracle's entropy on its own lines."""
    value, error = oracle.nll(oracle.sample(n, seed=1))
    return {"oracle": value, "oracle_error": error, "n": n}


def shown(name: str, found: list[Row], rows: Sequence[Row] = ()) -> dict[str, str]:
    """Write one method, mean ± standard deviation over the seeds."""
    told = {key: mean_sd([row[key] for row in found], 3) for key in ("oracle", "test", "distinct")}
    seconds = mean_sd([row["cpu_seconds"] for row in rows], 0) if rows else "-"
    return {"method": name, "seeds": str(len(found)), **told, "cpu_seconds": seconds}


def timed() -> Row:
    """Time roll-outs, draws and BLEU."""
    torch.manual_seed(0)
    net = SequenceGenerator(Lines(symbols=5000, places=20, ends=False), LSTMCore(32, 32), embedding=32)
    stream = torch.Generator().manual_seed(0)
    drawn = net.sample(torch.rand(64, 20, generator=stream))
    _, rollouts = cpu_seconds(lambda: completions(net, drawn, 16, lambda n: torch.rand(n, generator=stream)))
    oracle = Oracle.drawn(hidden=32, length=20)
    _, draws = cpu_seconds(lambda: oracle.sample(10_000))
    candidates, references = ([line.split() for line in captions_of(name)] for name in ("image", "test"))
    _, scored = cpu_seconds(lambda: bleu(candidates, references))
    return {"rollouts": rollouts, "draws": draws, "bleu": scored}


def speed_part(table: Table, seeds: int, size: str) -> None:
    """CPU seconds on one thread."""
    row = table.row("contrafact", "speed", 0, {}, timed)
    table.bar(
        f"roll-outs 16 x 64 x 19 <= {ROLLOUTS:g} CPU seconds", row["rollouts"] <= ROLLOUTS, f"{row['rollouts']:.1f}"
    )
    table.bar(f"10,000 lines of 20 drawn <= {DRAWS:g} CPU seconds", row["draws"] <= DRAWS, f"{row['draws']:.1f}")
    table.bar(
        f"BLEU-2..5, 10k against 10k <= {BLEU_SECONDS:g} CPU seconds", row["bleu"] <= BLEU_SECONDS, f"{row['bleu']:.1f}"
    )


def captions_of(name: str) -> list[str]:
    """Read captions."""
    lines = place(f"text/texygen_{name}_coco.txt").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip()]


def of_captions(make: Callable[[], Any], lines: list[str], others: list[str], seed: int) -> Row:
    """Learn captions and score as many drawn ones."""
    model, seconds = cpu_seconds(lambda: make().fit(lines, seed=seed))
    drawn = model.sample(len(lines), seed=100 + seed)
    scores = text_scores(lines, drawn, others, seed=seed)
    return {"cpu_seconds": seconds, "lines": drawn[:5], **{name: scores[name].value for name in SHOWN}}


def captions_part(table: Table, seeds: int, size: str) -> None:
    """Captions beside real ones."""
    few = 10_000 if size == "full" else 400
    lines, others = captions_of("image")[:few], captions_of("test")[:few]
    methods: dict[str, Callable[[], Any]] = {
        "markov, order 2": lambda: zoo.Markov(order=2, unit="word"),
        "lstm": zoo.LSTM if size == "full" else lambda: zoo.LSTM(steps=40),
        "scratchgan": zoo.ScratchGAN if size == "full" else lambda: zoo.ScratchGAN(steps=40),
    }

    def real() -> Row:
        scores = text_scores(lines, lines, others)
        return {name: scores[name].value for name in SHOWN} | {"copies": scores["copies"].ceiling}

    rows = {"real": [table.row("real", "captions", 0, {"lines": few}, real)]}
    for name, make in methods.items():
        job = partial(of_captions, make, lines, others)
        rows[name] = [
            table.row(name, "captions", s, {"lines": few, **known(make())}, partial(job, s)) for s in range(seeds)
        ]
    table.show(
        [
            {"method": name, **{score: mean_sd([row[score] for row in found], 3) for score in SHOWN}}
            for name, found in rows.items()
        ]
    )
    for row in rows["scratchgan"][:1]:
        for line in row["lines"]:
            table.line(f"  {line}")
    copies = max(row["copies"] for row in rows["scratchgan"])
    table.bar("scratchgan, no likelihood start: copies <= real's", copies <= rows["real"][0]["copies"], f"{copies:.4f}")
    away = {
        score: max(abs(row[score] - rows["real"][0][score]) for row in rows["scratchgan"])
        for score in ("bleu4", "self_bleu4")
    }
    table.line(f"aim   scratchgan: BLEU and self-BLEU within .03 of real lines: {away}")


def dates(count: int, seed: int) -> list[tuple[str, str]]:
    """Write dates in some ways, each with its ISO form."""
    source, found = np.random.default_rng(seed), []
    ways = ("%d %B %Y", "%B %d, %Y", "%d/%m/%Y", "%a %d %b %Y", "%Y.%m.%d", "the %d of %b, %Y")
    for _ in range(count):
        day = datetime.date(1950, 1, 1) + datetime.timedelta(days=int(source.integers(36_525)))
        found.append((day.strftime(str(source.choice(ways))), day.isoformat()))
    return found


def reduced(name: str, count: int) -> list[tuple[str, str]]:
    """Give captions with what is left of them without the words of a fixed list."""
    left_out = set(STOP.split())
    lines = [line.rstrip(". ") for line in captions_of(name)][:count]
    pairs = [(line, " ".join(word for word in line.split() if word not in left_out)) for line in lines]
    return [pair for pair in pairs if pair[1]]


def rewritten(make: Callable[[], Any], learned: Any, asked: list[tuple[str, str]], seed: int) -> Row:
    """Learn to rewrite, and count exact matches on unseen pairs."""
    model, seconds = cpu_seconds(lambda: make().fit(learned, seed=seed))
    made = model.translate([source for source, _ in asked])
    right = [line == target for line, (_, target) in zip(made, asked, strict=True)]
    wrong = [[*pair, line] for pair, line, good in zip(asked, made, right, strict=True) if not good][:3]
    return {"exact": float(np.mean(right)), "n": len(right), "cpu_seconds": seconds, "wrong": wrong}


def pairs_part(table: Table, seeds: int, size: str) -> None:
    """Rewriting, with and without a critic."""
    few = {} if size == "full" else {"dates": 450, "reduced": 900}
    tasks = {
        "dates": (dates(8000, 0), dates(1000, 1), 0.99),
        "reduced": (reduced("image", 10_000), reduced("test", 1000), 0.9),
    }
    lines = []
    for task, (learned, asked, bar) in tasks.items():
        for adversarial in (True, False):
            make = partial(zoo.Rewriter, steps=few.get(task), adversarial=adversarial)
            name = "rewriter" if adversarial else "rewriter, likelihood alone"
            settings = {"pairs": len(learned), **known(make())}
            rows = [
                table.row(name, task, s, settings, partial(rewritten, make, learned, asked, s)) for s in range(seeds)
            ]
            exact, seconds = ([row[key] for row in rows] for key in ("exact", "cpu_seconds"))
            told = {"exact": mean_sd(exact, 4), "cpu_seconds": mean_sd(seconds, 0)}
            lines.append({"method": name, "on": task, "seeds": str(len(rows)), **told})
            if adversarial:
                table.bar(f"rewriter, {task}: exact match >= {bar:g}", min(exact) >= bar, f"{min(exact):.4f}")
    table.show(lines)


def main() -> None:
    """Measure the parts that are asked for."""
    parser = arguments(__doc__, gate_seeds=1, full_seeds=2)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    options = read(parser)
    table = Table("text", options)
    jobs = {"oracle": oracle_part, "speed": speed_part, "captions": captions_part, "pairs": pairs_part}
    for name in options.parts:
        table.line(f"\n{name}")
        try:
            jobs[name](table, options.seeds, options.size)
        except (UsageError, FileNotFoundError) as error:
            table.line(f"{name}: left out: {error}")
    table.write()


if __name__ == "__main__":
    main()
