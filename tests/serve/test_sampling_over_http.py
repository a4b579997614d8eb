"""What is drawn over HTTP is what the model draws: in every form, for every seed, whatever else is asked."""

from __future__ import annotations

import asyncio
import io
import json
import wave
import zipfile
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from PIL import Image
from serving import Parts, asking, serving

from contrafact.serve.app import App


def same(left: pd.DataFrame, right: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(left.reset_index(drop=True), right.reset_index(drop=True))


def arrow(body: bytes) -> pd.DataFrame:
    return pa.ipc.open_stream(body).read_all().to_pandas()


@pytest.mark.parametrize("n", [0, 1, 7, 1030])
def test_an_arrow_stream_holds_the_rows_and_types_of_the_model(models: Any, sample: Any, n: int) -> None:
    answer = sample("people", "?format=arrow", n=n, seed=3)
    assert answer.status_code == 200
    same(arrow(answer.content), models["people"].sample(n, seed=3))
    assert pa.ipc.open_stream(answer.content).schema.metadata[b"contrafact"].startswith(b"Synthetic")


def test_parquet_and_csv_hold_the_rows_and_say_that_they_are_synthetic(models: Any, sample: Any) -> None:
    rows = models["people"].sample(40, seed=3).assign(_source="synthetic")
    same(pd.read_parquet(io.BytesIO(sample("people", "?format=parquet", n=40, seed=3).content)), rows)
    assert sample("people", "?format=csv", n=40, seed=3).text == rows.to_csv(index=False)


def test_json_holds_all_digits(models: Any, sample: Any) -> None:
    rows = sample("bell", n=5, seed=3).json()
    assert np.array_equal(np.array([list(row.values()) for row in rows]), models["bell"].sample(5, seed=3))


def test_accept_chooses_the_form(ask: Any) -> None:
    def typed(accept: str) -> str:
        headers = {"accept": accept}
        answer = ask("POST", "/v1/models/people/sample", json={"n": 2, "seed": 1}, headers=headers)
        return str(answer.headers["content-type"].split(";")[0])

    assert typed("text/csv;q=0.5, application/vnd.apache.parquet") == "application/vnd.apache.parquet"
    assert typed("image/png, text/*;q=0.1") == "text/csv"
    assert typed("*/*") == "application/json"


def test_pictures_come_as_png_or_zip(models: Any, sample: Any) -> None:
    items = models["digits"].sample(3, seed=5).items
    one = Image.open(io.BytesIO(sample("digits", n=1, seed=5).content))
    assert np.array_equal(np.asarray(one), items[0])
    assert one.info["Description"].startswith("Synthetic")
    with zipfile.ZipFile(io.BytesIO(sample("digits", n=3, seed=5).content)) as archive:
        found = [np.asarray(Image.open(io.BytesIO(archive.read(name)))) for name in archive.namelist()]
    assert np.array_equal(found, items)


def test_sound_comes_as_wav_or_zip(models: Any, sample: Any) -> None:
    answer = sample("clips", n=1, seed=5)
    with wave.open(io.BytesIO(answer.content)) as file:
        assert (file.getframerate(), file.getnframes()) == (8000, 80)
    with zipfile.ZipFile(io.BytesIO(sample("clips", n=2, seed=5).content)) as archive:
        assert len(archive.namelist()) == 2


def test_lines_come_as_text_or_json(models: Any, sample: Any) -> None:
    lines = models["lines"].sample(4, seed=5)
    assert sample("lines", n=4, seed=5).text.splitlines() == lines
    assert sample("lines", "?format=json", n=4, seed=5).json() == lines


def test_conditions_hold(sample: Any) -> None:
    rows = sample("people", n=20, seed=1, given={"sex": "F", "age": "30..40"}).json()
    assert {row["sex"] for row in rows} == {"F"}
    assert all(30 <= row["age"] <= 40 for row in rows)


def test_formulas_are_made_harmless_where_that_is_asked(sample: Any) -> None:
    assert sample("people", "?format=csv&csv_safe=1", n=2, seed=1).status_code == 200
    assert sample("people", "?format=csv&csv_safe=perhaps", n=2, seed=1).status_code == 400


def test_a_missing_seed_is_drawn_and_told(sample: Any) -> None:
    first = sample("people", n=100)
    again = sample("people", n=100, seed=int(first.headers["x-contrafact-seed"]))
    assert first.content == again.content != sample("people", n=100).content


def test_small_requests_without_a_seed_get_rows_of_one_block_and_never_the_same(models: Any) -> None:
    app = serving(models["people"])

    async def go() -> list[Any]:
        await app.reload()
        async with asking(app) as client:
            words = [{"n": 1 + i % 3} for i in range(60)]
            found = await asyncio.gather(*(client.post("/v1/models/own/sample", json=own) for own in words))
            told = [{k: int(a.headers[f"x-contrafact-{k}"]) for k in ("seed", "start")} for a in found]
            again = [await client.post("/v1/models/own/sample", json=o | t) for o, t in zip(words, told, strict=True)]
        assert [a.content for a in found] == [a.content for a in again]
        places = {(t["seed"], t["start"] + i) for t, o in zip(told, words, strict=True) for i in range(o["n"])}
        assert len(places) == sum(own["n"] for own in words)
        return told

    told = asyncio.run(go())
    app.stop()
    assert len({one["seed"] for one in told}) == 1


def test_a_seed_gives_the_same_bytes_whatever_else_is_asked(app: App, sample: Any) -> None:
    quiet = {seed: sample("people", "?format=arrow", n=30, seed=seed).content for seed in range(4)}

    async def go() -> list[tuple[int, bytes]]:
        async with asking(app) as client:

            async def one(seed: int) -> tuple[int, bytes]:
                url = "/v1/models/people/sample?format=arrow"
                answer, _ = await asyncio.gather(
                    client.post(url, json={"n": 30, "seed": seed}), client.post(url, json={"n": 1})
                )
                return seed, answer.content

            return await asyncio.gather(*(one(i % 4) for i in range(24)))

    assert all(body == quiet[seed] for seed, body in asyncio.run(go()))


@pytest.mark.parametrize("form", ["json", "csv", "arrow", "parquet"])
def test_long_answers_come_part_by_part_and_are_whole(form: str) -> None:
    model = Parts()
    app = serving(model)

    async def go() -> bytes:
        await app.reload()
        async with asking(app) as client:
            answer = await client.post(f"/v1/models/own/sample?format={form}", json={"n": 10_000, "seed": 5})
        assert "content-length" not in answer.headers
        return answer.content

    body = asyncio.run(go())
    app.stop()
    readers = {
        "json": lambda b: pd.DataFrame(json.loads(b)),
        "csv": lambda b: pd.read_csv(io.BytesIO(b)),
        "arrow": arrow,
        "parquet": lambda b: pd.read_parquet(io.BytesIO(b)),
    }
    assert model.drawn == 3
    assert readers[form](body)["x"].tolist() == list(range(5, 10_005))
