"""Series: windows that a classifier cannot tell, gaps, and forecasts, beside baselines and TimeGAN.

ETTh1: 17,420 hours of an electricity transformer, seven variables; the first seven tenths are learned from, gaps and
forecasts are asked in the rest, and no window crosses the cut. Google stocks: 3,685 days, six variables, beside it.
Drawn windows of 24 steps are judged by one code (`contrafact.metrics.series`) against the learned part, each method's
over three judges of other seeds; real blocks against other real blocks are the floor that nothing can pass. Faults of
a simulated machine: see `series_faults`.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from contrafact import zoo
from contrafact.metrics.crps import crps
from contrafact.metrics.series import series_scores
from series_faults import faults_part
from table import Row, Table, arguments, known, mean_sd, read

PARTS = ("draw", "gaps", "ahead", "stocks", "faults")
WINDOW, CONTEXT, LEARNED, JUDGES = 24, 168, 0.7, 3
SERIES, DRAWS, FILLED = 1500, 100, 4
SHOWN = ("discriminative", "predictive", "autocorrelation", "spectrum", "marginals", "crosscorrelation")
TIMEGAN_STEPS = {"gate": 2400, "full": 4800}  # about five and ten CPU minutes
LONG = 96  # steps that the shuttle for gaps and forecasts sees
GAPS, EVERY, ORIGINS = (4, 12), 60, 60
MOST_MINUTES = 10.0


def data(name: str) -> pd.DataFrame:
    """Read a set."""
    place = Path(os.environ.get("CONTRAFACT_DATA", "data")) / "tables" / name
    if not place.exists():
        print(f"{place} is not there: set CONTRAFACT_DATA to the folder that holds tables/{name}.")
        sys.exit(0)
    return pd.read_csv(place)


def etth1() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give the hours that are learned from and those that are asked about."""
    whole = data("ETTh1.csv")
    cut = int(LEARNED * len(whole))
    return whole[:cut].reset_index(drop=True), whole[cut:].reset_index(drop=True)


def generators(size: str) -> dict[str, Callable[[], Any]]:
    """Give the methods that draw windows."""
    return {
        "shuttle": lambda: zoo.Shuttle(window=WINDOW, gaps=0.0),
        "timegan": lambda: zoo.TimeGAN(window=WINDOW, steps=TIMEGAN_STEPS[size]),
        "var": lambda: zoo.VAR(window=WINDOW),
        "hmm": lambda: zoo.HMM(window=WINDOW),
        "seasonal": lambda: zoo.SeasonalNaive(window=WINDOW),
    }


def judged(real: pd.DataFrame, fake: pd.DataFrame) -> Row:
    """Score drawn series by judges of several seeds, and give their means; floors and ceilings come along."""
    found = [series_scores(real, fake, seed=seed, window=WINDOW) for seed in range(JUDGES)]
    row: Row = {name: float(np.mean([scores[name].value for scores in found])) for name in SHOWN}
    for end in ("floor", "ceiling"):
        row |= {f"{name} {end}": float(np.mean([getattr(scores[name], end) for scores in found])) for name in SHOWN}
    return {**row, "n": found[0]["discriminative"].n}


def drawn(make: Callable[[], Any], learned: pd.DataFrame, seed: int) -> Row:
    """Fit a method, draw series and judge them."""
    began = time.process_time()
    model = make().fit(learned, seed=seed)
    fitted = time.process_time()
    fake = model.sample(SERIES, seed=100 + seed)
    told = time.process_time()
    return {"cpu_seconds": fitted - began, "draw_seconds": told - fitted, **judged(learned, fake)}


def draw_part(table: Table, seeds: int, learned: pd.DataFrame, setting: str, methods: Sequence[str]) -> None:
    """Drawn windows beside real ones."""
    rows: dict[str, list[Row]] = {}
    for name, make in generators(table.options.size).items():
        if name in methods:
            settings = {**known(make()), "judges": JUDGES, "series": SERIES}
            job = partial(drawn, make, learned)
            rows[name] = [table.row(name, setting, seed, settings, partial(job, seed)) for seed in range(seeds)]
    table.show([shown(own) for own in rows.values()] + [anchor(rows["shuttle"], end) for end in ("ceiling", "floor")])
    worst = max(row["discriminative"] for row in rows["shuttle"])
    if "timegan" in rows:
        least = min(row["discriminative"] for row in rows["timegan"])
        told = f"{worst:.3f} against {least:.3f}; real against real {rows['shuttle'][0]['discriminative ceiling']:.3f}"
        table.bar(f"{setting}: shuttle's worst discriminative score below timegan's best", worst < least, told)
    longest = max(row["cpu_seconds"] for own in rows.values() for row in own) / 60
    table.bar(
        f"{setting}: no method trains longer than {MOST_MINUTES:g} CPU minutes",
        longest <= MOST_MINUTES,
        f"{longest:.1f}",
    )


def shown(rows: list[Row]) -> dict[str, str]:
    """Write one method, mean ± standard deviation over the seeds."""
    told = {"method": rows[0]["method"], "on": rows[0]["setting"], "seeds": str(len(rows))}
    for name in (*SHOWN, "cpu_seconds"):
        told[name] = mean_sd([row[name] for row in rows], 0 if name == "cpu_seconds" else 3)
    return told


def anchor(rows: list[Row], end: str) -> dict[str, str]:
    """Write what real blocks get against real blocks, or noise."""
    told = {"method": {"ceiling": "real against real", "floor": "shuffled or noise"}[end], "on": rows[0]["setting"]}
    return {**told, "seeds": "", **{name: f"{rows[0][f'{name} {end}']:.3f}" for name in SHOWN}}


