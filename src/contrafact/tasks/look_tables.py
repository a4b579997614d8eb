"""What is in a table and what may hurt: what each column is taken for, and what one column says of another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from contrafact.base.errors import DataError
from contrafact.base.records import Finding
from contrafact.base.seeds import generator
from contrafact.codecs.cells import HOLE, NO_WORD, NUMBER, read
from contrafact.codecs.inference import column_of
from contrafact.codecs.schema import Column, Schema
from contrafact.codecs.table import MOST_TOKENS, TableCodec
from contrafact.tasks.notes import finding

LOOKED_ROWS, LOOKED_COLUMNS = 20_000, 200
GROUPS = 8
FEWEST_HOLES, SURE = 10, 1e-6
TELLTALE = 0.9  # share of a target's entropy that one column alone takes away, for it to be suspicious
SHOWN = 3


def described(frame: Any) -> tuple[list[Column | None], list[Finding]]:
    """Say what each column is taken for; None, with a finding, for what cannot be read."""
    columns: list[Column | None] = []
    findings = []
    for place in range(frame.shape[1]):
        try:
            columns.append(column_of(frame.iloc[:, place]))
        except DataError as error:
            columns.append(None)
            findings.append(finding("L107", error.what, error.fix))
        except (TypeError, ValueError):
            columns.append(None)
            name = frame.columns[place]
            findings.append(
                finding("L107", f"Column {name!r} cannot be read.", "Give it a name of text and cells of one kind.")
            )
    return columns, findings


def findings_of(frame: Any, columns: list[Column | None], target: str | None) -> list[Finding]:
    """Say what may hurt in the columns alone and in what they say of each other."""
    known = [(place, column) for place, column in enumerate(columns) if column is not None]
    found = [each for place, column in known for each in _of_column(frame.iloc[:, place], column)]
    return [*found, *_of_columns(frame, [place for place, column in known if column.learned], target)]


def _of_column(cells: Any, column: Column) -> Iterator[Finding]:
    name, size = repr(column.name), float(len(cells))
    if column.role == "key":
        yield finding(
            "L108",
            f"Column {name} is different in every row: it is taken for a key, not learned, and made anew.",
            f"If it is not: columns={{{name}: 'integer'}} or another role.",
            rows=size,
        )
    if column.role == "text":
        yield finding(
            "L109",
            f"Column {name} is free text: it is not learned, and left empty in new rows.",
            "Cut it into columns that say what matters.",
            rows=size,
        )
    if len(column.words) > MOST_TOKENS:
        yield finding(
            "L110",
            f"Column {name} has {len(column.words):,} levels.",
            "They are learned in two parts; rare ones are hardly learned. Merge levels where it makes sense.",
            levels=len(column.words),
        )
    if column.role == "category" and 0.5 < (share := _numbers_among(column.words)) < 1:
        yield finding(
            "L105",
            f"Column {name} holds numbers with some text among them: it is taken for a category.",
            "Mend the text cells, or leave them empty.",
            share=share,
        )
    if column.numeric and column.words:
        words = read(cells, column).words
        wrong = np.flatnonzero(words >= 0)
        shown = ", ".join(repr(word) for word in column.words[:SHOWN])
        rows = ", ".join(map(str, wrong[:SHOWN].tolist()))
        yield finding(
            "L105",
            f"Column {name} holds {'dates' if column.role == 'date' else 'numbers'}, and {len(wrong):,} cells that are"
            f" none ({shown}; rows {rows}{', ...' if len(wrong) > SHOWN else ''}).",
            "They are kept as words of their own. Mend them, or leave them empty.",
            cells=len(wrong),
        )


def _numbers_among(words: tuple[Any, ...]) -> float:
    """Give the share of a category's levels that read as numbers."""
    texts = [word for word in words if isinstance(word, str)]
    return sum(NUMBER.fullmatch(text) is not None for text in texts) / max(len(texts), 1)


def _of_columns(frame: Any, places: list[int], target: str | None) -> Iterator[Finding]:
    """Look at the columns that can be learned together, in some of the rows."""
    names = [str(frame.columns[place]) for place in places]
    if not 2 <= len(places) <= LOOKED_COLUMNS or len(set(names)) < len(names):
        return
    rows = np.sort(generator(0, "look").permutation(len(frame))[:LOOKED_ROWS])
    codec = TableCodec.fit(frame.iloc[rows, places])
    yield from _followers(codec.schema, codec)
    some = frame.iloc[rows, places]
    groups = [None if kind is None else grouped(codec, some, i) for i, kind in enumerate(codec.kinds)]
    for place, column in enumerate(codec.schema):
        if column.holes:
            yield from _reasons(groups, codec.schema, place)
    if target in names:
        yield from _telltales(groups, codec, names.index(str(target)))


