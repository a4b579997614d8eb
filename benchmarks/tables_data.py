"""Tables for benchmarks, read as a user would read them."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

_PEOPLE = ["age", "workclass", "fnlwgt", "education", "education-num", "marital-status", "occupation", "relationship"]
ADULT = [
    *_PEOPLE,
    *("race", "sex", "capital-gain", "capital-loss", "hours-per-week", "native-country", "income"),
]


def tables_folder() -> Path:
    """Find the data, or say what is missing and stop."""
    folder = Path(os.environ.get("CONTRAFACT_DATA", "data")) / "tables"
    if not folder.is_dir():
        sys.exit(f"{folder} is missing: set CONTRAFACT_DATA to the folder that holds it.")
    return folder


@cache
def adult(part: str) -> pd.DataFrame:
    """Read UCI Adult's "train" or "test" rows; the test's labels end in a full stop, which is taken off."""
    frame = pd.read_csv(
        tables_folder() / f"adult_{part}.csv", header=None, names=ADULT, skipinitialspace=True, na_values="?"
    )
    return frame.assign(income=frame["income"].str.rstrip("."))


@cache
def numbers(name: str) -> pd.DataFrame:
    """Read a table of numbers: letter, spam, or breast (scikit-learn's)."""
    if name == "breast":
        from sklearn.datasets import load_breast_cancer

        return load_breast_cancer(as_frame=True).data
    return pd.read_csv(tables_folder() / f"{name}.csv")


@cache
def diabetes() -> pd.DataFrame:
    """Read scikit-learn's regression set: 442 patients, a number to predict."""
    from sklearn.datasets import load_diabetes

    return load_diabetes(as_frame=True, scaled=False).frame


@cache
def jobs() -> pd.DataFrame:
    """Read the National Supported Work experiment (Dehejia and Wahba's men) with the PSID controls: 2,935 rows."""
    folder = tables_folder().parent / "causal" / "lalonde"
    frames = [pd.read_stata(folder / f"{name}.dta") for name in ("nsw_dw", "psid_controls")]
    return pd.concat(frames, ignore_index=True).drop(columns="data_id", errors="ignore")


@cache
def mammography() -> pd.DataFrame:
    """Read mammography: six numbers and a rare class."""
    frame = pd.read_csv(tables_folder() / "mammography.csv", header=None, quotechar="'")
    frame.columns = [*(f"x{i}" for i in range(6)), "malignant"]
    return frame.assign(malignant=(frame["malignant"].astype(str).str.strip("'").astype(int) > 0).astype(int))


def halves(frame: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cut rows into those to learn from and a quarter to judge by."""
    order = np.random.default_rng(seed).permutation(len(frame))
    cut = len(frame) // 4
    return frame.iloc[np.sort(order[cut:])].reset_index(drop=True), frame.iloc[np.sort(order[:cut])].reset_index(
        drop=True
    )
