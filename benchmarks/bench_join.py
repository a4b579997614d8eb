"""Generators and causal questions together: scarce controls, coloured digits, attributes with a leaf (do, see).

Parts: `scarce` (join_scarce.py), `coloured` (join_coloured.py), `speakers` and `reviews` (join_attributes.py;
`attributes` is both).
"""

from __future__ import annotations

from collections.abc import Callable

import join_attributes
import join_coloured
import join_scarce
from table import Table, arguments, read

PARTS: dict[str, Callable[[Table, range, str], None]] = {
    "scarce": join_scarce.measure,
    "coloured": join_coloured.measure,
    "speakers": join_attributes.measure_speakers,
    "reviews": join_attributes.measure_reviews,
}
TOGETHER = {"attributes": ("speakers", "reviews")}


def main() -> None:
    """Measure the parts that are asked for, and write the table."""
    parser = arguments(__doc__, gate_seeds=1, full_seeds=5)
    parser.add_argument("--parts", nargs="+", choices=[*PARTS, *TOGETHER], default=list(PARTS), help="what to measure")
    options = read(parser)
    table = Table("join", options)
    for name in dict.fromkeys(own for part in options.parts for own in TOGETHER.get(part, (part,))):
        PARTS[name](table, range(options.seeds), options.size)
        table.write()


if __name__ == "__main__":
    main()
