"""What if: the verb from a run to rows of another world."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from contrafact.base.errors import UsageError
from contrafact.cli import main
from contrafact.tasks.whatif import whatif
from contrafact.zoo import SCM, Discrete, Independent

GRAPH = "Z -> X; Z -> Y; X -> Y"


def table(n: int = 400) -> pd.DataFrame:
    random = np.random.default_rng(0)
    z = random.normal(size=n)
    x = (z + random.normal(size=n) > 0).astype(int)
    return pd.DataFrame({"Z": z, "X": x, "Y": 2.0 * x + z + random.normal(size=n)})


@pytest.fixture(scope="module")
def model():
    return SCM(graph=GRAPH, steps=40, mechanisms="linear").fit(table())


def test_setting_is_rung_two_and_shows_the_same_units_beside(model):
    found = whatif(model, {"X": 1}, n=300, seed=1)
    assert found.rung == 2 and found.badge == "L2 DO" and len(found.rows) == 300
    assert (found.rows["X"] == 1).all() and found.changed == ("Y",) and not found.notes
    pd.testing.assert_series_equal(found.rows["Z"], found.before["Z"])


def test_a_row_is_rung_three_and_says_what_it_assumes(model):
    data = table()
    row = int(data.index[data["X"] == 0][0])
    found = whatif(model, {"X": 1}, row=row, data=data)
    assert found.rung == 3 and found.how and len(found.assumptions) >= 2
    assert found.rows["Y"].iloc[0] == pytest.approx(data["Y"][row] + 2, abs=0.5)
    assert json.dumps(found.to_json())


def test_what_the_graph_does_not_settle_is_said():
    bow = SCM(graph="X -> Y; X <-> Y", steps=10, mechanisms="linear", width=8).fit(table())
    assert "NOT IDENTIFIABLE: Y" in whatif(bow, {"X": 1}, n=10).notes[0]


def test_models_without_causes_and_rows_that_are_not_there_are_refused(model):
    cases = [
        lambda: whatif(Independent().fit(table()), {"X": 1}),
        lambda: whatif(model, {"X": 1}, row=400, data=table()),
        lambda: whatif(model, {"X": 1}, row=0),
        lambda: whatif(model, {}),
    ]
    for ask in cases:
        with pytest.raises(UsageError) as caught:
            ask()
        assert caught.value.code == "E559"


def test_the_verb_goes_from_a_file_to_rows(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    table().to_csv("rows.csv", index=False)
    words = ["train", "rows.csv", "--recipe", "scm", "--set", f"graph={GRAPH}", "--set", "steps=10"]
    assert main([*words, "--set", "mechanisms=linear", "-q"]) == 0
    capsys.readouterr()
    assert main(["whatif", "@last", "--do", "X=1", "-n", "4", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["rows"]) == 4 and all(row["X"] == 1 for row in told["rows"]) and told["badge"] == "do"
    assert main(["whatif", "@last", "--do", "X=1", "--row", "3"]) == 0
    shown = capsys.readouterr().out
    assert "L3 IMAGINE" in shown and "would have been" in shown and "assumes" in shown
    assert main(["whatif", "@last", "--do", "X=7", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "E552"


def test_a_discrete_model_imagines_rows_too():
    data = pd.DataFrame({"X": [0, 1] * 100, "Y": [0, 1, 1, 1] * 50})
    found = whatif(Discrete(graph="X -> Y").fit(data), {"X": 1}, row=0, data=data)
    assert found.rung == 3 and found.how == ("response types drawn given the row",) and found.rows["X"].iloc[0] == 1
