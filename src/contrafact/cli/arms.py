"""The scores of ways to train on a table, laid out with a line for each way."""

from __future__ import annotations

from collections.abc import Mapping

from contrafact.base.records import Score
from contrafact.cli.answer import table

HEADS = {"auprc": "AUPRC", "auc": "AUC", "f1": "F1", "brier": "Brier", "brier_corrected": "corrected"}


def arms_shown(scores: Mapping[str, Score]) -> str:
    """Lay out what classifiers got in each way of training; nothing where there are no such scores."""
    pairs = [name.split("_", 2)[1:] for name in scores if name.startswith("auprc_")]
    if not pairs:
        return ""
    rows: list[tuple[str, ...]] = [("classifier", "with", *_heads(), "n")]
    for model, arm in pairs:
        figures = [scores[f"{name}_{model}_{arm}"] for name in HEADS]
        first = f"{figures[0].value:.3f} ({figures[0].low:.3f} .. {figures[0].high:.3f})"
        rows.append((model, arm, first, *(f"{score.value:.4f}" for score in figures[1:]), f"{figures[0].n:,}"))
    return (
        table(rows) + "\nHigher is better for AUPRC, AUC and F1 (at the best out-of-fold threshold), lower for Brier."
    )


def _heads() -> tuple[str, ...]:
    return ("AUPRC (95 %)", *list(HEADS.values())[1:])
