"""The server under load, on loopback: rows a second beside the model's own, waiting times, crowds, and slow clients.

The table model is a small `loom` (width 64) on 15 mixed columns (`rows_data.py`), the picture model a toy `dcgan`. Bulk
is 1,000 rows a request as Arrow, or 256 pictures as npy, each request with a seed of its own. The model's own rate is
`model.sample(n)` in one process; both rates are rows a CPU second of the process that makes them, since other work
shares the machine. Waiting times are from an open loop, at half (bulk) or a quarter (single rows) of what was measured
as possible. The unbatched server, for single rows, answers each request with `model.sample(1)` in a thread, on the same
HTTP server. Slow clients come all at once, and others are timed from then until they are gone.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from rows_data import people
from serve_client import Load, closed_loop, open_loop
from table import Row, Table, arguments, read

SETTINGS: dict[str, Any] = {"steps": 60, "width": 64, "depth": 1}
ROWS, PICTURES_EACH, QUEUE, CLIENTS = 1000, 256, 64, (1, 8, 32, 128)
SECONDS = {"gate": 3.0, "full": 20.0}
BULK, SINGLE = "/v1/models/table/sample?format=arrow", "/v1/models/table/sample"
PICTURES = "/v1/models/pictures/sample?format=npy"
HALF = b"POST /v1/models/table/sample HTTP/1.1\r\nHost: localhost\r\nContent-"
TURNS = 4
TICK = os.sysconf("SC_CLK_TCK")


def make_models(folder: Path) -> None:
    """Fit both models and save them."""
    import numpy as np

    from contrafact import zoo

    zoo.Loom(**SETTINGS).fit(people(8000, 0), seed=0).save(folder / "table")
    draw = np.random.default_rng(0)
    zoo.DCGAN.toy().fit(draw.integers(0, 255, (256, 16, 16), dtype=np.uint8), seed=0).save(folder / "pictures")


@contextmanager
def process(words: list[str]) -> Iterator[tuple[int, int]]:
    """Start a server and give its port and process id once it is ready."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    own = subprocess.Popen([sys.executable, *words, "--port", str(port)], stderr=subprocess.DEVNULL)
    try:
        while b" 200 " not in _answered(port, b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"):
            assert own.poll() is None, "the server ended"
            time.sleep(0.1)
        yield port, own.pid
    finally:
        own.terminate()
        own.wait(30)


def _answered(port: int, request: bytes) -> bytes:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as made:
            made.sendall(request)
            return made.recv(4096)
    except OSError:
        return b""


def cpu_of(process_id: int) -> float:
    """Give the CPU seconds that a process has taken."""
    fields = Path(f"/proc/{process_id}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def megabytes(process_id: int) -> float:
    """Give the memory that a process holds."""
    lines = Path(f"/proc/{process_id}/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def beside(port: int, server: int, folder: Path, path: str, n: int, seconds: float) -> Row:
    """Measure items a CPU second of a model by itself and over HTTP, in turn, on the same busy machine."""
    from contrafact import load

    model = load(folder / folder_of(path))
    own, served, load_ = [0.0, 0], [0.0, 0], Load()
    for turn in range(TURNS):
        began, cpu = time.perf_counter(), time.process_time()
        while time.perf_counter() - began < seconds / TURNS:
            model.sample(10 * n, seed=turn)
            own[1] += 10 * n
        own[0] += time.process_time() - cpu
        cpu = cpu_of(server)
        words = partial(seeded, n, turn)
        load_ = asyncio.run(closed_loop(port, path, words, 2, seconds / TURNS))
        served[0] += cpu_of(server) - cpu
        served[1] += load_.statuses[200] * n
    return {"own": own[1] / own[0], "served": served[1] / served[0], "rate": load_.rate}


def folder_of(path: str) -> str:
    """Give the model's name in an address."""
    return path.split("/")[3]


def seeded(n: int, turn: int, number: int) -> Row:
    """Ask for items with a seed that no other question has."""
    return {"n": n, "seed": 1_000_000 * turn + number}


def crowd(port: int, clients: int, seconds: float) -> Row:
    """Ask for bulk with more clients than the queue takes."""
    return told(asyncio.run(closed_loop(port, BULK, partial(seeded, ROWS, 99), clients, seconds)))


def told(load: Load) -> Row:
    """Write down what came of a load."""
    errors = sum(count for status, count in load.statuses.items() if status not in (200, 429))
    return {
        "p50_ms": load.at(0.5),
        "p99_ms": load.at(0.99),
        "answers": load.statuses[200],
        "refused": load.statuses[429],
        "errors": errors,
        "rate": load.rate,
    }


def singles(port: int, clients: int, seconds: float) -> Row:
    """Measure single rows without a seed, as fast as they are answered."""
    return told(asyncio.run(closed_loop(port, SINGLE, lambda _: {"n": 1}, clients, seconds)))


def waits(port: int, path: str, n: int, clients: int, rate: float, seconds: float) -> Row:
    """Measure waiting times at a rate."""
    words = {"n": n} if n == 1 else None
    return told(asyncio.run(open_loop(port, path, lambda i: words or {"n": n, "seed": i}, clients, rate, seconds)))


def slow_clients(port: int, rate: float, count: int = 300) -> Row:
    """Open half-sent requests, and measure others beside them and how long they stay open."""
    before = waits(port, SINGLE, 1, 8, rate, 3.0)["p99_ms"]
    made = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]
    began = time.monotonic()
    for number, one in enumerate(made):
        one.sendall(HALF[: 10 + number % (len(HALF) - 10)])
    beside = waits(port, SINGLE, 1, 8, rate, 9.0)["p99_ms"]
    open_still = sum(not _hung_up(one) for one in made)
    for one in made:
        one.close()
    return {"before_ms": before, "beside_ms": beside, "seconds": time.monotonic() - began, "open": open_still}


def _hung_up(one: socket.socket) -> bool:
    """Tell whether the other side has closed a connection."""
    one.setblocking(False)
    try:
        return one.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def large_ones(port: int, server: int) -> Row:
    """Ask for a billion rows, and send bodies of 200 MB, told or not."""
    begun = megabytes(server)
    head = f"POST {SINGLE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n".encode()
    billion = json.dumps({"n": 10**9}).encode()
    found: Row = {}
    for name, request in {
        "billion": head + f"Content-Length: {len(billion)}\r\n\r\n".encode() + billion,
        "told": head + b"Content-Length: 200000000\r\n\r\n",
        "chunked": head + b"Transfer-Encoding: chunked\r\n\r\n" + (b"100000\r\n" + b" " * 2**20 + b"\r\n") * 2,
    }.items():
        began = time.perf_counter()
        answer = _answered(port, request)
        found[f"{name}_ms"] = 1000 * (time.perf_counter() - began)
        found[f"{name}_status"] = int(answer.split()[1]) if answer else 0
    return {**found, "megabytes": megabytes(server) - begun}


def naive(folder: str, port: int) -> None:
    """Serve single rows unbatched: each request asks the model for one row, in a thread."""
    import uvicorn

    from contrafact import load

    model = load(Path(folder) / "table")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        while (await receive()).get("more_body"):
            pass
        ready = scope["path"] == "/readyz"
        body = b"{}" if ready else await asyncio.to_thread(lambda: model.sample(1).to_json(orient="records").encode())
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    uvicorn.run(app, port=port, log_config=None, access_log=False, http="h11", lifespan="off")


def measured(table: Table, folder: Path, seconds: float) -> dict[str, Row]:
    """Measure everything, each part once."""
    found: dict[str, Row] = {}

    def row(name: str, measure: Any) -> Row:
        found[name] = table.row("server", name, 0, SETTINGS | {"seconds": seconds}, measure)
        return found[name]

    words = ["-m", "contrafact", "serve", str(folder / "table"), str(folder / "pictures"), "--queue", str(QUEUE)]
    with process(words) as (port, server):
        rate = row("bulk", partial(beside, port, server, folder, BULK, ROWS, seconds))["rate"]
        row("pictures", partial(beside, port, server, folder, PICTURES, PICTURES_EACH, seconds))
        for clients in CLIENTS:
            most = row(f"single at once, {clients} clients", partial(singles, port, clients, seconds / 2))["rate"]
            row(f"single, {clients} clients", partial(waits, port, SINGLE, 1, clients, most / 4, seconds))
        for clients in CLIENTS:
            row(f"bulk, {clients} clients", partial(waits, port, BULK, ROWS, clients, rate / 2, seconds))
        row("beyond the limit", partial(crowd, port, 2 * QUEUE, seconds))
        row("300 slow clients", partial(slow_clients, port, most / 4))
        row("large ones", partial(large_ones, port, server))
    with process([__file__, "--naive", str(folder)]) as (port, _):
        row("single, unbatched", partial(singles, port, 32, seconds))
    return found


def shown(table: Table, found: dict[str, Row]) -> None:
    """Print waiting times, and hold the rest to its bars."""
    names = [*(f"{kind}, {clients} clients" for kind in ("single", "bulk") for clients in CLIENTS), "beyond the limit"]
    heads = {
        "p50 ms": "p50_ms",
        "p99 ms": "p99_ms",
        "a second": "rate",
        "answers": "answers",
        "429": "refused",
        "errors": "errors",
    }
    table.show([{"load": name, **{head: f"{found[name][key]:.0f}" for head, key in heads.items()}} for name in names])
    for name, key in (("table", "bulk"), ("pictures", "pictures")):
        row = found[key]
        share = row["served"] / row["own"]
        told = f"{row['served']:,.0f} of {row['own']:,.0f} a CPU second, {share:.0%}"
        table.bar(f"{name}: >= 60 % of the model's own rate", share >= 0.6, told)
    batched, alone = (found[name]["rate"] for name in ("single at once, 32 clients", "single, unbatched"))
    told = f"{batched:,.0f} against {alone:,.1f} a second, {batched / alone:,.1f} x"
    table.bar("single rows: >= 4 x an unbatched server", batched >= 4 * alone, told)
    errors = sum(found[name]["errors"] for name in names)
    early = sum(found[name]["refused"] for name in names[:-1])
    table.bar("no errors, and none refused below the limit", errors == early == 0, f"{errors} errors, {early} refused")
    late = found["beyond the limit"]["refused"]
    table.bar("429 beyond the limit", late > 0, f"{late:,}")
    slow, large = found["300 slow clients"], found["large ones"]
    told = f"{slow['open']} open after {slow['seconds']:.1f} s"
    table.bar("300 half-sent requests closed within 10 s", slow["open"] == 0 and slow["seconds"] <= 10, told)
    told = f"{slow['beside_ms']:.0f} ms beside them, {slow['before_ms']:.0f} before"
    table.bar("others' p99 below 2 x", slow["beside_ms"] < 2 * slow["before_ms"], told)
    times = {name: large[f"{name}_ms"] for name in ("billion", "told", "chunked")}
    told = ", ".join(f"{name} {value:.0f} ms ({large[f'{name}_status']})" for name, value in times.items())
    table.bar("too large refused within 100 ms", max(times.values()) < 100, told)
    table.bar("their memory below 20 MB", large["megabytes"] < 20, f"{large['megabytes']:.1f} MB")


def main() -> None:
    options = read(arguments(__doc__, gate_seeds=1, full_seeds=1))
    table = Table("serve", options)
    with tempfile.TemporaryDirectory() as name:
        make_models(Path(name))
        found = measured(table, Path(name), SECONDS[options.size])
    shown(table, found)
    table.write()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--naive"]:
        naive(sys.argv[2], int(sys.argv[4]))
    else:
        sys.exit(main())
