"""Bounds where nothing is identified, response types, and two worlds."""

from __future__ import annotations

ROWS = (
    (
        "E540",
        "Too many response types",
        "A node with k levels has k to the power of its parents' combinations of levels; districts multiply them.",
        "How many there would be, and of which nodes.",
        "Cut numbers into fewer parts (bins=2), merge levels, drop causes that do not matter, or train bounds.",
    ),
    (
        "E541",
        "Bounds of what?",
        "The question leaves a value open; bounds are those of one number.",
        "The nodes without a value.",
        "Name the values: P(Y=1 | do(X=1)).",
    ),
    (
        "E542",
        "A joint distribution that the graph forbids",
        "No model of the graph has these probabilities: an instrument's inequality, for one, is broken.",
        "By how much the nearest possible distribution differs.",
        "Correct the graph. For data with chance in them use bounded, which takes the nearest and says how far it is.",
    ),
    (
        "E543",
        "A column with too many levels",
        "Words cannot be cut into parts by their size.",
        "How many levels there are.",
        "Merge rare levels, or leave the column out of the graph.",
    ),
    (
        "E544",
        "No complete row",
        "Each row has a hole in a column that the graph names.",
        "The columns.",
        "Fill the holes, or leave a column out of the graph.",
    ),
    (
        "E545",
        "An assumption that cannot be read",
        "Monotony is assumed along an arrow of the graph.",
        "The arrows.",
        'monotone=["X -> Y"], or "X -> Y falls".',
    ),
    (
        "E546",
        "No two worlds",
        "The question has one answer: every model that fits the data gives the same.",
        "The formula.",
        "contrafact identify, or contrafact effect for its value.",
    ),
    (
        "E547",
        "A value that the model has not seen",
        "Levels are those of the data that were fitted.",
        "The levels that there are.",
        "Name one of them.",
    ),
    (
        "E548",
        "Response types without a graph",
        "Discrete models follow a graph; none was given, or it has no node.",
        "The columns of the data.",
        'zoo.Discrete(graph="Z -> X; X -> Y; X <-> Y").',
    ),
)
