"""Measure the HTTP service beside a bare FastAPI echo of the same body, in the same run.

    python bench/service.py                    some seconds
    python bench/service.py --soak 200000      also a soak with ever-new words

Ratios are what counts: the machine's other work slows both alike. Rounds alternate between the two.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import httpx
import typer

ROOT: Final = Path(__file__).resolve().parent.parent
ECHO: Final = """
from fastapi import FastAPI
from pydantic import BaseModel

class Body(BaseModel):
    text: str

app = FastAPI()

@app.post("/v1/classify")
async def echo(body: Body) -> Body:
    return body
"""
WORDS: Final = (
    "pipeline deploy release kubernetes cluster terraform incident postmortem latency budget platform developer "
    "golden path cloud account network cost security review team nurse invoice customer"
).split()
AD: Final = 4096


def main(
    requests: Annotated[int, typer.Option(help="Requests of a round.")] = 2000,
    rounds: Annotated[int, typer.Option(help="Rounds of each of the two.")] = 3,
    clients: Annotated[int, typer.Option(help="Clients at the same time in the crowd.")] = 200,
    seconds: Annotated[float, typer.Option(help="Seconds for which the crowd asks.")] = 5.0,
    soak: Annotated[int, typer.Option(help="Requests of the soak; 0 for none.")] = 0,
) -> None:
    """Measure the service."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        (Path(folder) / "echo.py").write_text(ECHO)
        echo, _ = stack.enter_context(_served(folder, "echo:app"))
        ours, process = stack.enter_context(_served(folder, "service.app:app_from_environment", "--factory"))
        found: dict[str, Any] = _one_client(echo, ours, requests, rounds)
        found["list_of_1000_ads_per_s"] = _list(ours)
        found["crowd"] = asyncio.run(_crowd(ours, clients, seconds))
        if soak:
            found["soak"] = _soak(ours, process, soak)
    typer.echo(json.dumps(found, indent=2))


def _one_client(echo: str, ours: str, requests: int, rounds: int) -> dict[str, Any]:
    """Return latency and throughput of one client, the best round of each."""
    times: dict[str, list[list[float]]] = {echo: [], ours: []}
    for _ in range(rounds):
        for address, measured in times.items():
            _latencies(address, requests // 10)
            measured.append(_latencies(address, requests))
    best = {address: min(measured, key=sum) for address, measured in times.items()}
    figures = {
        name: {
            "requests_per_s": round(requests / sum(best[address])),
            "median_ms": round(statistics.median(best[address]) * 1000, 3),
            "p99_ms": round(sorted(best[address])[int(requests * 0.99)] * 1000, 3),
        }
        for name, address in (("echo", echo), ("ours", ours))
    }
    return figures | {
        "throughput_against_echo": round(sum(best[echo]) / sum(best[ours]), 2),
        "p99_against_echo": round(figures["ours"]["p99_ms"] / figures["echo"]["p99_ms"], 2),
        "added_ms": round(figures["ours"]["median_ms"] - figures["echo"]["median_ms"], 3),
    }


def _latencies(address: str, requests: int) -> list[float]:
    import http.client

    host = address.removeprefix("http://")
    connection, body, found = http.client.HTTPConnection(host), _body(1), []
    for _ in range(requests):
        start = time.perf_counter()
        connection.request("POST", "/v1/classify", body, {"Content-Type": "application/json"})
        connection.getresponse().read()
        found.append(time.perf_counter() - start)
    connection.close()
    return found


def _list(ours: str) -> int:
    """Return ads a second of lists of 1,000 ads of 4 kB, from the request to the answer."""
    body = json.dumps({"texts": [_text(number) for number in range(1000)]}).encode()
    best = float("inf")
    with httpx.Client(base_url=ours, timeout=60) as client:
        for _ in range(5):
            start = time.perf_counter()
            client.post("/v1/classify", content=body, headers={"Content-Type": "application/json"}).raise_for_status()
            best = min(best, time.perf_counter() - start)
    return round(1000 / best)


async def _crowd(ours: str, clients: int, seconds: float) -> dict[str, int]:
    """Return what many clients at the same time got."""
    until, host = time.monotonic() + seconds, ours.removeprefix("http://")
    counts = {"clients": clients, "answers": 0, "errors": 0}

    async def one(number: int) -> None:
        body = _body(number)
        head = f"POST /v1/classify HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n"
        request = f"{head}Content-Type: application/json\r\n\r\n".encode() + body
        reader, writer = await asyncio.open_connection(*host.split(":"))
        while time.monotonic() < until:
            writer.write(request)
            answer = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(answer.split(b"content-length:")[1].split(b"\r\n")[0]))
            counts["answers" if b" 200 " in answer.split(b"\r\n")[0] else "errors"] += 1
        writer.close()

    for failed in await asyncio.gather(*(one(number) for number in range(clients)), return_exceptions=True):
        counts["errors"] += failed is not None
    return counts


def _soak(ours: str, process: subprocess.Popen[bytes], requests: int) -> dict[str, Any]:
    """Return the memory of the server after a warm-up, and after many texts with ever-new words."""
    first, errors = 0, 0
    with httpx.Client(base_url=ours, timeout=60) as client:
        for number in range(requests):
            if number == requests // 10:
                first = _memory(process)
            text = f"{_text(number)[:300]} word{number}a word{number}b"
            errors += client.post("/v1/classify", json={"text": text}).status_code != 200
    last = _memory(process)
    return {"requests": requests, "errors": errors, "memory_kb": [first, last], "grown": round(last / first - 1, 4)}


def _memory(process: subprocess.Popen[bytes]) -> int:
    """Return the resident memory of a process in kB."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


def _text(seed: int) -> str:
    words = random.Random(seed).choices(WORDS, k=AD // 6)
    return " ".join(words)[:AD]


def _body(seed: int) -> bytes:
    return json.dumps({"text": _text(seed)}).encode()


@contextmanager
def _served(folder: str, app: str, *options: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run an app under uvicorn with one worker."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = dict(os.environ) | {"PYTHONPATH": str(ROOT), "ROLECALL_DATA": folder}
    line = [sys.executable, "-m", "uvicorn", app, *options, "--app-dir", folder, "--port", str(port)]
    process = subprocess.Popen([*line, "--no-access-log", "--log-level", "error"], env=environment)
    try:
        _until_open(port)
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.terminate()
        process.wait()


def _until_open(port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server did not start")


if __name__ == "__main__":
    typer.run(main)
