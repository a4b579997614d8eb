"""Missing data by all routes, on tables whose missing numbers are known.

Income bends with age; spending goes with income. Four in ten incomes are hidden: by lot (MCAR), by age (MAR) or by the
income itself (MNAR). Shown are: what each way of filling does to a correlation; how far the mean income and the filled
cells come out; how often a 95 % interval of a slope holds the truth after one filling and after ten pooled ones, by
one fitted model or by one for each filling, fitted to rows drawn again; what a mean hangs on under MNAR; and how well a
target is foretold from rows with holes, filled first or not at all.
"""

import importlib.util

import numpy as np
import pandas as pd

import contrafact
import shown
from contrafact.metrics import pooled

SEEDS = shown.full_or_toy((0, 1), (0,))
ROWS, TABLES = shown.full_or_toy(1000, 120), shown.full_or_toy(120, 3)
LOOM = contrafact.zoo.Loom(learn="holes", holes=False, steps=shown.full_or_toy(None, 5))
GAIN = contrafact.zoo.GAIN(steps=shown.full_or_toy(3000, 5))
LINES = contrafact.zoo.ICE(ridge=1e-3)
WAYS = {"column's mean": contrafact.zoo.Fill(rule="mean"), "regressions in turn (`ice`)": LINES, "`gain`": GAIN}
WAYS["`loom`"] = LOOM
if importlib.util.find_spec("lightgbm"):
    WAYS["trees in turn (`forest`)"] = contrafact.zoo.Forest(trees=20)


def people(seed: int, n: int = ROWS) -> pd.DataFrame:
    """Draw ages in years, and incomes and spendings in thousands."""
    draw = np.random.default_rng(seed)
    age = draw.normal(45, 12, n)
    lived = (age - 45) / 12
    income = 40 + 6 * lived - 5 * lived**2 + draw.normal(0, 6, n)
    return pd.DataFrame({"age": age, "income": income, "spending": 0.5 * income + draw.normal(0, 5, n)}).round(2)


def chance(numbers: pd.Series) -> np.ndarray:
    """Give chances of a hole that rise with some numbers, four in ten on average."""
    return np.asarray(1 / (1 + np.exp(0.55 - 1.5 * (numbers - numbers.mean()) / numbers.std())))


def hidden(table: pd.DataFrame, why: str, seed: int) -> pd.DataFrame:
    """Hide incomes."""
    chances = {"MCAR": np.full(len(table), 0.4), "MAR": chance(table["age"]), "MNAR": chance(table["income"])}
    gone = np.random.default_rng([seed, 1]).random(len(table)) < chances[why]
    return table.assign(income=table["income"].mask(gone))


def correlations() -> None:
    """Draw what ways of filling do to the correlation of two columns."""
    table = people(0)[["income", "spending"]][:300]
    holed = hidden(table.assign(age=0.0), "MCAR", 0)[["income", "spending"]]
    lines = LINES.fit(holed)
    fillings = {"nothing missing": table, "the mean": WAYS["column's mean"].fit(holed).impute(holed)}
    fillings |= {"best guesses": lines.impute(holed), "one draw": lines.impute(holed, draws=1, seed=0)[0]}
    canvas, axes = shown.canvas(4, 1, width=2.1, height=2.5)
    gone = holed["income"].isna()
    for panel, (way, filled) in zip(axes.flat, fillings.items(), strict=True):
        for rows, colour in ((~gone, shown.BLUE), (gone, shown.ORANGE)):
            panel.scatter(filled["income"][rows], filled["spending"][rows], s=5, c=colour, alpha=0.7, linewidths=0)
        correlation = filled["income"].corr(filled["spending"])
        panel.set(title=f"{way}: r = {correlation:.2f}", xlabel="income", ylim=(-5, 40), xlim=(0, 65))
        panel.title.set_fontsize(9)
    axes[0, 0].set_ylabel("spending")
    shown.picture("missing_data-mean", canvas)


