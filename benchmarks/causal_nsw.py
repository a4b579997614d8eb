"""The job training experiment (NSW) with controls of surveys in the place of its own (LaLonde 1986).

The men whom the experiment treated are compared with men of the PSID or the CPS who never took part. What the
experiment itself found is the target: the difference of means between its own groups, with its interval. Dehejia and
Wahba's subset (earnings of 1974 are known) is used throughout. The survey groups are those of the files: PSID 2,490
men, CPS-3 429 men. The question is the effect on the treated (ATT); the average over survey men as well is asked only
to show what the answer says about overlap.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from contrafact.tasks.effect import studied
from table import Row, Table, cpu_seconds

DATA = Path(os.environ.get("CONTRAFACT_DATA", "data")) / "causal" / "lalonde"
CONTROLS = {"PSID": "psid_controls.dta", "CPS-3": "cps_controls3.dta"}
METHODS = ("aipw", "ipw", "regression", "linear", "s-learner", "t-learner", "x-learner", "r-learner", "dr-learner")
POOR = "POOR"


def table_of(name: str) -> pd.DataFrame:
    """Read the treated of the experiment with the controls of a survey, or of the experiment."""
    whole = pd.read_stata(DATA / "nsw_dw.dta").drop(columns="data_id")
    if name == "experiment":
        return whole
    survey = pd.read_stata(DATA / CONTROLS[name]).drop(columns="data_id")
    return pd.concat([whole[whole["treat"] == 1], survey], ignore_index=True)


def estimate(name: str, method: str, query: str) -> Row:
    """Estimate the effect of the training on earnings of 1978."""
    frame = table_of(name)
    given: Any = [] if method == "difference" else None
    found, seconds = cpu_seconds(
        partial(studied, frame, "treat", "re78", given=given, method="aipw" if given == [] else method, query=query)
    )
    effect = found.effect
    overlap = effect.overlap
    return {
        "value": effect.value,
        "low": effect.low,
        "high": effect.high,
        "rows": effect.n,
        "trimmed": overlap.trimmed,
        "effective": overlap.effective,
        "words": overlap.words,
        "notes": list(effect.notes),
        "cpu_seconds": seconds,
    }


def measure(table: Table, seeds: int) -> None:
    """All estimators beside the experiment."""
    att = "ATT(treat, re78)"
    truth = table.row("difference", "experiment", 0, {"query": att}, partial(estimate, "experiment", "difference", att))
    rows = {("experiment", "difference of means"): truth}
    for name in CONTROLS:
        for method in ("difference", *METHODS):
            rows[name, method] = table.row(method, name, 0, {"query": att}, partial(estimate, name, method, att))
    table.show([shown(*key, row) for key, row in rows.items()])
    for name in CONTROLS:
        near = [m for m in METHODS if rows[name, m]["low"] <= truth["high"] and rows[name, m]["high"] >= truth["low"]]
        inside = [m for m in METHODS if truth["low"] <= rows[name, m]["value"] <= truth["high"]]
        table.line(
            f"      {name}: {len(inside)} of {len(METHODS)} values lie in the experiment's interval, "
            f"{len(near)} intervals meet it; the plain difference is {rows[name, 'difference']['value']:,.0f}"
        )
    whole = table.row(
        "aipw", "PSID, average", 0, {"query": "ATE"}, partial(estimate, "PSID", "aipw", "ATE(treat, re78)")
    )
    for line in (whole["words"], *whole["notes"]):
        table.line(f"      PSID, average over all: {line}")
    table.bar(
        "NSW: every estimator beside the experiment", len(rows) == 1 + 2 * (1 + len(METHODS)), f"{len(rows)} rows"
    )
    warned = POOR in whole["words"] and any("set aside" in note for note in whole["notes"])
    table.bar("NSW against PSID: overlap warning given", warned, whole["words"])


def shown(name: str, method: str, row: Row) -> dict[str, str]:
    """Write a row of the table."""
    return {
        "controls": name,
        "method": method,
        "effect on the treated": f"{row['value']:,.0f}",
        "95 % interval": f"{row['low']:,.0f} .. {row['high']:,.0f}",
        "set aside": f"{row['trimmed']:,}",
        "counts as": f"{row['effective']:,.0f}",
        "CPU s": f"{row['cpu_seconds']:.2f}",
    }
