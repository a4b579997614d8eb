"""Many clients at once: those beyond the limit are refused, those that leave are forgotten."""

from __future__ import annotations

import asyncio
from typing import Any

from serving import Parts, Slow, asking, serving

from contrafact.serve.app import App
from contrafact.serve.workers import Worker

SAMPLE = "/v1/models/own/sample"


def test_beyond_the_queue_requests_are_refused_with_a_time_to_come_again() -> None:
    model = Slow()
    app = serving(model, queue=3)

    async def go() -> list[Any]:
        await app.reload()
        model.go.clear()
        async with asking(app) as client:
            tasks = [asyncio.create_task(client.post(SAMPLE, json={"n": 100, "seed": i})) for i in range(8)]
            while sum(task.done() for task in tasks) < 5:
                await asyncio.sleep(0.01)
            model.go.set()
            return await asyncio.gather(*tasks)

    answers = asyncio.run(go())
    app.stop()
    refused = [answer for answer in answers if answer.status_code == 429]
    assert [answer.status_code for answer in answers].count(200) == 3
    assert len(refused) == 5
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)


def test_the_loop_answers_while_a_model_works() -> None:
    model = Slow()
    app = serving(model)

    async def go() -> int:
        await app.reload()
        model.go.clear()
        async with asking(app) as client:
            slow = asyncio.create_task(client.post(SAMPLE, json={"n": 100, "seed": 1}))
            await asyncio.sleep(0.02)
            early = (await client.get("/healthz")).status_code
            assert not slow.done()
            model.go.set()
            await slow
        return early

    assert asyncio.run(go()) == 200
    app.stop()


class Leaving:
    """A client that sends a question and leaves when it is told to."""

    def __init__(self, app: App, words: bytes) -> None:
        self.app, self.left, self.sent = app, asyncio.Event(), []
        self._parts = [{"type": "http.request", "body": words, "more_body": False}]

    async def receive(self) -> Any:
        if self._parts:
            return self._parts.pop()
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sent.append(message)
        await asyncio.sleep(0)

    async def ask(self) -> None:
        headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
        scope = {"type": "http", "method": "POST", "path": SAMPLE, "query_string": b"format=csv", "headers": headers}
        await self.app(scope, self.receive, self.send)


def test_the_work_of_a_client_that_left_is_dropped() -> None:
    model = Slow()
    app = serving(model)

    async def go() -> None:
        await app.reload()
        model.go.clear()
        model.begun.clear()
        clients = [Leaving(app, b'{"n": 100, "seed": %d}' % i) for i in range(3)]
        tasks = [asyncio.create_task(client.ask()) for client in clients]
        await asyncio.to_thread(model.begun.wait, 10)
        for client in clients[1:]:
            client.left.set()
        await asyncio.gather(*tasks[1:])
        model.go.set()
        await tasks[0]
        assert [len(client.sent) for client in clients] == [2, 0, 0]

    count = model.count
    asyncio.run(go())
    app.stop()
    assert model.count - count == 2  # the probe, and the one that waited
    assert (app.counts.gone, app.models["own"].worker.open) == (2, 0)


def test_a_long_answer_stops_when_its_client_has_left() -> None:
    model = Parts()
    app = serving(model)

    async def go() -> None:
        await app.reload()
        client = Leaving(app, b'{"n": 400000, "seed": 1}')
        task = asyncio.create_task(client.ask())
        while len(client.sent) < 3:
            await asyncio.sleep(0.001)
        client.left.set()
        await task

    asyncio.run(go())
    app.stop()
    assert model.drawn < 20
    assert app.models["own"].worker.open == 0


def test_answers_that_have_begun_outlive_a_reload() -> None:
    app = serving(Parts())

    async def go() -> None:
        await app.reload()
        old = app.models["own"].worker
        client = Leaving(app, b'{"n": 40000, "seed": 1}')
        task = asyncio.create_task(client.ask())
        while not client.sent:
            await asyncio.sleep(0.001)
        await app.reload()
        await asyncio.wait_for(task, 10)
        assert b"".join(message.get("body", b"") for message in client.sent).count(b"\n") == 40_001
        assert app.models["own"].worker is not old
        assert not old._thread.is_alive()

    asyncio.run(go())
    app.stop()


def test_whoever_leaves_does_not_stop_the_block_that_others_wait_for() -> None:
    model = Slow()
    app = serving(model)

    async def go() -> None:
        await app.reload()
        model.go.clear()
        first, second = Leaving(app, b'{"n": 1}'), Leaving(app, b'{"n": 1}')
        tasks = [asyncio.create_task(client.ask()) for client in (first, second)]
        await asyncio.sleep(0.05)
        first.left.set()
        await tasks[0]
        model.go.set()
        await tasks[1]
        assert [len(first.sent), len(second.sent)] == [0, 2]

    asyncio.run(go())
    app.stop()


def test_a_worker_hands_errors_on_and_goes_on() -> None:
    worker = Worker("own", 3)

    async def go() -> int:
        try:
            await worker.do(lambda: 1 // 0)
        except ZeroDivisionError:
            return await worker.do(lambda: 7)
        return 0

    assert asyncio.run(go()) == 7
    worker.stop()
    assert not worker._thread.is_alive()
