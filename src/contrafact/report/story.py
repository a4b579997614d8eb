"""A tour on one page: words, figures and scores, chapter by chapter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from contrafact.base.records import Score
from contrafact.report.figures import Figure
from contrafact.report.markup import element
from contrafact.report.page import Section, page, paragraphs, section
from contrafact.report.tables import score_table

# Heading, paragraphs, figures, scores by name.
Chapter = tuple[str, Sequence[str], Sequence[Figure], Mapping[str, Score]]


def story(title: str, intro: str, chapters: Sequence[Chapter]) -> str:
    """Write a tour as one page.

    Arguments:
        title: Its title.
        intro: What the reader is about to see.
        chapters: Heading, paragraphs, figures and scores of each chapter.
    """
    return page(title, [section("", element("p", intro, class_="lead")), *map(_chapter, chapters)])


def _chapter(chapter: Chapter) -> Section:
    heading, texts, figures, scores = chapter
    table = score_table(scores) if scores else ""
    return section(heading, paragraphs(texts), *(figure.html() for figure in figures), table)
