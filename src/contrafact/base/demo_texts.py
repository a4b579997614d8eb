"""Demo sets of text, simulated from fixed seeds: dates that are written in another way, and short reviews."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from contrafact.base.data import Data, Pairs
from contrafact.base.seeds import generator

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
FORMATS = (
    "{month} {day}, {year}",
    "{day} {month} {year}",
    "{short} {day} {year}",
    "{day}. {short} {year}",
    "the {ordinal} of {month} {year}",
    "{day}.{number}.{year}",
    "{month} {ordinal}, {year}",
    "{day}-{short}-{year}",
)
FIRST, LAST = date(1950, 1, 1), date(2049, 12, 31)


def dates(n: int = 2000, seed: int = 0) -> Pairs:
    """Write days in one of eight ways, and beside each the same day as 2021-03-03."""
    random = generator(seed, "dates")
    days = [FIRST + timedelta(days=int(k)) for k in random.integers((LAST - FIRST).days + 1, size=n)]
    ways = random.integers(len(FORMATS), size=n)
    sources = [_written(day, FORMATS[way]) for day, way in zip(days, ways, strict=True)]
    source = Data(kind="text", items=sources, name="dates")
    return Pairs(source=source, target=Data(kind="text", items=[day.isoformat() for day in days], name="dates"))


def _written(day: date, form: str) -> str:
    ending = "th" if day.day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10, "th")
    month = MONTHS[day.month - 1]
    words = {"month": month, "short": month[:3], "day": day.day, "year": day.year, "number": day.month}
    return form.format(**words, ordinal=f"{day.day}{ending}")


KINDS = ("good", "bad")
SAID = {
    "good": ("wonderful", "charming", "delightful", "clever", "warm", "funny"),
    "bad": ("dull", "clumsy", "tedious", "noisy", "cold", "awful"),
}
ABOUT = ("the plot", "the music", "the cast", "the ending", "every scene", "the dialogue", "the camera work")
OPENINGS = ("i thought", "in my view", "honestly ,", "for me", "you will find that")
MORE = {"good": 0.3, "bad": 0.6}  # the chance that one more sentence follows
GENRES = ("comedy", "drama")
DRAMA = {"good": 0.7, "bad": 0.3}  # good ones are dramas more often: a common cause of words, not of length


def reviews(n: int = 2000, seed: int = 0) -> Data:
    """Simulate short reviews of films whose class, good or bad, decides words and length.

    The genre is drawn by the class and adds a word, no length. A bad review goes on with chance .6 after each part, a
    good one with .3, four parts at most: parts number 1 + .6 + .36 + .216 = 2.176 against 1.417 on average.
    `attributes` holds genre and the number of parts.
    """
    random = generator(seed, "reviews")
    labels = random.integers(2, size=n)
    lines, genres, sizes = [], [], []
    for label in labels:
        kind = KINDS[label]
        genre = GENRES[int(random.random() < DRAMA[kind])]
        parts = [_part(random, kind)]
        while len(parts) < 4 and random.random() < MORE[kind]:
            parts.append(_part(random, kind))
        opening = OPENINGS[random.integers(len(OPENINGS))]
        lines.append(f"{opening} this {genre} was {' and '.join(parts)} .")
        genres.append(genre)
        sizes.append(len(parts))
    facts = {"genre": np.array(genres), "parts": np.array(sizes)}
    return Data(kind="text", items=lines, labels=np.array(KINDS)[labels], name="reviews", attributes=facts)


def _part(random: np.random.Generator, kind: str) -> str:
    word = SAID[kind][random.integers(len(SAID[kind]))]
    return f"{word} in {ABOUT[random.integers(len(ABOUT))]}"
