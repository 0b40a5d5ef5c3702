"""What the compose file starts really works with the rights it gives: every process in production, as its own login and broker user.

Containers are missing, everything else is as prescribed: command, variables and secrets come from `deploy/compose.yaml`, the rest of the
environment from `deploy/Dockerfile`, users and queues from the definitions, logins from roles.sql.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
import yaml

from tests.deployed import ROOT, Deployment, deployed
from tests.ports import held_ports
from tests.services import BrokerServer, DatabaseServer

pytestmark = pytest.mark.heavy

SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())["services"]
PROCESSES = ("ingress", "processor", "projections", "api", "notify", "console")
START_SECONDS = 180.0
VISIBLE_SECONDS = 180.0
SECRET = "rahasia-dari-dasbor-penyedia"
LUNAS = (sys.executable, "-m", "console.main")


@pytest.fixture
def deployment(postgres: DatabaseServer, rabbitmq: BrokerServer, tmp_path: Path) -> Iterator[Deployment]:
    with deployed(postgres, rabbitmq, tmp_path) as made:
        for name in ("xendit", "scalev"):
            (made.secrets / f"{name}_webhook_secret").write_text(SECRET)
        yield made


def image_environment() -> dict[str, str]:
    dockerfile = re.sub(r"\\\n\s*", " ", (ROOT / "deploy/Dockerfile").read_text())
    final = dockerfile[dockerfile.rindex("FROM ") :]
    (line,) = re.findall(r"^ENV (.*)$", final, re.MULTILINE)
    return dict(pair.split("=", 1) for pair in line.split() if not pair.startswith("PATH="))


def container_environment(service: str, deployment: Deployment, ports: dict[str, str]) -> dict[str, str]:
    """Variables of one container; only what a container cannot share with its neighbours on one machine differs."""
    given: dict[str, str] = SERVICES[service]["environment"]
    own = {
        name: value.replace("/run/secrets", str(deployment.secrets))
        for name, value in given.items()
        if "${" not in value
    }
    peers = [f"{name}=127.0.0.1:{ports[f'LUNAS_{name.upper()}_METRICS_PORT']}" for name in PROCESSES]
    here = {
        "LUNAS_HOME": str(deployment.secrets.parent),
        "LUNAS_CATALOG": str(ROOT / "catalog.toml"),
        "LUNAS_PEERS": ",".join(peers),
    }
    return (
        image_environment()
        | {"LUNAS_METRICS_HOST": "127.0.0.1"}
        | own
        | here
        | ports
        | {"PYTHONPATH": str(ROOT)}
    )


@pytest.fixture
def ports() -> Iterator[dict[str, str]]:
    doors = [f"LUNAS_{name}_PORT" for name in ("INGRESS", "API", "CONSOLE")]
    doors += [f"LUNAS_{name.upper()}_METRICS_PORT" for name in PROCESSES]
    with held_ports(len(doors)) as picked:
        yield dict(zip(doors, map(str, picked), strict=True))


def run_service(service: str, deployment: Deployment, ports: dict[str, str], *words: str) -> tuple[int, str]:
    done = subprocess.run(
        [*LUNAS, *(words or SERVICES[service]["command"])],
        env=container_environment(service, deployment, ports),
        cwd=deployment.secrets.parent,
        capture_output=True,
        text=True,
        timeout=180,
    )
    return done.returncode, done.stdout + done.stderr


@asynccontextmanager
async def running(deployment: Deployment, ports: dict[str, str]) -> AsyncIterator[tuple[Path, list[int]]]:
    """All processes until the block ends; yields the file their logs go to, and their process ids."""
    logs = deployment.secrets.parent / "logs"
    started = []
    with logs.open("wb") as output:
        for name in PROCESSES:
            environment = container_environment(name, deployment, ports)
            assert "DATABASE" not in " ".join(environment) or name != "ingress"
            started.append(
                await asyncio.create_subprocess_exec(
                    *LUNAS,
                    *SERVICES[name]["command"],
                    env=environment,
                    cwd=deployment.secrets.parent,
                    stdout=output,
                    stderr=output,
                )
            )
        try:
            yield logs, [process.pid for process in started]
        finally:
            for process in started:
                if process.returncode is None:
                    process.terminate()
            codes = await asyncio.gather(*(process.wait() for process in started))
    assert codes == [0] * len(codes), logs.read_text()


async def until_ready(client: aiohttp.ClientSession, ports: dict[str, str], logs: Path) -> None:
    async with asyncio.timeout(START_SECONDS):
        for name in PROCESSES:
            url = f"http://127.0.0.1:{ports[f'LUNAS_{name.upper()}_METRICS_PORT']}/readyz"
            while not await _ok(client, url):
                assert "Traceback" not in logs.read_text(), logs.read_text()
                await asyncio.sleep(0.1)


async def _ok(client: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with client.get(url) as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


async def test_s20_every_process_works_with_the_rights_the_compose_file_gives_and_shows_no_secret(
    deployment: Deployment, ports: dict[str, str]
) -> None:
    code, said = run_service("migrate", deployment, ports)
    assert code == 0, said
    async with aiohttp.ClientSession() as client, running(deployment, ports) as (logs, processes):
        await until_ready(client, ports, logs)
        api = f"http://127.0.0.1:{ports['LUNAS_API_PORT']}/v1/customers/budi"
        door = f"http://127.0.0.1:{ports['LUNAS_INGRESS_PORT']}/webhooks"
        key = {"Authorization": f"Bearer {(deployment.secrets / 'api_key').read_text()}"}
        async with client.put(api, json={"email": "budi@example.com"}, headers=key) as answer:
            assert answer.status in (200, 201), await answer.text()

        top_up = (ROOT / "tests/fixtures/providers/xendit/payment.capture.json").read_text()
        document = json.loads(top_up)
        document["data"]["metadata"] = {"customer_id": "budi", "payment_type": "credit_topup"}
        body = json.dumps(document).encode()
        for token, status in ((SECRET, 200), (SECRET, 200), ("dev-xendit-secret", 401)):
            async with client.post(
                f"{door}/xendit", data=body, headers={"x-callback-token": token}
            ) as answer:
                assert answer.status == status
        broken = b'{"event": "order.created", "unique_id": "event_1"'
        signature = base64.b64encode(hmac.digest(SECRET.encode(), broken, hashlib.sha256)).decode()
        async with client.post(
            f"{door}/scalev", data=broken, headers={"x-scalev-hmac-sha256": signature}
        ) as answer:
            assert answer.status == 200

        async with asyncio.timeout(VISIBLE_SECONDS):
            while (balance := await _balance(client, api, key))["credit_tokens"] == 0:
                await asyncio.sleep(0.1)
        assert balance["lifetime"]["topped_up_idr"] * 10 == balance["credit_tokens"]

        await _operate(deployment, ports)
        for process in processes:
            assert secrets_in(deployment, Path(f"/proc/{process}/cmdline").read_bytes()) == []
            assert secrets_in(deployment, Path(f"/proc/{process}/environ").read_bytes()) == []
        said = logs.read_text()
    assert secrets_in(deployment, said.encode()) == []
    assert "denied" not in said.lower(), said
    assert "ACCESS_REFUSED" not in said, said
    assert "Traceback" not in said, said


def secrets_in(deployment: Deployment, seen: bytes) -> list[str]:
    """Names of the secrets whose value, or password, shows in `seen`."""
    found = []
    for path in deployment.secrets.iterdir():
        value = path.read_text().strip()
        password = urlsplit(value).password if "://" in value else value
        if password and password.encode() in seen:
            found.append(path.name)
    return found


async def _balance(client: aiohttp.ClientSession, api: str, key: dict[str, str]) -> dict[str, Any]:
    async with client.get(f"{api}/balance", headers=key) as answer:
        found: dict[str, Any] = await answer.json() if answer.status == 200 else {"credit_tokens": 0}
        return found


async def _operate(deployment: Deployment, ports: dict[str, str]) -> None:
    """The operator's container: looks at everything, replays a dead letter."""

    async def lunas(*words: str) -> str:
        code, said = await asyncio.to_thread(run_service, "operator", deployment, ports, *words)
        assert code in (0, 1), said
        assert "permission denied" not in said, said
        return said

    async with asyncio.timeout(VISIBLE_SECONDS):
        while not (letters := json.loads(await lunas("dlq", "list", "--json"))["items"]):
            await asyncio.sleep(0.1)
    assert len(letters) == 1
    assert set(json.loads(await lunas("status", "--json"))["processes"].values()) == {"ready"}
    await lunas("doctor", "--json")
    await lunas("find", "budi@example.com")
    assert "Audit" in await lunas("dlq", "replay", letters[0]["dead_letter_id"], "--reason", "again", "--yes")
    assert json.loads(await lunas("webhooks", "list", "--json"))["items"]


async def test_production_starts_with_no_development_secret(deployment: Deployment) -> None:
    assert image_environment()["LUNAS_ENV"] == "production"
    assert os.path.getsize(deployment.secrets / "mayar_webhook_secret") == 0
