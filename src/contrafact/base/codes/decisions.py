"""Treatments, their effects on single rows, and decisions."""

ROWS: tuple[tuple[str, str, str, str, str], ...] = (
    (
        "E570",
        "No treatment or no outcome was named",
        "Which column was done to the rows, and which came of it, cannot be read off a table.",
        "The one that is missing.",
        "Name it: treatment='drug', outcome='ldl'; on the command line -t drug -y ldl.",
    ),
    (
        "E571",
        "A treatment or outcome that is no column",
        "The table has no such column, or one column was named as both.",
        "The nearest names.",
        "Correct the name.",
    ),
    (
        "E572",
        "Holes in the treatment or the outcome",
        "A row without a treatment or an outcome tells nothing about either.",
        "How many rows, and the first.",
        "Leave these rows out: frame.dropna(subset=['drug', 'ldl']). Holes in covariates may stay.",
    ),
    (
        "E573",
        "One arm only",
        "All rows had the same treatment, so that nothing shows what another would have done.",
        "The treatment's only value.",
        "Give rows that had another treatment, too.",
    ),
    (
        "E574",
        "A treatment with too many or unknown levels",
        "Effects of single rows are learned for treatments of a few levels, the same in new rows as in those fitted.",
        "How many levels there are, or the one that is not known.",
        "Cut the treatment into a few levels; for a dose as a number use contrafact effect.",
    ),
    (
        "E575",
        "Too few rows in an arm",
        "What an arm gives is learned from the rows that had it.",
        "The arm and its rows.",
        "Give more rows, or put arms together.",
    ),
    (
        "E576",
        "An outcome without a mean, or that never varies",
        "An effect is a difference of means: of numbers, or of two levels.",
        "The column.",
        "Give an outcome in numbers, or one with two levels.",
    ),
    (
        "E577",
        "More than two arms",
        "Meta-learners compare two arms.",
        "The treatment's levels.",
        "Keep the rows of two levels, or use tarnet, cfr or ganite.",
    ),
    (
        "E578",
        "A method that learns no effects",
        "The name is not that of a learner or network for effects, or the recipe has no treatment.",
        "The nearest names.",
        "Use auto, t, s, x, dr, r, tarnet, cfr or ganite.",
    ),
    (
        "E579",
        "Decisions that cannot be learned here",
        "Covariates, treatment and outcome differ in their rows, a cost is no number, there are no folds, or "
        "no set of columns makes rows comparable.",
        "What does not fit.",
        "Give one treatment and one outcome for each row; draw which columns come before the treatment.",
    ),
)
