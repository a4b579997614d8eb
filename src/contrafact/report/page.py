"""One offline HTML file: no script, nothing fetched, every text escaped, light or dark as the reader's system is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from contrafact import __version__
from contrafact.engine.bundle import write_atomically, writing
from contrafact.report.markup import Html, element, join, shorten

POLICY = "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'"
CONTENTS_FROM = 4

STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1d1f21; --quiet: #5a5f66; --line: #dcdfe3; --soft: #f5f6f8;
  --accent: #0067a5; --warn: #8f3d00; --warn-soft: #fdf3ea; }
@media (prefers-color-scheme: dark) { :root { --paper: #16181b; --ink: #e4e6e9; --quiet: #a2a8b0; --line: #363a40;
  --soft: #1f2226; --accent: #74b9ea; --warn: #f0b27a; --warn-soft: #2e241b; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 58rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Microsoft YaHei",
  sans-serif;
  overflow-wrap: anywhere; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.3rem; margin: 2.75rem 0 .75rem; padding-top: 1.1rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.75rem 0 .5rem; }
p, li { max-width: 44rem; }
a { color: var(--accent); }
.quiet, .keys, footer { color: var(--quiet); }
.lead { font-size: 1.1rem; margin-top: 0; }
nav { font-size: .92rem; margin: 1.25rem 0 0; }
nav a { margin-right: 1.1rem; white-space: nowrap; }
footer { margin-top: 3.5rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: .88rem; }
.scroll { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
th, td { text-align: left; vertical-align: top; padding: .45rem .9rem .45rem 0; border-bottom: 1px solid var(--line); }
thead th { font-size: .85rem; font-weight: 600; color: var(--quiet); border-bottom-width: 2px; white-space: nowrap; }
tbody th { font-weight: 600; }
tbody th small { display: block; font-weight: 400; color: var(--quiet); min-width: 11rem; max-width: 26rem; }
.number { text-align: right; white-space: nowrap; }
.changed td:nth-child(2) { font-weight: 700; }
figure { margin: 1.5rem 0 2rem; }
figcaption { margin-bottom: .5rem; max-width: 44rem; }
figcaption strong { display: block; }
.sheet { background: #fff; border: 1px solid var(--line); border-radius: .4rem; padding: .5rem; }
.sheet img { display: block; width: 100%; height: auto; }
.pixels img { image-rendering: pixelated; }
@media (prefers-reduced-motion: reduce) { .moving { display: none; } }
.gauge { position: relative; display: block; width: 6.5rem; height: .8rem; margin-top: .35rem; }
.gauge::before { content: ""; position: absolute; inset: .35rem 0 auto; height: 1px; background: var(--quiet); }
.gauge i { position: absolute; top: .2rem; height: .4rem; background: var(--accent); opacity: .35;
  border-radius: .2rem; }
.gauge b { position: absolute; top: .1rem; width: .6rem; height: .6rem; margin-left: -.3rem; border-radius: 50%;
  background: var(--accent); }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.2rem; margin: 1.25rem 0; }
dl.facts dt { color: var(--quiet); }
dl.facts dd { margin: 0; }
.warning { background: var(--warn-soft); border-left: .25rem solid var(--warn); padding: .6rem 1rem; margin: 1rem 0; }
.warning p { margin: .2rem 0; }
ol.timeline { list-style: none; margin: 1rem 0; padding: 0 0 0 1rem; border-left: 2px solid var(--line); }
ol.timeline li { margin: 0 0 1rem; }
ol.timeline .when { display: block; font-size: .85rem; color: var(--quiet); }
ol.timeline .bad .when { color: var(--warn); font-weight: 600; }
pre, code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "Noto Sans Mono", monospace; font-size: .88rem; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: .4rem; padding: .7rem .9rem;
  overflow-x: auto; white-space: pre-wrap; }
@media (max-width: 40rem) { dl.facts { grid-template-columns: 1fr; gap: 0; } dl.facts dd { margin-bottom: .5rem; } }
@media print { .moving { display: none; } }
@media print { body { max-width: none; padding: 0; } figure, tr { break-inside: avoid; } nav { display: none; } }
"""


@dataclass(frozen=True, kw_only=True)
class Section:
    """One part of a page; what is in it is escaped unless it is Html.

    Arguments:
        heading: Its heading; the first part of a page may have none.
        body: What is in it, in order.
    """

    heading: str
    body: tuple[object, ...]


def section(heading: str, *body: object) -> Section:
    """Make a part of a page."""
    return Section(heading=heading, body=body)


def page(title: str, sections: Sequence[Section]) -> str:
    """Write a whole page.

    Arguments:
        title: Its title.
        sections: Its parts, in order.
    """
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", shorten(title, 200)),
        Html(f"<style>{STYLE}</style>"),
    )
    parts = [_part(number, part) for number, part in enumerate(sections)]
    foot = element("footer", f"Written by contrafact {__version__}. This file is complete: it loads nothing.")
    main = element("main", element("h1", title), *_with_contents(parts, sections), foot)
    return join(Html("<!DOCTYPE html>\n"), element("html", head, element("body", main), lang="en"), "\n")


def _part(place: int, part: Section) -> Html:
    if not part.heading:
        return element("section", *part.body)
    return element("section", element("h2", part.heading), *part.body, id=f"part-{place}")


def _with_contents(parts: list[Html], sections: Sequence[Section]) -> list[Html]:
    """Put links to the parts below the first one, where there are enough to need them."""
    links = [
        join(element("a", shorten(part.heading, 40), href=f"#part-{place}"), " ")
        for place, part in enumerate(sections)
        if part.heading
    ]
    if len(links) < CONTENTS_FROM:
        return parts
    after = 0 if sections[0].heading else 1
    return [*parts[:after], element("nav", *links, aria_label="Contents"), *parts[after:]]


def write(path: str | PathLike[str], html: str) -> Path:
    """Write a page to a file, whole or not at all; its folder is made where there is none."""
    target = Path(path)
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(target, html.encode())
    return target


def paragraphs(texts: Sequence[object]) -> Html:
    """Write each text as a paragraph."""
    return join(*(element("p", text) for text in texts))


def facts(pairs: Mapping[str, object]) -> Html:
    """Write names and what they are; a fact that is None or empty is left out."""
    return element(
        "dl",
        *(
            join(element("dt", name), element("dd", value))
            for name, value in pairs.items()
            if value is not None and value != ""
        ),
        class_="facts",
    )


def warnings(texts: Sequence[object]) -> Html:
    """Write what the reader must not overlook; nothing for none."""
    return element("div", paragraphs(texts), class_="warning", role="note") if texts else Html("")


def table(heads: Sequence[object], rows: Sequence[Html]) -> Html:
    """Write a table from its heads and rows."""
    head = element("thead", element("tr", *heads))
    return element("div", element("table", head, element("tbody", *rows)), class_="scroll")


def head_cell(text: str, *, numeric: bool = False) -> Html:
    """Write the head of a column."""
    return element("th", text, scope="col", class_="number" if numeric else None)


def show(value: Any) -> str:
    """Write a setting's value as a user would type it."""
    if value is None:
        return "none"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return str(value).removesuffix(".0") if isinstance(value, float) else str(value)
