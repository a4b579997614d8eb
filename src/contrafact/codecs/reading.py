"""Constraints read against a table's schema: names become columns, values numbers of their scale, and ties are minded.

A column that follows from another and stands in an order or a combination with a third is learned by itself from then
on; a bound on a column that lies on a line of another becomes one on that. Combinations that share a column are kept
together as one. How many real rows break each constraint is counted, and said in a warning.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from graphlib import CycleError
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from contrafact.base.constraints import Comparison, ConstraintWarning, Together, parsed, unquoted
from contrafact.base.errors import UsageError, did_you_mean
from contrafact.codecs.cells import NUMBER, Cells
from contrafact.codecs.rules import Bound, Combination, Order, Rules, tokens_of
from contrafact.codecs.scale import Scale

if TYPE_CHECKING:
    from contrafact.codecs.schema import Role
    from contrafact.codecs.table import TableCodec

Table = TypeVar("Table", bound="TableCodec")


def keyed(columns: Mapping[str, Role] | None, constraints: Sequence[str] | None) -> dict[str, Role] | None:
    """Add to what the user says of columns that those without a value twice are keys.

    Raises:
        UsageError: The user says that one is something else.
    """
    wishes: dict[str, Role] = dict(columns or {})
    for part in parsed(constraints):
        if isinstance(part, Together) and part.word == "unique":
            name = part.columns[0]
            if wishes.get(name, "key") != "key":
                raise _unheld(part.text, f"Column {name!r} was said to be {wishes[name]!r}; what is unique is a key.")
            wishes[name] = "key"
    return wishes or None


def ruled(
    codec: Table,
    constraints: Sequence[str],
    cells: Sequence[Cells | None] | None = None,
    data: Any = None,
    *,
    least: int = 1,
) -> Table:
    """Give a codec the constraints that rows made with it keep, and count the real rows that break them.

    Arguments:
        codec: A fitted codec.
        constraints: What the user wrote.
        cells: The real rows; none where they may not be looked at.
        data: The same as a frame.
        least: How many real rows a combination has at least.

    Raises:
        UsageError: A constraint cannot be read or held, or contradicts another.
    """
    if not constraints:
        return codec
    reading = Reading(codec, None if cells is None else list(cells))
    for part in parsed(constraints):
        reading.take(part)
    codec = replace(codec, ties=reading.untied())
    rules = reading.rules(tuple(constraints), least)
    _check(codec, rules)
    rules = replace(rules, rows=codec.schema.rows, broken=reading.broken)
    if cells is not None:
        rows = next((len(part) for part in cells if part is not None), codec.schema.rows)
        rules = replace(rules, rows=rows, broken={**rules.broken, **_broken(codec, rules, cells, data)})
    for said in rules.said:
        warnings.warn(said, ConstraintWarning, stacklevel=2)
    return replace(codec, rules=rules)


def _broken(codec: TableCodec, rules: Rules, cells: Sequence[Cells | None], data: Any) -> dict[str, int]:
    from contrafact.codecs.kept import breaches

    found = {text: int(mask.sum()) for text, mask in breaches(codec, rules, cells).items()}
    for place in rules.unique:
        name = codec.schema.columns[place].name
        found[f"unique({name})"] = int(data[name].dropna().duplicated().sum())
    return found


class Reading:
    """Constraints being read against a schema.

    Arguments:
        codec: Knows the columns.
        cells: The real rows, where they may be looked at.
    """

    def __init__(self, codec: TableCodec, cells: list[Cells | None] | None) -> None:
        self.codec, self.cells = codec, cells
        self.names = {str(column.name): place for place, column in enumerate(codec.schema)}
        self.bounds: list[Bound] = []
        self.orders: list[Order] = []
        self.together: list[tuple[str, set[int]]] = []
        self.unique: list[int] = []
        self.notes: list[str] = []
        self.broken: dict[str, int] = {}
        self.free: set[int] = set()  # columns that no longer follow from others

    def take(self, part: Comparison | Together) -> None:
        """Read one constraint."""
        if isinstance(part, Comparison):
            self._compare(part)
        elif part.word == "unique":
            self.unique.append(self._place(part.text, part.columns[0]))
            self._check_key(part)
        else:
            self._combine(part)

    def _place(self, text: str, name: str) -> int:
        if name in self.names:
            return self.names[name]
        raise _unknown(text, name, self.names)

    def _check_key(self, part: Together) -> None:
        column = self.codec.schema.columns[self.unique[-1]]
        plain = column.dtype.lower().startswith(("int", "uint", "float", "object", "str", "category"))
        if not plain:
            raise _unheld(part.text, f"Keys are whole numbers or text; {column.name!r} is {column.dtype}.")

    def _compare(self, part: Comparison) -> None:
        lower, upper = self._side(part.lower), self._side(part.upper)
        if lower is not None and upper is not None:
            self._order(part, lower, upper)
        elif lower is None and upper is None:
            self._constants(part)
        elif lower is None and upper is not None:
            scale = self._scale(part.text, upper)
            end = self._value(part.text, part.lower, scale)
            low = float(scale.above(end) if part.strict else scale.up(end))
            self._bound(Bound(text=part.text, column=upper, low=low))
        elif lower is not None:
            scale = self._scale(part.text, lower)
            end = self._value(part.text, part.upper, scale)
            high = float(scale.below(end) if part.strict else scale.down(end))
            self._bound(Bound(text=part.text, column=lower, high=high))

    def _side(self, term: str) -> int | None:
        """Give the column that a term names; one that never varies is a value."""
        place = self.names.get(term, self.names.get(unquoted(term)))
        return None if place is None or self.codec.schema.columns[place].role == "constant" else place

    def _constants(self, part: Comparison) -> None:
        """Compare two values, of which one at least is a column that never varies."""
        known = [self.names.get(unquoted(term)) for term in (part.lower, part.upper)]
        if known == [None, None]:
            terms = [unquoted(term) for term in (part.lower, part.upper)]
            raise _unknown(part.text, next((t for t in terms if not NUMBER.fullmatch(t)), terms[0]), self.names)
        texts = [self._constant(unquoted(term)) for term in (part.lower, part.upper)]
        if None in texts:
            return  # always empty
        try:
            low, high = (float(text) for text in texts if text is not None)
        except ValueError:
            raise _unheld(part.text, "A column that never varies is compared with what is no number.") from None
        fits = low < high or (low == high and not part.strict)
        self.broken[part.text] = 0 if fits else self.codec.schema.rows

    def _constant(self, term: str) -> str | None:
        if term not in self.names:
            return term
        words = self.codec.schema.columns[self.names[term]].words
        return str(words[0]) if words else None

    def _scale(self, text: str, place: int) -> Scale:
        column, kind = self.codec.schema.columns[place], self.codec.kinds[place]
        if kind is None or not column.numeric:
            raise _unheld(text, f"Column {column.name!r} is {column.role}; numbers and dates have an order.")
        return Scale(column=column, kind=kind)

    def _value(self, text: str, term: str, scale: Scale) -> float:
        from contrafact.codecs.conditions import number_of

        named = self._constant(unquoted(term))
        number = np.nan if named is None else number_of(scale.column, named)
        if np.isnan(number) and unquoted(term) in self.names:
            raise _unheld(text, f"Column {unquoted(term)!r} is always {named!r}, which is no number.")
        if np.isnan(number):
            raise _unknown(text, unquoted(term), self.names, scale.column)
        return float(number)

    def _bound(self, bound: Bound) -> None:
        """Keep a bound; what follows from a column without being a line of it is learned by itself."""
        tie = self.codec.ties[bound.column]
        if tie is not None and tie.table:
            self.free.add(bound.column)
        self.bounds.append(bound)

    def _on_source(self, bound: Bound) -> Bound:
        """Turn a bound on a column that lies on a line of another into one on that."""
        tie = self.codec.ties[bound.column]
        if tie is None or bound.column in self.free:
            return bound
        source = self._scale(bound.text, tie.source)
        ends = sorted((end - tie.offset) / tie.slope for end in (bound.low, bound.high))
        low, high = (_inside(source, ends, side, bound, self.codec) for side in (0, 1))
        return Bound(text=bound.text, column=tie.source, low=low, high=high)

    def _order(self, part: Comparison, lower: int, upper: int) -> None:
        low, high = self._scale(part.text, lower), self._scale(part.text, upper)
        if lower == upper:
            raise _unheld(part.text, "A column is compared with itself.")
        if low.measure != high.measure:
            raise _unheld(
                part.text,
                f"{low.column.name!r} holds {low.measure}, {high.column.name!r} {high.measure}: give both one type.",
            )
        if not self._follows(part, lower, upper):
            self.free |= {lower, upper}
            self.orders.append(Order(text=part.text, lower=lower, upper=upper, strict=part.strict))

    def _follows(self, part: Comparison, lower: int, upper: int) -> bool:
        """Tell whether one column lies on a line of the other that keeps the order wherever numbers were learned."""
        for source, follower in ((lower, upper), (upper, lower)):
            tie = self.codec.ties[follower]
            if tie is None or tie.table or tie.source != source:
                continue
            one, two = self._scale(part.text, source), self._scale(part.text, follower)
            x = np.array(one.learned_ends())
            y = one.from_other(two, two.settled(x * tie.slope + tie.offset))
            apart = y - x if source == lower else x - y
            least = 1e-9 * max(float(np.abs(x).max()), 1.0)
            return bool((apart > least).all() or ((apart == 0).all() and not part.strict))
        return False

    def _combine(self, part: Together) -> None:
        places = {self._place(part.text, name) for name in part.columns}
        for place in sorted(places):
            column, kind = self.codec.schema.columns[place], self.codec.kinds[place]
            if column.role == "constant":
                places.discard(place)
            elif kind is None:
                raise _unheld(part.text, f"Column {column.name!r} is not learned: {column.said()}.")
            elif len(kind.knots):
                raise _unheld(
                    part.text,
                    f"Column {column.name!r} holds too many numbers to combine; if they are codes, say so: "
                    f"--set columns={column.name}=category",
                )
        touching = [other for other in self.together if other[1] & places]
        texts, joined = [part.text], set(places)
        for other in touching:
            self.together.remove(other)
            texts, joined = [other[0], *texts], joined | other[1]
        if touching:
            names = ", ".join(str(self.codec.schema.columns[place].name) for place in sorted(joined))
            self.notes.append(f"Combinations that share a column are kept as one: combinations({names}).")
        self.together.append(("; ".join(texts), joined))

    def untied(self) -> tuple[Any, ...]:
        """Give the ties that are left; a follower that is held by itself, or beside its source, is learned."""
        ties = list(self.codec.ties)
        for _, places in self.together:
            followers = {place: tie for place in places if (tie := ties[place]) is not None}
            self.free |= {place for place, tie in followers.items() if tie.source not in places}
        for place in self.free:
            ties[place] = None
        return tuple(ties)

    def rules(self, texts: tuple[str, ...], least: int) -> Rules:
        """Put together what was read."""
        combinations = [self._seen(text, tuple(sorted(places)), least) for text, places in self.together if places]
        return Rules(
            texts=texts,
            bounds=tuple(self._on_source(bound) for bound in self.bounds),
            orders=tuple(self.orders),
            combinations=tuple(combinations),
            unique=tuple(self.unique),
            notes=tuple(self.notes),
        )

    def _seen(self, text: str, columns: tuple[int, ...], least: int) -> Combination:
        """Find the combinations that enough real rows have."""
        if self.cells is None:
            raise _unheld(text, "Which combinations there are tells of single rows, which epsilon does not cover.")
        tokens, whole = tokens_of(self.codec, columns, self.cells)
        seen, counts = np.unique(tokens[whole], axis=0, return_counts=True)
        kept = counts >= least
        if not kept.any():
            raise _unheld(text, f"No combination is seen in {least:,} rows or more.")
        return Combination(text=text, columns=columns, seen=seen[kept], counts=counts[kept])


def _inside(source: Scale, ends: list[float], side: int, bound: Bound, codec: TableCodec) -> float:
    """Settle an end of a source so that its follower is inside, whatever rounding does."""
    tie = codec.ties[bound.column]
    assert tie is not None
    if not np.isfinite(ends[side]):
        return ends[side]
    end = float(source.down(ends[1]) if side else source.up(ends[0]))
    follower = float(codec.kind(bound.column).on_grid(np.array([end * tie.slope + tie.offset]))[0])
    if bound.low <= follower <= bound.high:
        return end
    return float(source.below(end) if side else source.above(end))


def _check(codec: TableCodec, rules: Rules) -> None:
    """Refuse orders that go round in a circle, columns that are held in two ways, and ends without room between."""
    from contrafact.codecs.kept import check_room

    try:
        numbered = set(rules.numbered)
    except CycleError as error:
        names = " <= ".join(str(codec.schema.columns[place].name) for place in error.args[1])
        raise _unheld("; ".join(rules.texts), f"They go round in a circle: {names}.") from None
    ordered = {place for order in rules.orders for place in (order.lower, order.upper)}
    for combination in rules.combinations:
        for place in combination.columns:
            if place in ordered:
                name = codec.schema.columns[place].name
                raise _unheld(combination.text, f"Column {name!r} also stands in an order with another column.")
    if numbered or rules.combinations:
        check_room(codec, rules, {})


def _unheld(text: str, why: str) -> UsageError:
    return UsageError(
        f"The constraint '{text}' cannot be held.", why=why, fix="Leave it out, or write another one.", code="E142"
    )


def _unknown(text: str, term: str, names: Mapping[str, int], column: Any = None) -> UsageError:
    value = f"no value of column {column.name!r}, and " if column is not None else ""
    return UsageError(
        f"The constraint '{text}' names '{term}', which is {value}no column.",
        why=did_you_mean(term, list(names)[:1000]),
        fix="Give the name of a column, or a value that its cells could have.",
        code="E142",
    )
