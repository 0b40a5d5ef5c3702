"""Top-ups through our API beside a bare handler that calls the same fake provider: the price of a request that is never made twice."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import uvloop

from deploy.local.services.private import ServiceUrls
from tests.benchmarks.figures import Figure, median
from tests.benchmarks.pipeline import API_KEY, pipeline
from tests.benchmarks.poster import Poster
from tests.benchmarks.topup_peer import KEY

CUSTOMERS = 50
CLIENTS = 8
TOP_UPS = 200  # in a round
ROUNDS = 3

_numbers = count()


def figures(urls: ServiceUrls) -> list[Figure]:
    """Requests per second, and how long one takes."""
    lunas = str(Path(sys.executable).with_name("lunas"))
    fake = [
        lunas,
        "fake",
        "xendit",
        "--port",
        "0",
        "--no-limits",
        "--key",
        KEY,
        "--webhooks",
        "http://127.0.0.1:9/",
    ]
    with _printing(fake) as said:
        provider = said.split()[-1]
        more = {
            "XENDIT_BASE_URL": provider,
            "XENDIT_SECRET_KEY": KEY,
            "LUNAS_OUTGOING_XENDIT_PER_MINUTE": "1000000",
        }
        with (
            _printing([sys.executable, "-m", "tests.benchmarks.topup_peer", provider]) as port,
            pipeline(urls, ("api", "projections"), {"api": more}) as addresses,
        ):
            return uvloop.run(_measured(addresses.api, f"http://127.0.0.1:{port.strip()}"))


async def _measured(api: str, bare: str) -> list[Figure]:
    ours = Poster(api, {"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/json"})
    theirs = Poster(bare, {"Content-Type": "application/json"})
    for number in range(CUSTOMERS):
        body = f'{{"email":"c{number}@contoh.id","name":"Budi"}}'.encode()
        status, _ = await ours.put(f"/v1/customers/c{number}", body)
        if status not in (200, 201):
            raise RuntimeError(f"the API answered {status}")
    rates: dict[str, list[float]] = {"ours": [], "bare": []}
    waits: dict[str, list[float]] = {"ours": [], "bare": []}
    for _ in range(ROUNDS + 1):
        for name, poster in (("bare", theirs), ("ours", ours)):
            taken: list[float] = []
            rates[name].append(await _per_second(poster, taken))
            waits[name].append(median(taken))
    rate = {name: median(values[1:]) for name, values in rates.items()}
    wait = {name: median(values[1:]) for name, values in waits.items()}
    what, beside = f"14 top-ups by QR, {CLIENTS} clients", "bare aiohttp handler, the same fake"
    return [
        Figure(what, rate["ours"], rate["bare"], "/s", beside, "recorded"),
        Figure(f"{what}, median wait", wait["ours"], wait["bare"], "ms", beside, "recorded"),
    ]


async def _per_second(poster: Poster, waits: list[float]) -> float:
    async def client() -> None:
        for _ in range(TOP_UPS // CLIENTS):
            who = next(_numbers) % CUSTOMERS
            body = f'{{"customer_id":"c{who}","amount":50000,"payment_method":"qris","allow_second":true}}'
            started = time.perf_counter()
            status, said = await poster.post("/v1/topups", body.encode())
            waits.append((time.perf_counter() - started) * 1000)
            if status != 201:
                raise RuntimeError(f"a top-up was answered {status}: {said[:200]!r}")

    started = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return TOP_UPS / (time.perf_counter() - started)


@contextmanager
def _printing(command: list[str]) -> Iterator[str]:
    """A child process, once it has printed a line."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline()
        finally:
            process.terminate()
