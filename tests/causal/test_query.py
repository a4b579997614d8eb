"""Questions are read as people write them, and refused in words when they make no sense."""

from __future__ import annotations

import pytest

from contrafact.base.errors import UsageError
from contrafact.causal.graph import Graph
from contrafact.causal.query import Query

GRAPH = Graph('X -> M -> Y; X -> Y; Z -> {X Y}; 年龄 -> Y; "blood pressure" -> Y; U [latent]; U -> X')


@pytest.mark.parametrize(
    ("text", "rung", "terms"),
    [
        ("P(Y)", 1, ["P(Y)"]),
        ("P(Y | X)", 1, ["P(Y | X)"]),
        ("P(Y | do(X))", 2, ["P(Y | do(X))"]),
        ("P(Y, M | do(X=1, Z), 年龄=3)", 2, ["P(Y, M | do(X=1, Z), 年龄=3)"]),
        ("P(Y | do(X), do(Z))", 2, ["P(Y | do(X, Z))"]),
        ('P("blood pressure"="very high" | do(年龄))', 2, ['P("blood pressure"="very high" | do(年龄))']),
        ("P（Y｜do（X））", 2, ["P(Y | do(X))"]),
        ("ATE(X, Y)", 2, ["P(Y | do(X=1))", "P(Y | do(X=0))"]),
        ("CATE(X, Y | Z)", 2, ["P(Y | do(X=1), Z)", "P(Y | do(X=0), Z)"]),
        ("ATE(X: 1 -> 3, Y)", 2, ["P(Y | do(X=3))", "P(Y | do(X=1))"]),
        ("ATE(X: low -> 1.5, Y)", 2, ["P(Y | do(X=1.5))", "P(Y | do(X=low))"]),
        ("ATT(X, Y)", 3, ["P(Y_{X=1} | X=1)", "P(Y_{X=0} | X=1)"]),
        ("ATU(X, Y)", 3, ["P(Y_{X=1} | X=0)", "P(Y_{X=0} | X=0)"]),
        ("NDE(X, Y)", 3, ["P(Y_{X=1, M_{X=0}})", "P(Y | do(X=0))"]),
        ("NIE(X, Y)", 3, ["P(Y_{X=0, M_{X=1}})", "P(Y | do(X=0))"]),
        ("NDE(X, Y | X=1)", 3, ["P(Y_{X=1, M_{X=0}} | X=1)", "P(Y_{X=0} | X=1)"]),
        ("P(Y_{X=1} | X=0, Y=0)", 3, ["P(Y_{X=1} | X=0, Y=0)"]),
        ("P(Y_{X=1}=1, Y_{X=0}=0)", 3, ["P(Y_{X=1}=1, Y_{X=0}=0)"]),
        ("PNS(X, Y)", 3, ["P(Y_{X=1}=1, Y_{X=0}=0)"]),
        ("PN(X, Y)", 3, ["P(Y_{X=0}=0 | X=1, Y=1)"]),
        ("PS(X, Y)", 3, ["P(Y_{X=1}=1 | X=0, Y=0)"]),
        ("E[Y | do(X=1)] - E[Y | do(X=0)]", 2, ["P(Y | do(X=1))", "P(Y | do(X=0))"]),
    ],
)
def test_a_question_is_read_understood_and_written_back(text, rung, terms):
    query = Query.read(text).checked(GRAPH)
    assert query.rung == rung and [str(term) for term in query.terms(GRAPH)] == terms
    assert Query.read(str(query)) == query


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("", "E506", "empty"),
        ("P(Y", "E506", "too early"),
        ("P(Y) Z", "E506", "'Z' after its end"),
        ("P(do(X))", "E506", "behind the bar"),
        ("ATX(X, Y)", "E506", "did you mean AT"),
        ("what if", "E506", "no kind of question"),
        ("P(Y_{X=1} | do(Z))", "E506", "cannot be mixed"),
        ("E[Y, M]", "E506", "one node"),
        ("E[Y] - P(Y)", "E506", "means of the same node"),
        ("ATE(X, Y | do(Z))", "E506", "says itself"),
        ("P(Y | do(x))", "E507", "Did you mean X?"),
        ("P(Y | do(U))", "E508", "hidden"),
        ("ATE(X, X)", "E509", "treatment and outcome"),
        ("P(Y | do(Y))", "E509", "set and asked about"),
        ("P(Y | do(X), X)", "E509", "set and asked about"),
        ("P(Y, Y)", "E509", "twice"),
        ("P(Y | do(X), Y)", "E509", "twice"),
        ("P(Y | do(X), do(X))", "E509", "set twice"),
        ("ATE(X, Y | X=1)", "E509", "no other"),
        ("ATE(X: 1 -> 1, Y)", "E509", "with itself"),
    ],
)
def test_a_question_without_sense_is_refused_in_words(text, code, says):
    with pytest.raises(UsageError) as caught:
        Query.read(text).checked(GRAPH)
    assert caught.value.code == code and says in caught.value.what + caught.value.why


def test_the_empty_graph_is_named():
    from contrafact import identify

    with pytest.raises(UsageError, match="empty") as caught:
        identify("", "P(Y | do(X))")
    assert caught.value.code == "E511"
