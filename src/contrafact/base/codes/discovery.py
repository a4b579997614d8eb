"""Discovery."""

from __future__ import annotations

ROWS = (
    (
        "E580",
        "Nothing to draw arrows between",
        "Columns that never vary, keys and free text are no variables, and fewer than two others are left.",
        "The columns, and why each is none.",
        "Give at least two columns that vary, or say what a column is: columns={name: 'category'}.",
    ),
    (
        "E581",
        "Too few complete rows",
        "Arrows are told from how columns vary together, over rows in which no cell is missing.",
        "How many rows are complete, and the column with the most holes.",
        "Give more rows, leave columns with many holes out, or fill them first: contrafact impute.",
    ),
    (
        "E582",
        "Knowledge that cannot be used",
        "It names no column, or it contradicts itself: an arrow both asked for and ruled out, or a circle of arrows.",
        "The arrow or the name.",
        "Correct it: forbid=['b -> a'], require=['a -> b'], tiers=[['age', 'sex'], ['smoking'], ['cancer']].",
    ),
    (
        "E583",
        "The search cannot be carried out",
        "The method's own computation failed on these data, often because one column follows from others.",
        "What it said.",
        "Leave out columns that are copies or sums of others, or use sam or dagma.",
    ),
    (
        "E584",
        "Columns that the method cannot compare",
        "Its tests are made for numbers and for ordered levels, or for levels alone.",
        "The column whose levels have no order.",
        "Use sam or dagma, say that the levels are ordered: columns={name: 'ordered'}, or leave the column out.",
    ),
    (
        "E585",
        "Knowledge that the method cannot use",
        "Its search cannot be held to it, and edges that are struck out afterwards would leave a wrong graph.",
        "The method, and what it was told.",
        "Use sam or dagma, which take all of it; pc and fci take tiers and forbidden arrows; lingam tiers.",
    ),
    (
        "E586",
        "Not a table of edges",
        "Each row names a source, a target and a confidence between 0 and 1.",
        "The column or the row.",
        "Give what discover returned.",
    ),
    (
        "E587",
        "No such method of discovery",
        "The name is not known.",
        "The nearest names.",
        "sam, dagma, pc, ges, fci or lingam.",
    ),
)
