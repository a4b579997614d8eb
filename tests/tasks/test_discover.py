"""discover: edges by every method, what is said about the table, and refusals by name."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

import contrafact
from contrafact.base.errors import DataError, UsageError
from contrafact.causal.discovery import _ancestral
from contrafact.causal.edges import graph_of
from contrafact.tasks.discover import METHODS, SEARCHED

TOY = {"sam": {"steps": 6, "bootstrap": 2}, "dagma": {"steps": 6, "bootstrap": 2}}


def collider(rows: int = 400) -> pd.DataFrame:
    """Draw two causes of one effect, with noise that is not Gaussian."""
    random = np.random.default_rng(0)
    x, y, noise = random.uniform(-1, 1, (3, rows))
    return pd.DataFrame({"年龄": x, "血压": x + y + 0.4 * noise, "盐": y})


def found(frame: pd.DataFrame, method: str, **wishes) -> pd.DataFrame:
    return contrafact.discover(frame, method, 0, **{"bootstrap": 3, **TOY.get(method, {}), **wishes})


def confidences(edges: pd.DataFrame) -> dict[tuple[str, str], float]:
    return {(a, b): c for a, b, c in edges[["source", "target", "confidence"]].itertuples(index=False)}


@pytest.mark.parametrize("method", METHODS)
def test_every_method_gives_all_ordered_pairs_the_surest_first_and_the_same_ones_again(method):
    frame = collider(200)
    before = frame.copy(deep=True)
    edges = found(frame, method)
    assert list(edges.columns) == ["source", "target", "confidence", *(["hidden"] if method == "fci" else [])]
    assert len(edges) == 6 and edges["confidence"].is_monotonic_decreasing and edges["confidence"].between(0, 1).all()
    assert edges.equals(found(frame, method)) and edges.attrs["method"] == method
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("method", ["pc", "ges", "lingam"])
def test_two_causes_of_one_effect_are_found_by_the_methods_that_can(method):
    graph = graph_of(found(collider(), method, bootstrap=5), 0.5)
    assert graph == contrafact.Graph("年龄 -> 血压; 盐 -> 血压")


def test_fci_leaves_open_what_a_hidden_cause_could_explain():
    told = found(collider(), "fci", bootstrap=5).set_index(["source", "target"])
    assert 0.4 <= told.loc[("年龄", "血压"), "confidence"] <= 0.5 and told.loc[("血压", "年龄"), "confidence"] < 0.1


def test_marks_of_a_partial_ancestral_graph_are_read_as_documented():
    marks = np.zeros((4, 4), dtype=int)
    marks[0, 1], marks[1, 0] = -1, 1  # 0 -> 1
    marks[1, 2], marks[2, 1] = 2, 1  # 1 o-> 2
    marks[2, 3], marks[3, 2] = 1, 1  # 2 <-> 3
    marks[0, 3], marks[3, 0] = 2, 2  # 0 o-o 3
    arrows, hidden = _ancestral(marks)
    expected = np.zeros((4, 4))
    expected[0, 1], expected[1, 2], expected[0, 3], expected[3, 0] = 1, 0.5, 1 / 3, 1 / 3
    assert np.allclose(arrows, expected)
    assert hidden.sum() == 2 and hidden[2, 3] == hidden[3, 2] == 1


@pytest.mark.parametrize("method", ["pc", "ges", "fci"])
def test_a_table_of_levels_is_searched_with_tests_for_levels(method):
    random = np.random.default_rng(0)
    town = random.choice(["A", "B", "C"], 400)
    frame = pd.DataFrame({"town": town, "up": np.where(town == "A", "yes", random.choice(["yes", "no"], 400))})
    frame["other"] = random.choice(["p", "q"], 400)
    told = confidences(found(frame, method))
    assert told["town", "up"] + told["up", "town"] >= 0.6
    assert told["town", "other"] + told["other", "town"] + told["up", "other"] + told["other", "up"] <= 0.4


def test_knowledge_is_kept_to_by_the_methods_that_take_it():
    tiers = [["血压"], ["年龄", "盐"]]
    for method in ("sam", "dagma", "pc", "fci", "lingam"):
        told = confidences(found(collider(), method, tiers=tiers))
        assert told["年龄", "血压"] == told["盐", "血压"] == 0, method
    for method in ("sam", "dagma", "pc", "fci"):
        told = confidences(found(collider(), method, forbid=["年龄 -> 血压", ("血压", "年龄")]))
        assert told["年龄", "血压"] == told["血压", "年龄"] == 0, method
    assert confidences(found(collider(), "sam", require="盐 -> 年龄"))["盐", "年龄"] == 1


@pytest.mark.parametrize(
    ("method", "wish"),
    [
        ("ges", {"forbid": ["年龄 -> 盐"]}),
        ("ges", {"tiers": [["年龄"], ["盐"]]}),
        ("lingam", {"forbid": ["年龄 -> 盐"]}),
        ("pc", {"require": ["年龄 -> 盐"]}),
    ],
)
def test_knowledge_that_a_search_cannot_be_held_to_is_refused(method, wish):
    with pytest.raises(UsageError) as caught:
        found(collider(), method, **wish)
    assert caught.value.code == "E585"


def test_constants_keys_and_rows_with_holes_are_named():
    frame = collider(100).assign(always=1, id=[f"{n:04x}-{n * 7919 % 9973:05d}" for n in range(100)])
    frame.loc[5:9, "盐"] = np.nan
    edges = found(frame, "pc")
    said = " ".join(edges.attrs["notes"])
    assert set(edges["source"]) == {"年龄", "血压", "盐"} and edges.attrs["rows"] == 95
    assert "'always' is left out: always 1" in said and "'id' is left out" in said
    assert "5 of 100 rows have holes" in said and "盐" in said
    assert "hypotheses" in said and "no hidden common causes" in said and "graph without arrows" in said


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (collider(1), "E581"),
        (collider(19), "E581"),
        (collider(60)[["盐"]], "E580"),
        (collider(60).assign(血压=1, 盐="x"), "E580"),
        (collider(60).mask(np.arange(60)[:, None] % 3 == [0, 1, 2]), "E581"),
    ],
)
@pytest.mark.parametrize("method", ["sam", "pc"])
def test_tables_that_cannot_be_used_are_refused_by_name(method, frame, code):
    with pytest.raises(DataError) as caught:
        found(frame, method)
    assert caught.value.code == code and caught.value.fix


def test_unknown_methods_settings_and_names_are_refused_with_a_guess():
    for method, wish, code, guess in (
        ("smm", {}, "E587", "sam"),
        ("sam", {"lambda3": 1.0}, "E101", "lambda1"),
        ("pc", {"steps": 4}, "E101", "bootstrap"),
        ("pc", {"forbid": ["年龄 -> 血"]}, "E582", "血压"),
    ):
        with pytest.raises(UsageError) as caught:
            found(collider(60), method, **wish)
        assert caught.value.code == code and guess in caught.value.why + caught.value.fix


def test_levels_without_order_among_numbers_are_refused_by_searches_and_copies_are_named():
    frame = collider(100).assign(town=["a", "b", "c", "d"] * 25)
    with pytest.raises(DataError) as caught:
        found(frame, "pc")
    assert caught.value.code == "E584" and "town" in caught.value.what
    with pytest.raises(DataError) as caught:
        found(collider(100).assign(twice=lambda f: 2 * f["盐"]), "pc")
    assert caught.value.code == "E583"


def test_a_missing_library_is_named_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "causallearn.search.ConstraintBased.PC", None)
    with pytest.raises(UsageError) as caught:
        found(collider(60), "pc")
    assert caught.value.code == "E111" and 'pip install "contrafact[discovery]"' in caught.value.fix


def test_no_resampling_searches_the_rows_once_and_says_so():
    edges = found(collider(), "pc", bootstrap=0)
    assert set(edges["confidence"]) <= {0, 0.5, 1} and "One run only" in " ".join(edges.attrs["notes"])


def test_a_recipe_may_be_given_in_the_place_of_a_name():
    edges = contrafact.discover(collider(60), contrafact.zoo.SAM.toy(), 3)
    assert edges.attrs["method"] == "sam" and edges.attrs["runs"] == 2


def test_searches_are_those_of_the_published_list():
    assert set(SEARCHED) == {"pc", "ges", "fci", "lingam"}
