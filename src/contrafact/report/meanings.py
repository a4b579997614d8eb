"""What each score says, in one plain line."""

from __future__ import annotations

MEANINGS = {
    "score": "How well do fakes and held-out rows mix? 1: a neighbour is as often fake as real; 0: never.",
    "precision": "The share of fakes that lie where real data lie: how believable they are.",
    "recall": "The share of real data that lie where fakes lie: how much of the variety is reached.",
    "density": "How thickly real data surround the fakes; about 1 is as thick as real data themselves.",
    "coverage": "The share of real items that have a fake close by: how much of the data is reached.",
    "regions": "The share of the data's regions that get at least a tenth of their fair number of fakes.",
    "variety": "How far fakes lie from each other, against real data: 1 is as varied.",
    "c2st": "How well fakes withstand a classifier that tries to tell them from real data: 1 fools it, 0 never does.",
    "c2st_trees": "How often boosted trees rank a fake above a real row: 0.5 cannot tell; far below it, copies.",
    "c2st_logistic": "The same by logistic regression, which is blind to relations between columns: 0.5 cannot tell.",
    "shapes": "How alike the columns are, one at a time; blind to every relation between them.",
    "pairs": "How alike the relations between pairs of columns are; blind to what three or more have together.",
    "missingness": "How alike the holes are: how many in each column, and which columns have them together.",
    "tstr_auc": "How well a model trained on fakes only tells the classes of real rows: 0.5 is guessing.",
    "tstr_r2": "How much of a number's variance in real rows a model trained on fakes only explains.",
    "membership_auc": "How well an attacker tells training rows from unseen ones; 0.5 is a coin. Passing is no proof.",
    "membership_distance": "An attacker takes rows that have a fake close by for training rows; 0.5 is a coin.",
    "membership_density": "An attacker takes rows that fakes crowd around for training rows; 0.5 is a coin.",
    "membership_classifier": "An attacker's trees take training rows for fakes; 0.5 is a coin.",
    "nearer_train": "The share of fakes nearer to training than to held-out rows; 0.5 is ideal. It detects copies.",
    "singling_out": "How much oftener a description of one fake fits exactly one training row than one held-out row.",
    "linkability": "How much oftener fakes link two halves of a training row than of a held-out row.",
    "inference": "How much oftener fakes give away a hidden cell of a training row, of the worst column.",
    "copies": "The share of fakes that repeat a training row.",
    "frechet": "The distance between two Gaussians laid around real and fake features: 0 is the same.",
    "kernel": "The distance between real and fake features by a polynomial kernel: 0 is the same.",
    "inception": "Whether a classifier finds each picture clear and all of them varied.",
    "label_kl": "How far the shares of the classes among fakes are from those among real pictures: 0 is the same.",
    "agreement": "The share of fakes that a classifier sees as the class that was asked for.",
    "bins": "The share of the data's regions that get too many or too few fakes: 0.05 is chance.",
    "tstr": "How often a classifier that learned from fakes only is right about real items.",
    "log_spectral": "How far the mean spectra of both sides lie apart, in decibels: 0 is the same.",
    "clean": "The share of fakes that are neither silent, clipped, off zero, one steady tone, nor a click.",
    "silent": "The share of fakes in which nothing can be heard.",
    "clipped": "The share of fakes that are cut off at the ends of their range.",
    "offset": "The share of fakes that do not swing around zero.",
    "tone": "The share of fakes that are one steady tone or a buzz that never changes.",
    "click": "The share of fakes that are a click in silence.",
    "twin": "The share of fakes that sound like another fake.",
    "mmd": "The distance between real and fake data by a smooth kernel: about 0 is the same.",
    "energy": "The distance between real and fake data by the distances of their items: about 0 is the same.",
    "sliced_wasserstein": "How far fakes would have to be moved to become the real data, seen from random directions.",
    "modes": "How many of the known clusters get their share of fakes.",
    "high_quality": "The share of fakes close to the centre of a known cluster.",
    "reverse_kl": "How unevenly the fakes are spread over the known clusters: 0 is even.",
    "spread_low": "The width of the tightest cluster of fakes, against the true width: below 1 is too tight.",
    "spread_high": "The width of the widest cluster of fakes, against the true width: above 1 is too wide.",
    "critic_wins": "How often the run's critic ranks a real item above a fake: 0.5 cannot tell.",
    "discriminative": "How often a classifier tells real windows from generated ones, beyond a coin's toss: 0 never.",
    "predictive": "How far off the next real step is told by what learned from generated series only.",
    "autocorrelation": "How differently generated series remember their own past: 0 is the same.",
    "spectrum": "How differently fast and slow swings are mixed: 0 is the same.",
    "marginals": "How differently values are spread, of the variable where it is worst: 0 is the same, 1 disjoint.",
    "crosscorrelation": "How differently variables move together: 0 is the same.",
    "mc_gap": "How far fakes are from real text in likelihood, step by step: broken, or too safe.",
    "mc_gap_reverse": "How much a chain that learned from fakes misses of real text: turns that the fakes lack.",
    "mc_tv": "How much the table of neighbouring symbols differs between fakes and real text.",
    "vocabulary": "The share of real text whose words (or characters) occur somewhere in the fakes.",
    "novelty": "The share of runs of four tokens in fakes that no training line holds; real lines show what is fair.",
    "lengths": "How many tokens fakes are too long or too short, on average.",
    "tstr_accuracy": "How often a classifier that learned from fakes only tells the classes of real items.",
}


