"""Holes, other worlds and effects over HTTP are what the models answer; pages tell what there is."""

from __future__ import annotations

import asyncio
import io
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from serving import asking, people, serving, treated

from contrafact.serve.app import App
from contrafact.serve.settings import Settings


def rows_with_holes() -> pd.DataFrame:
    rows = people(12)
    rows.loc[[1, 4], "weight"] = np.nan
    rows.loc[[2], "sex"] = None
    return rows


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    shown = frame.assign(**{c: frame[c].dt.strftime("%Y-%m-%d") for c in frame.select_dtypes("datetime")})
    return [{k: v for k, v in row.items() if not pd.isna(v)} for row in shown.to_dict("records")]


def test_holes_are_filled_as_the_model_fills_them(models: Any, ask: Any) -> None:
    rows = rows_with_holes()
    best = models["people"].impute(rows)
    answer = ask("POST", "/v1/models/people/impute?format=parquet", json={"rows": records(rows)})
    found = pd.read_parquet(io.BytesIO(answer.content))
    pd.testing.assert_frame_equal(found, best, check_dtype=False)


def test_rows_may_come_as_csv_and_draws_are_numbered(models: Any, ask: Any) -> None:
    rows = rows_with_holes().drop(columns="since")
    url = "/v1/models/people/impute?draws=2&seed=7&format=csv"
    body = rows_with_holes().to_csv(index=False)
    answer = ask("POST", url, content=body, headers={"content-type": "text/csv"})
    found = pd.read_csv(io.StringIO(answer.text))
    draws = models["people"].impute(rows_with_holes(), draws=2, seed=7)
    assert found["_draw"].tolist() == [0] * 12 + [1] * 12
    for number, draw in enumerate(draws):
        own = found[found["_draw"] == number].reset_index(drop=True)
        assert own["weight"].tolist() == pytest.approx(draw["weight"].tolist())
        assert own["weight"][0] == rows["weight"][0]


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("age,agee\n1,2\n", "agee"),
        ("age,age\n1,2\n", "share a name"),
        (",".join(f"c{i}" for i in range(5000)) + "\n", "5,000 columns"),
        ("age,weight,sex,smokes,since\n1,2,F,True,soon\n", "no moment"),
        ("", "lack"),
    ],
)
def test_tables_that_the_model_cannot_read_are_refused(ask: Any, body: str, what: str) -> None:
    answer = ask("POST", "/v1/models/people/impute", content=body, headers={"content-type": "text/csv"})
    assert answer.status_code in (400, 422)
    assert what in answer.text or answer.json()["code"] in ("E201", "E202")


def test_rows_times_draws_are_limited(ask: Any) -> None:
    answer = ask("POST", "/v1/models/people/impute", json={"rows": [{}] * 1001, "draws": 1000})
    assert answer.json()["code"] == "E708"


def test_other_worlds_are_those_of_the_model(models: Any, ask: Any) -> None:
    answer = ask("POST", "/v1/models/world/do", json={"do": {"X": 1}, "n": 50, "seed": 3})
    assert pd.DataFrame(answer.json()).equals(models["world"].do(X=1).sample(50, seed=3))


def test_rows_are_imagined_as_by_the_model(models: Any, ask: Any) -> None:
    rows = treated(6)
    words = {"rows": rows.to_dict("records"), "do": {"X": 0}, "seed": 3}
    answer = ask("POST", "/v1/models/world/counterfactual", json=words)
    expected = models["world"].counterfactual(rows, {"X": 0}, seed=3)
    assert np.allclose(pd.DataFrame(answer.json()).to_numpy(float), expected.to_numpy(float))


def test_effects_are_those_of_the_model(models: Any, ask: Any) -> None:
    answer = ask("POST", "/v1/models/world/effect", json={"query": "ATE(X, Y)", "seed": 0})
    assert answer.json()["value"] == models["world"].effect("ATE(X, Y)", seed=0).value
    assert ask("POST", "/v1/models/uplift/effect", json={}).json()["value"] == models["uplift"].ate().value
    rows = treated(5).assign(W=0.5)[["Z", "W"]]
    answer = ask("POST", "/v1/models/uplift/effect", json={"rows": rows.to_dict("records")})
    assert [row["effect"] for row in answer.json()] == models["uplift"].effect(rows).tolist()


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("do", {}),
        ("do", {"do": {"self": 1}}),
        ("do", {"do": {"Q": 1}}),
        ("do", {"do": {"X": 10**400}}),
        ("do", {"do": {"X": "much"}}),
        ("counterfactual", {"do": {"X": 1}}),
        ("counterfactual", {"do": {"X": 1}, "rows": [{"X": 1}]}),
        ("effect", {}),
        ("effect", {"query": "ATE(X"}),
        ("effect", {"query": "ATE(X, Q)"}),
        ("effect", {"query": "x" * 501}),
    ],
)
def test_questions_that_have_no_answer_are_refused(ask: Any, action: str, words: Any) -> None:
    answer = ask("POST", f"/v1/models/world/{action}", json=words)
    assert answer.status_code in (400, 422), answer.text


def test_pages_tell_what_there_is(app: App, ask: Any) -> None:
    listed = {model["name"]: model for model in ask("GET", "/v1/models").json()["models"]}
    assert listed["world"]["abilities"] == ["sample", "do", "counterfactual", "effect"]
    assert listed["uplift"]["abilities"] == ["effect"]
    assert [c["name"] for c in listed["people"]["columns"]] == list(people(1))
    assert listed["digits"]["kind"] == "pictures"
    assert "critic" not in str(listed)
    described = ask("GET", "/openapi.json").json()
    assert set(described["paths"]["/v1/models/{name}/sample"]["post"]["responses"]) >= {"200", "413", "422", "429"}
    assert not re.search("https?://", ask("GET", "/openapi.json").text)
    assert ask("HEAD", "/healthz").status_code == 200


def test_counts_are_written_as_prometheus_reads_them(app: App, sample: Any, ask: Any) -> None:
    sample("bell", n=2, seed=1)
    text = ask("GET", "/metrics").text
    assert re.search(r'contrafact_requests_total\{model="bell",action="sample",status="200"\} \d+', text)
    assert re.search(r'contrafact_request_seconds_bucket\{action="sample",le="\+Inf"\} \d+', text)
    line = re.compile(r"(# (TYPE|HELP) .*)|([a-z_]+(\{([a-z]+=\"[^\"]*\",?)+\})? [-+.e0-9]+)")
    assert all(line.fullmatch(row) for row in text.splitlines())


def test_a_server_is_not_ready_before_its_models_are_there() -> None:
    app = App(Settings(), list)

    async def go() -> list[int]:
        async with asking(app) as client:
            early = [(await client.get(path)).status_code for path in ("/healthz", "/readyz")]
            asked = await client.post("/v1/models/people/sample", json={})
            await app.reload()
            return [*early, asked.status_code, (await client.get("/readyz")).status_code]

    assert asyncio.run(go()) == [200, 503, 503, 200]


def test_models_that_cannot_be_loaded_again_leave_the_old_ones(models: Any) -> None:
    app = serving(models["bell"])

    async def go() -> int:
        await app.reload()
        app._load = lambda: 1 / 0  # type: ignore[assignment,return-value]
        await app.reload()
        async with asking(app) as client:
            return (await client.post("/v1/models/own/sample", json={"n": 1, "seed": 1})).status_code

    assert asyncio.run(go()) == 200
    app.stop()