def routes() -> None:
    """Hold mean, spread and cells against the truth: where rows are deleted, and in each way of filling."""
    found = {way: {} for way in ["rows deleted", *WAYS]}
    for seed in SEEDS:
        table = people(seed)
        truth = table["income"]
        for why in ("MCAR", "MAR", "MNAR"):
            holed = hidden(table, why, seed)
            found["rows deleted"].setdefault(f"mean, {why}", []).append(holed["income"].mean() - truth.mean())
            for way, method in WAYS.items():
                model = method.fit(holed, seed=seed)
                guess = model.impute(holed)["income"]
                found[way].setdefault(f"mean, {why}", []).append(guess.mean() - truth.mean())
                if why == "MAR":
                    own = holed["income"].isna()
                    drawn = guess if way == "column's mean" else model.impute(holed, draws=1, seed=seed)[0]["income"]
                    error = ((guess - truth)[own] ** 2).mean() ** 0.5
                    found[way].setdefault("MAR: error of a filled cell", []).append(error)
                    found[way].setdefault("MAR: spread of draws / truth", []).append(
                        drawn[own].std() / truth[own].std()
                    )
    heads = [*next(iter(found.values())), "MAR: error of a filled cell", "MAR: spread of draws / truth"]
    rows = []
    for way, cells in found.items():
        rows.append({"way": way} | {head: shown.spread(cells[head]) if head in cells else "" for head in heads})
    shown.table("missing_data-routes", rows)


def slope(x: pd.Series, y: pd.Series) -> tuple[float, float]:
    """Give the slope of y on x by least squares, and its variance."""
    x, y = x - x.mean(), y - y.mean()
    value = (x @ y) / (x @ x)
    return float(value), float(((y - value * x) ** 2).sum() / (len(x) - 2) / (x @ x))


def intervals(seed: int) -> dict[str, tuple[float, float]]:
    """Hide half of x where y is high (MAR), and give each way's 95 % interval for the slope of y on x, which is 1."""
    draw = np.random.default_rng([seed, 2])
    x = draw.normal(size=100)
    whole = pd.DataFrame({"x": x, "y": x + draw.normal(size=100), "z": x + draw.normal(size=100)})
    gone = draw.random(100) < 1 / (1 + np.exp(-1.5 * whole["y"]))
    holed = whole.assign(x=whole["x"].mask(gone))
    model = LINES.fit(holed)
    draws = model.impute(holed, draws=10, seed=seed)
    means = holed.fillna(holed.mean())
    once = {"rows deleted": holed.dropna(), "column's mean": means, "best guesses, once": model.impute(holed)}
    once["one draw"] = draws[0]
    found = {}
    for way, table in once.items():
        value, variance = slope(table["x"], table["y"])
        found[way] = (value - 1.98 * variance**0.5, value + 1.98 * variance**0.5)
    again = [LINES.fit(holed.sample(100, replace=True, random_state=10 * seed + fit)) for fit in range(10)]
    fits = [model.impute(holed, draws=1, seed=fit)[0] for fit, model in enumerate(again)]
    for way, tables in {"ten draws, pooled": draws, "ten fits, pooled": fits}.items():
        values, variances = zip(*(slope(table["x"], table["y"]) for table in tables), strict=True)
        found[way] = pooled(values, variances, freedom=98)[1:]
    return found


def coverage() -> None:
    """Count how often intervals hold the truth, and draw some of them."""
    halves = [[intervals(1000 * seed + table) for table in range(TABLES)] for seed in SEEDS]
    rows, ways = [], list(halves[0][0])
    for way in ways:
        ends = [np.array([one[way] for one in half]) for half in halves]
        held = [100 * ((half[:, 0] < 1) & (half[:, 1] > 1)).mean() for half in ends]
        middles, widths = [half.mean() for half in ends], [np.diff(half).mean() for half in ends]
        rows.append({"way": way, "mean slope (truth 1)": shown.spread(middles), "width": shown.spread(widths)})
        rows[-1]["intervals that hold the truth, of 100"] = shown.spread(held, 0)
    shown.table("missing_data-coverage", rows)
    canvas, axes = shown.canvas(len(ways), 1, width=1.55, height=2.7)
    for panel, way in zip(axes.flat, ways, strict=True):
        for place, one in enumerate(halves[0][:40]):
            low, high = one[way]
            panel.plot([low, high], [place, place], lw=1.4, color=shown.BLUE if low < 1 < high else shown.ORANGE)
        panel.axvline(1, color=shown.INK, lw=0.8)
        panel.set(title=way, xlabel="slope", yticks=[], xlim=(0, 2.2))
        panel.title.set_fontsize(9)
    shown.picture("missing_data-coverage", canvas)