# What the score of a training says, in a bracket and in full: of most methods, and of those that are asked
# for something else: hidden cells, arrows, outcomes, densities.
MIXING = (
    "0: fakes are told apart, 1: they mix with real rows",
    "Fakes of one fixed seed against held-out rows, which are not trained on. The score asks how well the two mix: 1 "
    "when a row's nearest neighbours are fake as often as real. Precision asks whether fakes lie where real data lie, "
    "recall and coverage whether they reach all of it.",
)
SETTLED = (
    "0: arrows are a coin's toss, 1: all are decided; it does not say whether they are right",
    "Nothing is held out: no row can say which arrows are right. The score is how far the confidences of arrows are "
    "from a coin's toss.",
)
ANSWERING = (
    "0: outcomes are told as by their mean, 1: without error; it does not say how right the effects are",
    "The outcomes of held-out rows, which are not trained on, are told from the rest of the row and what was done. The "
    "score is the share of the error of their mean that is gone. Nobody's other outcome is ever seen.",
)
CHAINED = (
    "0: drawn lines are told from held-out ones, 1: as good as more real lines",
    "Held-out lines are not trained on. Chains of a few symbols are counted from training lines and from drawn ones: "
    "the score is 1 where drawn lines surprise the first, and held-out lines the second, no more and no less than real "
    "lines do, and falls with both gaps.",
)
GUESSING = {
    "seqgan": CHAINED,
    "scratchgan": CHAINED,
    "relgan": CHAINED,
    "lstm": (
        "0: the next symbol is anybody's guess, 1: it is known; judge tells how good drawn lines are",
        "The score is the share of the surprise at a symbol of held-out lines, which are not trained on, that is gone "
        "against all symbols alike. How high it can be depends on the text; how good drawn lines are, judge tells.",
    ),
    "rewriter": (
        "0: no held-out line is rewritten rightly, 1: all are, to the last symbol",
        "Held-out pairs are not trained on. The score is the share of them that are rewritten exactly.",
    ),
    "sam": SETTLED,
    "dagma": SETTLED,
    "tarnet": ANSWERING,
    "cfr": ANSWERING,
    "ganite": ANSWERING,
    "scm": (
        "log density of a row, numbers in their own standard deviations: higher fits better, and 0 is nothing special",
        "The score is the logarithm of the density the mechanisms give to held-out rows, which are not trained on, "
        "added over the nodes. How high it can be depends on the data: differences between runs are what it tells.",
    ),
    "loom": (
        "0: a row's other cells tell nothing of a hidden one, 1: they tell all; judge tells how good the rows are",
        "Cells of held-out rows, which are not trained on, are hidden. The score is the share of the columns' own "
        "surprise that the rest of the row takes away: 0 where columns tell nothing of each other, 1 where they tell "
        "all. How high it can be depends on the data; how good drawn rows are, judge tells.",
    ),
    "shuttle": (
        "0: other steps and variables tell nothing of a cell, 1: they tell all; judge tells how good drawn series are",
        "Cells of held-out parts of the series, which are not trained on, are told from what came before, and from "
        "both sides of gaps. The score is the share of a cell's own spread that is gone then: 0 where the rest of the "
        "series tells nothing, 1 where it tells all. How high it can be depends on the data; how good drawn series "
        "are, judge tells.",
    ),
    "gain": (
        "0: hidden cells are filled as by columns' means and commonest levels, 1: without error",
        "Cells of held-out rows, which are not trained on, are hidden and filled. The score is the share of the error "
        "of columns' means and commonest levels that is gone: 0 is no better than they, 1 is no error.",
    ),
}


def held_out(method: str) -> tuple[str, str]:
    """Say what the held-out score of a method's training is: in a bracket, and in full.

    >>> held_out("r3gan")[0]
    '0: fakes are told apart, 1: they mix with real rows'
    """
    return GUESSING.get(method, MIXING)


def meaning(name: str) -> str:
    """Say in one line what a score of this name tells; nothing for a name that is not known.

    >>> meaning("bleu3")
    'The share of short runs of 3 tokens and fewer in fakes that real text has too.'
    """
    kind, size = name.rstrip("0123456789"), name[len(name.rstrip("0123456789")) :]
    if kind == "bleu" and size:
        return f"The share of short runs of {size} tokens and fewer in fakes that real text has too."
    if kind == "distinct" and size:
        return f"The share of different runs among all runs of {size} tokens: low means little variety."
    if kind == "self_bleu" and size:
        return f"How much fakes repeat each other in runs of {size} tokens and fewer: high means little variety."
    return MEANINGS.get(name, "")
