"""What the site makes of the documents; `make site` builds it and refuses links that lead nowhere."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def site() -> dict[str, Any]:
    pytest.importorskip("mkdocs", reason="make site installs what the site needs")
    pytest.importorskip("latex2mathml")
    return runpy.run_path(str(DOCS / "theme" / "site.py"))


def links(path: Path) -> list[str]:
    return re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8"))


def test_every_page_is_on_the_map_or_on_the_list_of_its_folder():
    listed = {(DOCS / link).resolve() for link in links(DOCS / "README.md")}
    listed |= {(DOCS / "howto" / link).resolve() for page in DOCS.glob("howto/README.md") for link in links(page)}
    pages = [page for page in DOCS.glob("**/*.md") if DOCS / "shown" not in page.parents and page != DOCS / "README.md"]
    assert not [page.relative_to(DOCS).as_posix() for page in pages if page.resolve() not in listed]


def test_the_site_loads_nothing_from_elsewhere():
    for path in [ROOT / "mkdocs.yml", *(DOCS / "theme").glob("*.*")]:
        found = [
            each
            for each in re.findall(r"https?://[^\s\"')]+", path.read_text(encoding="utf-8"))
            if "w3.org" not in each
        ]
        assert not found, f"{path.name}: {found}"
    assert "font: false" in (ROOT / "mkdocs.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("page", "text", "led"),
    [
        ("index.md", "[a](docs/tables.md#holes)", "[a](tables.md#holes)"),
        ("index.md", "[a](CONTRIBUTING.md)", "[a](contributing.md)"),
        ("index.md", '<img src="docs/shown/film.gif">', '<img src="shown/film.gif">'),
        ("zoo.md", "[a](../benchmarks/README.md)", "[a](benchmarks.md)"),
        ("learn/ladder.md", "[a](../../README.md)", "[a](../index.md)"),
        ("learn/ladder.md", "![a](../shown/ladder-cut.svg)", "![a](../shown/ladder-cut.svg)"),
        ("learn/ladder.md", "[a](../../examples/ring.py)", "[a](../examples/ring.md)"),
        ("learn/ladder.md", "[a](../../examples)", "[a](../examples/index.md)"),
        ("documents.md", "[a](learn/ladder.md)", "[a](learn/ladder.md)"),
        ("documents.md", "[a](https://example.org/x.md)", "[a](https://example.org/x.md)"),
        ("documents.md", "[a](../nowhere.md)", "[a](../nowhere.md)"),
        ("index.md", "```md\n[a](docs/tables.md)\n```\n", "```md\n[a](docs/tables.md)\n```\n"),
    ],
)
def test_links_between_documents_lead_to_their_pages(site, page, text, led):
    asked = SimpleNamespace(file=SimpleNamespace(src_uri=page), meta={})
    assert site["on_page_markdown"](text, asked) == led


def test_a_page_begins_with_its_title_and_formulas_become_mathml(site):
    asked = SimpleNamespace(file=SimpleNamespace(src_uri="zoo.md"), meta={})
    assert site["on_page_markdown"]("<!-- Written by a program. -->\n\n# Methods\n", asked) == "# Methods\n"
    html = site["on_page_content"]('<p><span class="arithmatex">\\(a &lt; b^2\\)</span></p>')
    assert html.startswith("<p><math") and "<msup>" in html and "arithmatex" not in html
    assert site["on_page_content"]("<td><code>P(y \\| x)</code></td>") == "<td><code>P(y | x)</code></td>"


def test_the_map_gives_the_order_of_the_pages(site):
    order = site["navigation"]()
    assert [next(iter(each)) for each in order] == [
        "Home",
        "Start here",
        "Learn",
        "Applications",
        "Subjects",
        "Reference",
    ]
    assert order[2]["Learn"][0] == "learn/what-is-a-gan.md"
    assert order[-1]["Reference"][:2] == ["zoo.md", "reference/methods.md"]
