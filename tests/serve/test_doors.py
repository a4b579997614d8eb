"""Who may ask and what may be asked: hosts, pages, tokens, names, sizes; each refusal by its own door."""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from serving import Broken, asked, asking, serving

from contrafact.base.codes import CODES
from contrafact.serve.access import check_access
from contrafact.serve.app import App
from contrafact.serve.refusals import Refusal
from contrafact.serve.settings import Settings

HOSTS = {
    "127.0.0.1:8000": True,
    "localhost": True,
    "[::1]:80": True,
    "LOCALHOST:8000": True,
    "evil.example": False,
    "127.0.0.1.evil.example:8000": False,
    "localhost@evil.example": False,
    "evil.example/127.0.0.1": False,
    "127.0.0.1:8000, evil.example": False,
    "0x7f.1": False,
    "10.0.0.7": False,
    "": False,
}
ORIGINS = {None: True, "own": True, "null": False, "http://evil.example": False, "http://localhost.evil.example": False}
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
PATHS = ["/v1/models", "/metrics", "/openapi.json", "/readyz", "/v1/models/bell", "/v1/models/bell/sample", "/nope"]
PIECES = [
    "..",
    "%2e%2e",
    "..%2f..%2fetc%2fpasswd",
    "%252e%252e",
    "..\\..\\x",
    "C:",
    "\\\\host\\share",
    "%00",
    "．．",
    "~",
]
PIECES += ["/etc/passwd", "a" * 5000, "bell/../people", "BELL", "bell%00", "bell%20", ".", "%c0%ae%c0%ae", "bell;x", ""]


def passes(settings: Settings, path: str = "/metrics", **headers: str) -> bool:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        check_access(settings, path, named)
    except Refusal as refusal:
        assert refusal.status in (401, 403, 421)
        return False
    return True


@pytest.mark.parametrize("host", HOSTS)
def test_only_own_hosts_and_own_pages_come_through(app: App, host: str) -> None:
    """Every method and path: what is not let in gets 421 or 403 and nothing else."""

    async def go() -> None:
        async with asking(app) as client:
            for origin, method, path in itertools.product(ORIGINS, METHODS, PATHS[1::3]):
                headers = {"host": host, **({} if origin is None else {"origin": origin})}
                if origin == "own":
                    headers["origin"] = f"http://{host}"
                answer = await client.request(method, path, headers=headers)
                refused = answer.status_code in (421, 403)
                assert refused != (HOSTS[host] and ORIGINS[origin]), (host, origin, method, path)
                assert "access-control-allow-origin" not in answer.headers

    asyncio.run(go())


def test_a_page_of_another_site_is_known_by_fetch_metadata() -> None:
    assert passes(Settings(), host="localhost", sec_fetch_site="same-origin")
    assert not passes(Settings(), host="localhost", sec_fetch_site="cross-site")
    assert not passes(Settings(), host="localhost", sec_fetch_site="same-site")


def test_names_can_be_allowed_and_addresses_are_beside_a_token() -> None:
    far = Settings(host="0.0.0.0", token="t", allowed_hosts=("api.internal",))  # noqa: S104, S106
    bearer = "Bearer t"
    assert passes(far, host="api.internal:80", authorization=bearer)
    assert passes(far, host="10.0.0.7:8000", authorization=bearer)
    assert not passes(far, host="evil.example", authorization=bearer)


@pytest.mark.parametrize("given", [None, "Bearer wrong", "Basic secret", "Bearer", "secret", "Bearer sécret"])
def test_without_the_token_only_healthz_answers(given: str | None) -> None:
    settings = Settings(token="secret")  # noqa: S106
    headers = {"host": "localhost", **({} if given is None else {"authorization": given})}
    assert passes(settings, "/healthz", **headers)
    assert not any(passes(settings, path, **headers) for path in PATHS)
    assert all(passes(settings, path, host="localhost", authorization="bearer secret") for path in PATHS)


def test_the_token_stays_out_of_what_is_shown() -> None:
    assert "secret" not in repr(Settings(token="secret"))  # noqa: S106


opened: list[str] = []
watching = False


def _watch(event: str, args: tuple[Any, ...]) -> None:
    if watching and event == "open":
        opened.append(str(args[0]))


sys.addaudithook(_watch)