def with_gaps(test: pd.DataFrame, length: int) -> pd.DataFrame:
    """Empty all variables for some hours, every few days."""
    holed = test.copy()
    for start in range(100, len(test) - 100, EVERY):
        holed.loc[start : start + length - 1, test.columns[1:]] = np.nan
    return holed


def filled(model: Any, learned: pd.DataFrame, test: pd.DataFrame) -> Row:
    """Fill gaps of several lengths: errors of best guesses in deviations of each variable, and scores of draws."""
    names = list(test.columns[1:])
    sd, truth, row = learned[names].std().to_numpy(), test[names].to_numpy(), {}
    for length in GAPS:
        holed = with_gaps(test, length)
        holes = holed[names].isna().to_numpy()
        if model is None:
            best, draws = holed[names].interpolate().to_numpy(), None
        else:
            best = model.impute(holed)[names].to_numpy()
            draws = np.stack([part[names].to_numpy() for part in model.impute(holed, draws=FILLED, seed=0)])
        row[f"rmse {length}"] = float(np.sqrt(np.mean((((best - truth) / sd)[holes]) ** 2)))
        if draws is not None:
            row[f"crps {length}"] = float(crps((draws / sd)[:, holes], (truth / sd)[holes]).mean())
    return row


def foretold(model: Any, learned: pd.DataFrame, test: pd.DataFrame) -> Row:
    """Forecast a day from many hours: the score of the draws, and the error of their mean, in deviations."""
    names = list(test.columns[1:])
    sd = learned[names].std().to_numpy()
    scores, errors = [], []
    for origin in np.linspace(CONTEXT, len(test) - WINDOW, ORIGINS).astype(int):
        before, truth = test[origin - CONTEXT : origin], test[names][origin : origin + WINDOW].to_numpy() / sd
        futures = model.forecast(before.reset_index(drop=True), WINDOW, draws=DRAWS, seed=int(origin))
        draws = np.stack([future[names].to_numpy() for future in futures]) / sd
        scores.append(crps(draws, truth).mean())
        errors.append(((draws.mean(0) - truth) ** 2).mean())
    return {"crps": float(np.mean(scores)), "rmse": float(np.sqrt(np.mean(errors)))}


def asked(make: Callable[[], Any] | None, learned: pd.DataFrame, test: pd.DataFrame, seed: int) -> Row:
    """Fit a method once, fill gaps with it and forecast."""
    began = time.process_time()
    model = None if make is None else make().fit(learned, seed=seed)
    row: Row = {"cpu_seconds": time.process_time() - began, **filled(model, learned, test)}
    return row if model is None else {**row, **foretold(model, learned, test)}


def ahead_part(table: Table, seeds: int) -> None:
    """Gaps and forecasts in hours that no method has seen."""
    learned, test = etth1()
    makers: dict[str, Callable[[], Any] | None] = {
        "shuttle": lambda: zoo.Shuttle(window=LONG),
        "var": lambda: zoo.VAR(),
        "hmm": lambda: zoo.HMM(),
        "seasonal": lambda: zoo.SeasonalNaive(),
        "lines": None,
    }
    rows: dict[str, list[Row]] = {}
    for name, make in makers.items():
        settings = {} if make is None else known(make())
        job = partial(asked, make, learned, test)
        count = seeds if name in ("shuttle", "hmm") else 1
        rows[name] = [table.row(name, "ETTh1 ahead", seed, settings, partial(job, seed)) for seed in range(count)]
    heads = (*(f"{what} {length}" for length in GAPS for what in ("rmse", "crps")), "crps", "rmse", "cpu_seconds")
    table.show(
        [
            {
                "method": name,
                "seeds": str(len(own)),
                **{h: mean_sd([r[h] for r in own], 3) if h in own[0] else "-" for h in heads},
            }
            for name, own in rows.items()
        ]
    )
    for length in GAPS:
        own, line = (max(r[f"rmse {length}"] for r in rows[name]) for name in ("shuttle", "lines"))
        table.bar(
            f"ETTh1, gaps of {length}: shuttle's worst below straight lines",
            own < line,
            f"{own:.3f} against {line:.3f}",
        )
    own = max(r["crps"] for r in rows["shuttle"])
    for other in ("seasonal", "var"):
        beaten = own < rows[other][0]["crps"]
        told = f"{own:.3f} against {rows[other][0]['crps']:.3f}"
        if other == "seasonal":
            table.bar("ETTh1, a day ahead: shuttle's worst CRPS below seasonal naive's", beaten, told)
        else:
            table.line(f"aim: below VAR's: {'reached' if beaten else 'not reached'}, {told}")


def main() -> None:
    parser = arguments(__doc__, gate_seeds=2, full_seeds=3)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--methods", nargs="+", default=list(generators("gate")), help="of those that draw")
    options = read(parser)
    table = Table("series", options)
    if "draw" in options.parts:
        draw_part(table, options.seeds, etth1()[0], "ETTh1", options.methods)
    if "stocks" in options.parts:
        draw_part(table, options.seeds, data("stock_data.csv"), "stocks", options.methods)
    if {"gaps", "ahead"} & set(options.parts):
        ahead_part(table, options.seeds)
    if "faults" in options.parts:
        faults_part(table, options.seeds)
    table.write()


if __name__ == "__main__":
    main()
