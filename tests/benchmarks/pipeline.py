"""The whole pipeline as child processes, on given services, for benchmarks."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.services.private import ServiceUrls
from tests.benchmarks.wrk import TOKEN
from tests.ports import held_ports

API_KEY = "benchmark-key"
START_SECONDS = 120.0  # on a machine that does much else


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where to post webhooks and where to read; `internal`: of ingress, where its metrics are."""

    webhooks: str
    api: str
    internal: str


@contextmanager
def pipeline(
    urls: ServiceUrls, processes: Sequence[str], more: Mapping[str, Mapping[str, str]] | None = None
) -> Iterator[Addresses]:
    """Migrates, starts `lunas run NAME` for each process, waits until all are ready, stops them at the end.

    `more`: variables of single processes.
    """
    names = ("ingress", "processor", "projections", "api", "notify")
    with held_ports(2 * len(names)) as picked:
        ports = dict(zip(names, zip(picked[::2], picked[1::2], strict=True), strict=True))
        yield from _running(urls, processes, ports, more or {})


def _running(
    urls: ServiceUrls,
    processes: Sequence[str],
    ports: dict[str, tuple[int, int]],
    more: Mapping[str, Mapping[str, str]],
) -> Iterator[Addresses]:
    environment = os.environ | _environment(urls, ports)
    lunas = str(Path(sys.executable).parent / "lunas")
    subprocess.run([lunas, "migrate"], env=environment, check=True, capture_output=True)
    children = [
        subprocess.Popen(
            [lunas, "run", name], env=environment | dict(more.get(name, {})), stdout=subprocess.DEVNULL
        )
        for name in processes
    ]
    try:
        for name in processes:
            _wait_ready(ports[name][1])
        yield Addresses(
            f"http://127.0.0.1:{ports['ingress'][0]}/webhooks/xendit",
            f"http://127.0.0.1:{ports['api'][0]}",
            f"http://127.0.0.1:{ports['ingress'][1]}",
        )
    finally:
        for child in children:
            child.terminate()
        for child in children:
            try:
                child.wait(30)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _environment(urls: ServiceUrls, ports: dict[str, tuple[int, int]]) -> dict[str, str]:
    return {
        "LUNAS_ENV": "development",
        "LUNAS_DATABASE_URL": urls.database_url,
        "LUNAS_BROKER_URL": urls.broker_url,
        "LUNAS_API_KEY": API_KEY,
        "XENDIT_WEBHOOK_SECRET": TOKEN,
        "LUNAS_LOG_LEVEL": "error",
        "LUNAS_PACK_CASES": os.environ.get("LUNAS_PACK_CASES", "true"),  # as a new installation
        "LUNAS_INGRESS_PORT": str(ports["ingress"][0]),
        "LUNAS_API_PORT": str(ports["api"][0]),
        "LUNAS_INGRESS_METRICS_PORT": str(ports["ingress"][1]),
        "LUNAS_PROCESSOR_METRICS_PORT": str(ports["processor"][1]),
        "LUNAS_PROJECTIONS_METRICS_PORT": str(ports["projections"][1]),
        "LUNAS_API_METRICS_PORT": str(ports["api"][1]),
        "LUNAS_NOTIFY_METRICS_PORT": str(ports["notify"][1]),
        "LUNAS_EMAIL_SENDER": "off",
        "LUNAS_ENDPOINTS_PRIVATE": "allow",
        "LUNAS_INGRESS_RATE_LIMIT_PER_SECOND": "10000000",
        "LUNAS_INGRESS_RATE_BURST": "10000000",
    }


def _wait_ready(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