def sensitivity() -> None:
    """Draw the pooled mean income against what is assumed about the missing ones, where holes are MNAR."""
    table = people(0)
    holed = hidden(table, "MNAR", 0)
    draws, gone = LOOM.fit(holed, seed=0).impute(holed, draws=10, seed=0), holed["income"].isna()
    shifts, found = np.arange(-4, 13, 2), []
    for shift in shifts:
        moved = [draw["income"] + shift * gone for draw in draws]
        found.append(pooled([own.mean() for own in moved], [own.var() / len(own) for own in moved], freedom=ROWS - 1))
    value, low, high = np.array(found).T
    canvas, axes = shown.canvas(1, 1, width=5, height=2.8)
    panel = axes[0, 0]
    panel.fill_between(shifts, low, high, color=shown.SKY, alpha=0.5, linewidth=0)
    panel.plot(shifts, value, color=shown.BLUE, label="filled, pooled, with 95 % interval")
    panel.axhline(table["income"].mean(), color=shown.INK, ls="--", label="truth, which nobody has")
    panel.axhline(holed["income"].mean(), color=shown.ORANGE, ls=":", label="rows deleted")
    panel.axvline(0, color=shown.QUIET, lw=0.8)
    panel.set(xlabel="added to filled incomes (0: MAR is assumed)", ylabel="mean income")
    panel.legend(fontsize=8, loc="upper left", framealpha=1, edgecolor="none")
    shown.picture("missing_data-shift", canvas)


def foretold() -> None:
    """Foretell spending where three cells in ten of age and income are missing, in training and in use."""
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.linear_model import LinearRegression

    found: dict[str, list[float]] = {}
    for seed in SEEDS:
        table = people(seed, 2 * ROWS)
        gone = np.random.default_rng([seed, 3]).random((2 * ROWS, 2)) < 0.3
        table[["age", "income"]] = table[["age", "income"]].mask(gone)
        known, new = table[:ROWS], table[ROWS:]
        asked = new.assign(spending=np.nan)
        guesses = {"any cell from any others (`loom`), nothing filled": LOOM.fit(known, seed=seed).impute(asked)}
        guesses = {way: filled["spending"] for way, filled in guesses.items()}
        learners = {"straight line": LinearRegression(), "trees": HistGradientBoostingRegressor(random_state=seed)}
        for way in ("column's mean", "regressions in turn (`ice`)"):
            filler = WAYS[way].fit(known[["age", "income"]])
            for name, learner in learners.items():
                learner.fit(filler.impute(known[["age", "income"]]), known["spending"])
                guesses[f"{way}, then {name}"] = learner.predict(filler.impute(new[["age", "income"]]))
        trees = learners["trees"].fit(known[["age", "income"]], known["spending"])
        guesses["trees that take holes, nothing filled"] = trees.predict(new[["age", "income"]])
        for way, guess in guesses.items():
            found.setdefault(way, []).append(float(((guess - new["spending"]) ** 2).mean() ** 0.5))
    rows = [{"way": way, "error of spending": shown.spread(errors)} for way, errors in sorted(found.items())]
    shown.table("missing_data-foretold", sorted(rows, key=lambda row: row["error of spending"]))


if __name__ == "__main__":
    for show in (correlations, routes, coverage, sensitivity, foretold):
        show()
