"""Small models behind an application, asked without a socket; one event loop for each question."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from serving import Clips, asking, people, treated

from contrafact import zoo
from contrafact.base.data import Data
from contrafact.serve.app import App
from contrafact.serve.served import Served
from contrafact.serve.settings import Settings

Ask = Callable[..., Any]


@pytest.fixture(scope="session")
def models() -> dict[str, Any]:
    """Fit one model of each kind."""
    draw = np.random.default_rng(2)
    digits = Data(kind="pictures", items=(draw.random((40, 6, 6)) < 0.4).astype(np.uint8) * 255)
    arms = treated().assign(W=draw.normal(size=300))
    return {
        "people": zoo.Loom(steps=20, width=16, depth=1, batch=64).fit(people(), seed=0),
        "bell": zoo.GaussianMixture().fit(draw.normal(size=(100, 3))),
        "digits": zoo.Bernoulli().fit(digits),
        "lines": zoo.Markov().fit(["an apple", "a pear", "an ant"] * 5),
        "clips": Clips(),
        "world": zoo.Discrete(graph="Z -> X; Z -> Y; X -> Y").fit(treated()),
        "uplift": zoo.MetaLearner(treatment="X", outcome="Y", learner="t").fit(arms),
    }


@pytest.fixture(scope="session")
def app(models: dict[str, Any]) -> Iterator[App]:
    """Serve all of them."""
    settings = Settings()
    made = App(settings, lambda: [Served.of(name, model, settings) for name, model in models.items()])
    asyncio.run(made.reload())
    yield made
    made.stop()


@pytest.fixture
def ask(app: App) -> Ask:
    """Ask one question."""

    def asked(method: str, path: str, **more: Any) -> httpx.Response:
        async def go() -> httpx.Response:
            async with asking(app) as client:
                return await client.request(method, path, **more)

        return asyncio.run(go())

    return asked


@pytest.fixture
def sample(ask: Ask) -> Ask:
    """Ask a model for a sample."""
    return lambda name, query="", **words: ask("POST", f"/v1/models/{name}/sample{query}", json=words)
