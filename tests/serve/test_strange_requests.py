"""Three hundred strange requests from one seed: none ends in a 5xx, and each refusal is a JSON object with a code."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import httpx
import pytest
from serving import asking

from contrafact.base.codes import CODES
from contrafact.serve.app import App
from contrafact.serve.questions import FIELDS

CASES, SEED = 300, 20_260
WORDS = [
    0,
    1,
    -1,
    2,
    2.5,
    1e308,
    -0.0,
    10**9,
    2**63,
    True,
    None,
    "",
    "F",
    "M",
    "30..40",
    "a|b",
    "x" * 300,
    "é\u0000\n",
    "日本",
]
WORDS += [
    [],
    {},
    [1, 2],
    ["F"],
    [[1]],
    {"age": 3},
    {"sex": "F"},
    {"Z": 1},
    {"X": 1, "Y": 0},
    {"": ""},
    {"x0": 0.1},
    "..40",
]
WORDS += [
    "ATE(X, Y)",
    "P(Y | do(X=1))",
    "P(Y_{X=1} | X=0)",
    "ATT(Y, X)",
    "P(",
    "40..",
    "nan",
    {"class": "a"},
    {"age": "9..1"},
]
ROWS = [
    [],
    [{}],
    [{"Z": 1, "X": 0, "Y": 1}],
    [{"age": None}],
    [{"age": "x"}],
    [{"age": 1e300, "weight": -1}],
    [{"nope": 1}],
]
ROWS += [
    [{"x0": None, "x1": 1, "x2": 2}],
    [{"sex": True, "since": "yesterday"}],
    "age\n1",
    [1],
    [{"age": 2**62}],
    [{"Z": 7}],
]
HEADERS: list[dict[str, str]] = [
    {},
    {"accept": "*/*;q=x"},
    {"accept": ",,;"},
    {"accept-encoding": "gzip"},
    {"range": "bytes=0-1"},
]
HEADERS += [
    {"content-type": "application/json; charset=utf-16"},
    {"content-encoding": "gzip"},
    {"content-type": "text/csv"},
]
QUERIES = [
    "",
    "format=csv",
    "format=arrow",
    "format=parquet",
    "format=npy",
    "format=png",
    "format=",
    "format=zip&x=1",
    "%%%",
    "csv_safe=1",
]


def strange(draw: random.Random, app: App) -> dict[str, Any]:
    """Make one request, often nearly right."""
    name = draw.choice([*app.models, "nope"])
    able = app.models[name].actions if name in app.models and draw.random() < 0.9 else tuple(FIELDS)
    action = draw.choice(able)
    fields = draw.sample([*FIELDS[action], "n", "seed", "nope"], k=draw.randint(0, 3))
    words = {field: draw.choice(ROWS if field == "rows" else WORDS) for field in fields}
    for field in FIELDS[action]:
        if field in ("rows", "do") and draw.random() < 0.7:
            words[field] = draw.choice(ROWS if field == "rows" else [{"X": 1}, {"Z": "a"}, {"X": 1e300}, {"x0": 2}])
    body = json.dumps(words).encode() if draw.random() < 0.9 else draw.randbytes(draw.randint(0, 40))
    if draw.random() < 0.1:
        body = body[: draw.randint(0, len(body))]
    return {
        "method": draw.choice(["POST"] * 12 + ["GET", "PUT"]),
        "url": f"/v1/models/{name}/{action}?{draw.choice(QUERIES)}",
        "content": body,
        "headers": {"content-type": "application/json", **draw.choice(HEADERS)},
    }


@pytest.mark.filterwarnings("ignore")  # of models, about strange rows
def test_nothing_strange_ends_in_a_fault(app: App) -> None:
    draw = random.Random(SEED)
    seen: set[int] = set()

    async def one(client: httpx.AsyncClient, request: dict[str, Any]) -> None:
        answer = await client.request(**request)
        seen.add(answer.status_code)
        assert answer.status_code < 500, (request, answer.text)
        if answer.status_code >= 400:
            assert answer.json()["code"] in CODES

    async def go() -> None:
        async with asking(app) as client:
            for _ in range(CASES):
                await one(client, strange(draw, app))

    asyncio.run(go())
    assert {200, 400, 404, 422} <= seen
