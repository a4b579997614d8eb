"""What the site needs beside the documents themselves: a hook of mkdocs (`mkdocs.yml`).

Documents that stand outside of docs/ become pages, links between documents lead to them, docs/README.md gives the order
of the pages, scripts of examples/ get a page each, and formulas become MathML. A link that leads nowhere on the site is
left as it is, so that `mkdocs build --strict` refuses it.
"""

from __future__ import annotations

import ast
import posixpath
import re
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from pymdownx.slugs import slugify

ROOT = Path(__file__).parents[2]
OUTSIDE = {
    "README.md": "index.md",
    "README.zh.md": "zh.md",
    "docs/README.md": "documents.md",
    "benchmarks/README.md": "benchmarks.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changes.md",
    "LICENSE": "licence.md",
    "Dockerfile": "dockerfile.md",
    "CITATION.cff": "citation.md",
}
NOTE = re.compile(r"^<!--.*?-->\s*", flags=re.S)
FENCED = re.compile(r"(^```.*?^```$)", flags=re.S | re.M)
LINK = re.compile(r"(\]\(|(?:src|href|srcset)=\")([^)#\"\s]+)")
CELL = re.compile(r"<t[dh][ >].*?</t[dh]>", flags=re.S)
FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', flags=re.S)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Take the order of the pages from docs/README.md; headings in any script have anchors, as on GitHub."""
    config.nav = navigation()
    config.mdx_configs.setdefault("toc", {})["slugify"] = slugify(case="lower")
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the documents that stand outside of docs/, and the scripts."""
    files.remove(next(file for file in files if file.src_uri == "README.md"))
    for path, page in OUTSIDE.items():
        if (ROOT / path).exists():
            files.append(File.generated(config, page, content=outside(path)))
    files.append(File.generated(config, "examples/index.md", content=index_of_scripts()))
    for script in scripts():
        files.append(File.generated(config, f"examples/{script.stem}.md", content=page_of(script)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Lead links between documents to their pages, outside of code; the page begins with its title."""
    at = page.file.src_uri
    if at == "index.md":
        page.meta["hide"] = ["navigation"]
    if source_of(at).startswith("examples/") or not source_of(at).endswith(".md"):
        page.meta["search"] = {"exclude": True}
    parts = FENCED.split(NOTE.sub("", markdown))
    return "".join(part if FENCED.match(part) else LINK.sub(lambda found: led(found, at), part) for part in parts)


def on_page_content(html: str, **_: Any) -> str:
    """Turn formulas into MathML, which browsers draw by themselves, and take the strokes from bars in tables."""
    html = CELL.sub(lambda found: found[0].replace("\\|", "|"), html)
    return FORMULA.sub(lambda found: convert(plain(found[3]), display=SHOWN[found[2]]), html)


SHOWN: dict[str, Any] = {"(": "inline", "[": "block"}


def plain(text: str) -> str:
    """Give text back from its HTML."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def outside(path: str) -> str:
    """Read a document that stands outside of docs/; what is no Markdown is set as it is."""
    text = (ROOT / path).read_text(encoding="utf-8")
    return text if path.endswith(".md") else f"# {path}\n\n```{path.lower()}\n{text}```\n"


def source_of(page: str) -> str:
    """Give the path in the repository of a page's source."""
    for path, uri in OUTSIDE.items():
        if uri == page:
            return path
    return page.replace(".md", ".py") if page.startswith("examples/") else f"docs/{page}"


def page_at(path: str) -> str | None:
    """Give the page of a path in the repository; none where there is no page."""
    if path in OUTSIDE:
        return OUTSIDE[path]
    if path == "examples":
        return "examples/index.md"
    if path.startswith("examples/") and path.endswith(".py"):
        return path.removesuffix(".py") + ".md"
    return path.removeprefix("docs/") if path.startswith("docs/") else None


def led(found: re.Match[str], at: str) -> str:
    """Write a link from one page so that it leads to the other on the site."""
    start, link = found[1], found[2]
    if re.match(r"[a-z]+:", link):
        return found[0]
    goal = page_at(posixpath.normpath(posixpath.join(posixpath.dirname(source_of(at)), link)))
    if goal is None:
        return found[0]
    goal = goal if start == "](" else re.sub(r"\.md$", ".html", goal)
    return start + posixpath.relpath(goal, posixpath.dirname(at) or ".")


def scripts() -> list[Path]:
    """Give the scripts of the documents."""
    return sorted((ROOT / "examples").glob("*.py"))


def page_of(script: Path) -> str:
    """Write the page of a script: its own source."""
    return f"# {script.name}\n\n```python\n{script.read_text(encoding='utf-8')}```\n"


def index_of_scripts() -> str:
    """Write the page that lists the scripts, each with the first line of what it shows."""
    lines = []
    for script in scripts():
        told = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or ""
        lines.append(f"- [`{script.name}`]({script.name}): {told.partition(chr(10))[0]}\n")
    return "# Scripts\n\nWhat drew the pictures of the pages; `make pages ONLY=NAME` runs one.\n\n" + "".join(lines)


def navigation() -> list[dict[str, Any]]:
    """Read the order of the pages from the headings and the links of docs/README.md."""
    found: list[dict[str, Any]] = [{"Home": "index.md"}]
    sections = re.split(r"^## (.*)$", (ROOT / "docs" / "README.md").read_text(encoding="utf-8"), flags=re.M)
    for title, text in zip(sections[1::2], sections[2::2], strict=True):
        found.append({title: [each for link in re.findall(r"\]\(([^)#]+)\)", text) for each in places(link)]})
    found[1]["Start here"].insert(0, "documents.md")
    if (ROOT / "README.zh.md").exists():
        found[1]["Start here"].append({"中文": "zh.md"})
    found[-1]["Reference"].append({"Scripts": ["examples/index.md", *(f"examples/{s.stem}.md" for s in scripts())]})
    found[-1]["Reference"] += [page for path, page in OUTSIDE.items() if not path.endswith(".md")]
    return found


def places(link: str) -> list[Any]:
    """Give the place of a linked page in the order; a folder's own README brings the pages that it lists."""
    path = posixpath.normpath(posixpath.join("docs", link))
    goal = page_at(path)
    if goal is None or goal == "index.md":
        return []
    if posixpath.basename(path) != "README.md" or path in OUTSIDE or not (ROOT / path).exists():
        return [goal]
    listed = re.findall(r"\]\(([^)#/]+\.md)\)", (ROOT / path).read_text(encoding="utf-8"))
    folder = posixpath.dirname(goal)
    return [{"How-to": [goal, *dict.fromkeys(f"{folder}/{page}" for page in listed)]}]
