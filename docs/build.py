"""Write the pages of reference from the program, and put what the scripts of `examples/` have shown into all pages.

The pages of reference are listed in `made/pages.py`. Another page says `<!-- shown: NAME -->` and `<!-- /shown -->`;
what stands between is docs/shown/NAME.md, never written by hand. `python docs/build.py` writes all that; with `--check`
it only says which pages are not up to date.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from made.pages import PAGES

ROOT = Path(__file__).parents[1]
SHOWN = ROOT / "docs" / "shown"
MARKED = re.compile(r"(<!-- shown: ([\w-]+) -->\n).*?(<!-- /shown -->)", flags=re.S)


def pages() -> list[Path]:
    """Give every page that a reader may open."""
    return [*sorted(ROOT.glob("README*.md")), *sorted((ROOT / "docs").glob("**/*.md"))]


def filled(text: str) -> str:
    """Give a page with the tables that were shown last."""
    return MARKED.sub(
        lambda found: found[1] + (SHOWN / f"{found[2]}.md").read_text(encoding="utf-8") + found[3],
        text,
    )


def wanted() -> dict[Path, str]:
    """Give every page that a reader may open as it ought to be."""
    made = {ROOT / path: write() for path, write in PAGES.items()}
    by_hand = [page for page in pages() if SHOWN not in page.parents and page not in made]
    return made | {page: filled(page.read_text(encoding="utf-8")) for page in by_hand}


def stale() -> dict[Path, str]:
    """Give the pages that are not as they ought to be."""
    return {
        page: text for page, text in wanted().items() if not page.exists() or page.read_text(encoding="utf-8") != text
    }


def main() -> int:
    """Write the pages, or check them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a page is not up to date")
    check = parser.parse_args().check
    found = stale()
    for page, text in found.items():
        print(f"{'out of date' if check else 'written'}: {page.relative_to(ROOT)}")
        if not check:
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(text, encoding="utf-8")
    return int(check and bool(found))


if __name__ == "__main__":
    sys.exit(main())
