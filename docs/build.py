"""Put what the scripts of `examples/` have shown into the pages: tables between their marks.

A page says `<!-- shown: NAME -->` and `<!-- /shown -->`; what stands between is docs/shown/NAME.md, never written by
hand. `python docs/build.py` fills all pages; with `--check` it only says which are not up to date.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

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


def main() -> int:
    """Fill the pages, or check them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a page is not up to date")
    check = parser.parse_args().check
    stale = []
    for page in (page for page in pages() if SHOWN not in page.parents):
        text = page.read_text(encoding="utf-8")
        new = filled(text)
        if new != text:
            stale.append(page)
            if not check:
                page.write_text(new, encoding="utf-8")
    for page in stale:
        print(f"{'out of date' if check else 'filled'}: {page.relative_to(ROOT)}")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
