"""Scores: features -> statistics -> a figure with its spread. SciPy and scikit-learn load when first used.

Six functions share their module's name. They are bound here, so that importing such a module first, from wherever,
does not leave the module in the function's place.
"""

from contrafact.metrics.bleu import bleu, self_bleu
from contrafact.metrics.classifiers import c2st_logistic, c2st_trees
from contrafact.metrics.crps import crps, crps_score
from contrafact.metrics.features import (
    Features,
    inception_features,
    learned_features,
    named_features,
    pixel_features,
)
from contrafact.metrics.frechet import frechet, gaussian_frechet
from contrafact.metrics.gaps import mc_gap, mc_gap_reverse, mc_tv, signed_gap, transition_scores
from contrafact.metrics.judge import copies, membership_auc, rows_scores
from contrafact.metrics.kernel import kernel
from contrafact.metrics.labels import agreement, inception_score, label_kl, perfect_stacks, stacked_modes
from contrafact.metrics.marginals import missingness, shapes
from contrafact.metrics.mixed import mixed_rows
from contrafact.metrics.modes import modes
from contrafact.metrics.moments import Moments
from contrafact.metrics.neighbours import coverage_share, neighbours, precision_recall_f1
from contrafact.metrics.pictures import picture_scores
from contrafact.metrics.pooling import pooled
from contrafact.metrics.relations import pairs
from contrafact.metrics.series import series_scores
from contrafact.metrics.table_judge import judge_table
from contrafact.metrics.transitions import Chain, Transitions, fit_transitions
from contrafact.metrics.two_sample import c2st, energy_distance, mmd, sliced_wasserstein, with_anchors
from contrafact.metrics.usefulness import tstr

__all__ = [
    "Chain",
    "Features",
    "Moments",
    "Transitions",
    "agreement",
    "bleu",
    "c2st",
    "c2st_logistic",
    "c2st_trees",
    "copies",
    "coverage_share",
    "crps",
    "crps_score",
    "energy_distance",
    "fit_transitions",
    "frechet",
    "gaussian_frechet",
    "inception_features",
    "inception_score",
    "judge_table",
    "kernel",
    "label_kl",
    "learned_features",
    "mc_gap",
    "mc_gap_reverse",
    "mc_tv",
    "membership_auc",
    "missingness",
    "mixed_rows",
    "mmd",
    "modes",
    "named_features",
    "neighbours",
    "pairs",
    "perfect_stacks",
    "picture_scores",
    "pixel_features",
    "pooled",
    "precision_recall_f1",
    "rows_scores",
    "self_bleu",
    "series_scores",
    "shapes",
    "signed_gap",
    "sliced_wasserstein",
    "stacked_modes",
    "transition_scores",
    "tstr",
    "with_anchors",
]
