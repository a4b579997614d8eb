"""Structural models: what they cannot be fitted to, asked, or told apart."""

from __future__ import annotations

ROWS: tuple[tuple[str, str, str, str, str], ...] = (
    (
        "E550",
        "A node without a column",
        "The graph names a node that the table does not have.",
        "The node, and the nearest column names.",
        "Rename the column or the node, or mark the node as hidden: 'U [latent]'.",
    ),
    (
        "E551",
        "A node with too many levels",
        "Each level of a node needs rows to be learned from.",
        "The column and its number of levels.",
        "Merge levels, or leave the column out of the graph.",
    ),
    (
        "E552",
        "A value that a node never has",
        "A mechanism is known for values that were seen.",
        "The node, the value, and the levels that it has.",
        "Give one of its levels, or a number where it holds numbers.",
    ),
    (
        "E553",
        "Too few candidates for hidden causes fit a row",
        "What would have been needs the hidden causes behind a row; they are drawn and weighed by how they explain it. "
        "Where nearly all weight falls on a few draws, those would decide the answer.",
        "The rows, and the effective sample size as a share of the candidates.",
        "Leave these rows out, ask for do() instead, or fit a model that explains them better.",
    ),
    (
        "E554",
        "A model without a graph",
        "How columns go together does not tell which of them causes which.",
        "The model was fitted with graph=None.",
        'Fit it with a graph: graph="Z -> X; Z -> Y; X -> Y".',
    ),
    (
        "E555",
        "Rows with holes",
        "This needs whole rows.",
        "The first hole, and how many rows have one.",
        "Fill them first (contrafact impute), or leave these rows out.",
    ),
    (
        "E556",
        "A question without a value",
        "A model is run in one world at a time, and only levels have a probability of their own.",
        "The node.",
        "Name values, P(Y=1 | do(X=1)), or ask for a mean: ATE(X, Y).",
    ),
    (
        "E557",
        "Nobody meets the conditions",
        "The share of simulated units that meet the question's conditions is too small.",
        "How many units met them.",
        "Ask under weaker conditions.",
    ),
    (
        "E558",
        "Bounds of a model that was loaded",
        "Bounds come from training on with the data, which a saved model does not hold.",
        "The question, and why it is not identifiable.",
        "Fit the model again and ask in the same program, or use the bounds of contrafact.effect.",
    ),
    (
        "E559",
        "A model that cannot do this",
        "Interventions and counterfactuals need a model of what causes what.",
        "The run's method and what it can do.",
        'contrafact train FILE --recipe scm --set graph="Z -> X; X -> Y"',
    ),
    (
        "E590",
        "An attribute that the items do not have",
        "The graph of a causal model of items names what is known of each: a label, or a part of the files' names.",
        "The attribute, and those that there are.",
        "Give attributes a name: --set names=digit=part1,speaker=part2, or put them beside the items.",
    ),
    (
        "E591",
        "A part that does not fit",
        "A model that is built of others needs parts that can do their work: a controller tells what follows from "
        "setting an attribute, a leaf is drawn under conditions.",
        "The part's method, and what it can do.",
        "Take one of those that are named, or leave the setting open.",
    ),
    (
        "E592",
        "A condition that next to no unit meets",
        "What is seen under a condition is learned from units that meet it.",
        "How many of the drawn units met it.",
        "Give fewer conditions, or set it: do() asks what follows if it were so.",
    ),
    (
        "E593",
        "What lies behind an item cannot be found",
        "To imagine an item otherwise, the noise behind it is needed; only models of pictures search for it.",
        "The kind of the items.",
        "Imagine drawn items: the same seed gives the same units in both worlds.",
    ),
    (
        "E594",
        "A leaf without labelers",
        "A labeler stands beside a duel of a critic and a generator of pictures.",
        "The leaf's method.",
        "Leave labeling and anti_labeling at 0, or take r3gan or specgan for the leaf.",
    ),
)
