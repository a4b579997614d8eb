"""The methods by name, what each is for, and how names are read."""

from __future__ import annotations

from contrafact.base.errors import UsageError, did_you_mean

METHODS = {
    "auto": "what fits: doubly robust where covariates suffice, else front door, formula, or bounds",
    "aipw": "doubly robust with cross-fitting: outcome and treatment models, one of which must be right",
    "ipw": "weights from the treatment model alone",
    "regression": "outcome regression alone, of the kind that misses unseen rows least",
    "linear": "linear outcome regression in each group",
    "s-learner": "average of effects of rows: one regression",
    "t-learner": "average of effects of rows: a regression for each group",
    "x-learner": "average of effects of rows: crossed imputations",
    "r-learner": "average of effects of rows: residuals on residuals",
    "dr-learner": "average of effects of rows: doubly robust scores",
    "curve": "the dose-response curve of an amount, doubly robust",
    "front door": "through mediators that catch all of the effect, doubly robust",
    "instrument": "two-stage least squares; Wald's ratio for one instrument of two levels",
    "formula": "the identified formula on counted columns, intervals from refits",
    "bounds": "a range of values that data and graph allow",
}
ALIASES = {
    "dr": "aipw",
    "doubly robust": "aipw",
    "weighting": "ipw",
    "ols": "linear",
    "g-computation": "regression",
    "s": "s-learner",
    "t": "t-learner",
    "x": "x-learner",
    "r": "r-learner",
    "2sls": "instrument",
    "wald": "instrument",
    "iv": "instrument",
    "dose": "curve",
    "dose-response": "curve",
    "plug-in": "formula",
    "frontdoor": "front door",
    "front-door": "front door",
}
FOR_LEVELS = ("aipw", "ipw", "regression", "linear", "s-learner", "t-learner", "x-learner", "r-learner", "dr-learner")
FOR_AMOUNTS = ("aipw", "curve")
LEARNERS = tuple(name for name in METHODS if name.endswith("-learner"))
ELSEWHERE = "econml:"


def method_named(name: str) -> str:
    """Read the name of a method.

    Raises:
        UsageError: There is none like that.
    """
    plain = name.strip().lower().replace("_", " ") if isinstance(name, str) else str(name)
    if plain.startswith(ELSEWHERE):
        return ELSEWHERE + name.strip()[len(ELSEWHERE) :]
    for word in (plain, plain.replace(" ", "-")):
        if word in METHODS or word in ALIASES:
            return ALIASES.get(word, word)
    raise UsageError(
        f"There is no method '{name}'.",
        why=did_you_mean(plain, [*METHODS, *ALIASES]),
        fix=f"One of: {', '.join(METHODS)}; or econml:NAME.",
        code="E534",
    )


def unfit(method: str, why: str, fitting: tuple[str, ...]) -> UsageError:
    """Make the error that says that a method does not fit."""
    fix = f"One of: {', '.join(fitting)}; or leave method out."
    return UsageError(f"Method '{method}' does not fit this question.", why=why, fix=fix, code="E529")