def _followers(schema: Schema, codec: TableCodec) -> Iterator[Finding]:
    for column, tie in zip(schema, codec.ties, strict=True):
        if tie is not None:
            source = schema.columns[tie.source].name
            yield finding(
                "L111",
                f"Column {column.name!r} follows from {source!r}: each value of the one belongs to one of the other.",
                "Nothing: it is learned once, and derived again.",
            )


def grouped(codec: TableCodec, frame: Any, place: int) -> np.ndarray:
    """Put a column's cells into a few groups: by rank, or the commonest words; holes are -1."""
    cells = read(frame.iloc[:, place], codec.schema.columns[place])
    found = np.full(len(cells), -1)
    numbers = cells.words == NO_WORD
    if numbers.any():
        given = cells.numbers[numbers]
        edges = np.unique(np.quantile(given, np.linspace(0, 1, GROUPS + 1)[1:-1]))
        found[numbers] = np.searchsorted(edges, given, side="right")
    words = cells.words >= 0
    if words.any():
        codes, counts = np.unique(cells.words[words], return_counts=True)
        common = codes[np.argsort(-counts, kind="stable")[: GROUPS - 1]]
        rank = {int(code): GROUPS + number for number, code in enumerate(common)}
        found[words] = [rank.get(int(code), 2 * GROUPS) for code in cells.words[words]]
    return np.where(cells.words == HOLE, -1, found)


def counts_of(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Count the rows of each pair of groups."""
    places = [np.unique(part, return_inverse=True)[1] for part in (one, other)]
    high, wide = (int(part.max(initial=0)) + 1 for part in places)
    return np.bincount(places[0] * wide + places[1], minlength=high * wide).reshape(high, wide)


def _reasons(groups: list[np.ndarray | None], schema: Schema, place: int) -> Iterator[Finding]:
    """Say which other column a column's holes go with most, if chance does not explain it (chi-squared, Bonferroni)."""
    from scipy.stats import chi2_contingency

    own = groups[place]
    assert own is not None
    holes = own < 0
    if not FEWEST_HOLES <= holes.sum() <= len(holes) - FEWEST_HOLES:
        return
    found = []
    for other, group in enumerate(groups):
        if other == place or group is None:
            continue
        table = counts_of(holes.astype(np.int64), group)
        if table.shape[1] > 1:
            seen = chi2_contingency(table)
            found.append((float(seen.pvalue) * len(groups), -float(seen.statistic), other))
    if found and min(found)[0] < SURE:
        chance, _, other = min(found)
        name, reason = schema.columns[place].name, schema.columns[other].name
        yield finding(
            "L112",
            f"The holes of column {name!r} go with {reason!r} (p < {max(chance, 1e-99):.0e}): they are not there by"
            " chance alone.",
            "Do not drop these rows. Where the columns that they go with are known, filling in is sound.",
            p=chance,
        )


def _telltales(groups: list[np.ndarray | None], codec: TableCodec, target: int) -> Iterator[Finding]:
    """Warn of columns that say nearly all of the target by themselves."""
    own = groups[target]
    if own is None:
        return
    for place, group in enumerate(groups):
        if group is None or place == target or codec.ties[place] is not None or codec.ties[target] is not None:
            continue
        share = _told(counts_of(group, own))
        if share > TELLTALE:
            names = codec.schema.columns[place].name, codec.schema.columns[target].name
            yield finding(
                "L113",
                f"Column {names[0]!r} alone tells {share:.0%} of {names[1]!r}.",
                "Is it known before the target is? If not, it is a leak: drop it.",
                share=share,
            )


def _told(table: np.ndarray) -> float:
    """Give the share of the columns' entropy that the rows of a table of counts take away."""
    joint = table / table.sum()
    alone = joint.sum(0)
    entropy = -float((alone[alone > 0] * np.log(alone[alone > 0])).sum())
    if entropy <= 0:
        return 0.0
    product = joint.sum(1, keepdims=True) * alone
    held = joint > 0
    return float((joint[held] * np.log(joint[held] / product[held])).sum()) / entropy