def test_no_name_leads_out_of_the_models_and_no_file_is_opened(app: App) -> None:
    global watching

    async def go() -> None:
        for piece, tail in itertools.product(PIECES, ("", "/sample", "/impute", "/nope")):
            for path in {f"/v1/models/{piece}{tail}", f"/v1/models/{unquote(piece)}{tail}"}:
                status = await asked(app, "POST" if tail else "GET", path, b'{"n": 1}')
                assert status == (200 if path == "/v1/models/" else 404), path

    watching = True
    try:
        asyncio.run(go())
    finally:
        watching = False
    assert [path for path in opened if not path.endswith((".py", ".pyc"))] == []


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        ({"n": 10**9}, 422, "E708"),
        ({"n": 10**30}, 422, "E708"),
        ({"n": -1}, 400, "E706"),
        ({"n": 1.5}, 400, "E706"),
        ({"n": True}, 400, "E706"),
        ({"n": "10"}, 400, "E706"),
        ({"rows": 3}, 400, "E706"),
        ({"seed": -1}, 400, "E706"),
        ({"seed": 2**63}, 400, "E706"),
        ({"start": 3}, 400, "E706"),
        ({"seed": 1, "start": 16_384}, 400, "E706"),
        ({"given": {"agee": 3}}, 400, "E105"),
        ({"given": {"age": {"deep": 1}}}, 400, "E706"),
        ({"given": {"age": []}}, 400, "E706"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_code(sample: Any, words: Any, status: int, code: str) -> None:
    answer = sample("people", **words)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert set(answer.json()) == {"code", "message", "why", "fix"}
    assert code in CODES


def test_a_billion_rows_are_refused_at_once(sample: Any) -> None:
    began = time.process_time()
    assert sample("people", n=10**9).status_code == 422
    assert time.process_time() - began < 0.1


def test_items_that_would_fill_the_memory_are_refused(models: Any) -> None:
    app = serving(models["digits"], most_bytes=36 * 10)
    answer = _once(app, "POST", "/v1/models/own/sample", json={"n": 11, "seed": 1})
    assert (answer.status_code, answer.json()["code"]) == (422, "E708")


BODIES: dict[str, tuple[bytes, str, int]] = {
    "no JSON": (b"{", "application/json", 400),
    "a list": (b"[]", "application/json", 400),
    "a constant": (b'{"n": NaN}', "application/json", 400),
    "half a character": (b'{"given": {"sex": "\\ud800"}}', "application/json", 400),
    "a deep one": (b'{"given":' + b"[" * 100_000, "application/json", 400),
    "a long number": (b'{"n": ' + b"9" * 5000 + b"}", "application/json", 400),
    "no UTF-8": (b'{"n": "\xff"}', "application/json", 400),
    "text": (b'{"n": 1}', "text/plain", 415),
    "a form": (b"n=1", "application/x-www-form-urlencoded", 415),
    "a file of Parquet": (b"PAR1", "application/vnd.apache.parquet", 415),
    "none": (b"", "", 415),
}


@pytest.mark.parametrize("name", BODIES)
def test_bodies_that_cannot_be_read_are_refused(ask: Any, name: str) -> None:
    body, kind, status = BODIES[name]
    answer = ask("POST", "/v1/models/people/sample", content=body, headers={"content-type": kind} if kind else {})
    assert answer.status_code == status


def test_a_large_body_is_refused_while_it_comes(app: App) -> None:
    told, read = Settings().most_body, 0

    async def stream() -> Any:
        nonlocal read
        for _ in range(200):
            read += 2**20
            yield b" " * 2**20

    async def go() -> httpx.Response:
        async with asking(app) as client:
            headers = {"content-type": "application/json"}
            return await client.post("/v1/models/people/sample", content=stream(), headers=headers)

    answer = asyncio.run(go())
    assert (answer.status_code, answer.headers["connection"]) == (413, "close")
    assert read <= told + 2 * 2**20


def test_a_body_that_is_said_to_be_large_is_not_read(app: App) -> None:
    async def receive() -> Any:
        raise AssertionError("nothing is to be read")

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost"), (b"content-type", b"application/json"), (b"content-length", b"200000000")]
    scope = {"type": "http", "method": "POST", "path": "/v1/models/people/sample", "query_string": b""}
    asyncio.run(app({**scope, "headers": headers}, receive, send))
    assert sent[0]["status"] == 413


def test_other_methods_and_forms_are_refused(ask: Any) -> None:
    assert ask("GET", "/v1/models/bell/sample").headers["allow"] == "POST"
    assert ask("DELETE", "/v1/models/bell").status_code == 405
    assert ask("POST", "/v1/models/people/sample?format=png", json={}).status_code == 406
    assert ask("POST", "/v1/models/people/sample", json={}, headers={"accept": "image/png"}).status_code == 406
    assert ask("POST", "/v1/models/people/sample?path=/etc/passwd", json={}).status_code == 400


def test_what_a_model_cannot_do_is_told_with_what_it_can(ask: Any) -> None:
    answer = ask("POST", "/v1/models/bell/do", json={"do": {"x0": 1}})
    assert answer.status_code == 404
    assert "sample, impute" in answer.json()["why"]


@pytest.mark.parametrize("action", ["critic", "refine", "save", "log_prob", "encode", "model", "__class__"])
def test_no_other_ability_is_served(ask: Any, action: str) -> None:
    assert ask("POST", f"/v1/models/bell/{action}", json={}).status_code == 404


def test_a_bug_of_ours_is_told_without_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    answer = _once(serving(Broken()), "POST", "/v1/models/own/sample", json={"n": 100})
    assert (answer.status_code, answer.json()["code"]) == (500, "E001")
    assert "secret" not in answer.text
    assert "ZeroDivisionError" in caplog.text


def _once(app: App, method: str, path: str, **more: Any) -> httpx.Response:
    async def go() -> httpx.Response:
        await app.reload()
        async with asking(app) as client:
            return await client.request(method, path, **more)

    try:
        return asyncio.run(go())
    finally:
        app.stop()
