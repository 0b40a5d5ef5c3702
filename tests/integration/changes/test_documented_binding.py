"""Every block of docs/changes.md, as it stands there."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import shlex
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import aio_pika
import pytest
from aio_pika.exceptions import ChannelClosed

from schemas.topology import CHANGES
from tests.integration.changes.conftest import Log, bound, telling
from tests.integration.projections.decisions import assessed, registered
from tests.services import BrokerServer

pytestmark = pytest.mark.heavy

PAGE = (Path(__file__).parents[3] / "docs/changes.md").read_text()
HERE = "sh not-run: needs your broker"
"""Blocks that the test of all pages leaves alone, because they are run here."""


def blocks(language: str) -> list[str]:
    found: list[str] = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found, language
    return found


@pytest.fixture
async def shop(book: Log, rabbitmq: BrokerServer) -> AsyncIterator[str]:
    """Address with which the application connects that the page sets up, on a broker where its name may be taken."""
    if not rabbitmq.rabbitmqctl:
        raise RuntimeError("set LUNAS_TEST_RABBITMQCTL: the page's commands are rabbitmqctl's")
    name, password = f"shop_{secrets.token_hex(4)}", secrets.token_hex(8)
    parts = urlsplit(book.settings.require_broker_url())
    control = shlex.join(rabbitmq.rabbitmqctl)
    script = (
        "\n".join(blocks(HERE)).replace(" shop ", f" {name} ").replace("-p lunas ", f"-p {parts.path[1:]} ")
    )
    script = f'set -e\nrabbitmqctl() {{ {control} "$@"; }}\n{script}'
    await asyncio.to_thread(
        subprocess.run, ["bash", "-c", script], env=os.environ | {"SHOP_PASSWORD": password}, check=True, capture_output=True
    )  # fmt: skip
    yield urlunsplit(parts._replace(netloc=f"{name}:{password}@{parts.hostname}:{parts.port}"))
    await asyncio.to_thread(
        subprocess.run, [*rabbitmq.rabbitmqctl, "delete_user", name], check=True, capture_output=True
    )


async def test_the_documented_application_hears_of_payments(book: Log, shop: str, tmp_path: Path) -> None:
    (program,) = blocks("python")
    path = tmp_path / "shop.py"
    path.write_text(program)
    async with (
        telling(book.settings),
        bound(book.settings.require_broker_url(), "payment.*", name="witness") as witness,
    ):
        running = await asyncio.create_subprocess_exec(
            sys.executable, str(path), env=os.environ | {"SHOP_BROKER_URL": shop},
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            assert running.stdout is not None
            line = asyncio.create_task(running.stdout.readline())
            # Until its queue is bound, it hears nothing of what happens.
            for number in range(1000):
                await book.show(registered("c1"), assessed(f"k{number}", customer_id="c1"))
                assert (await witness.next()).data["kind"] == "payment"
                done, _ = await asyncio.wait({line}, timeout=0.1)
                if done:
                    break
            assert (await line).decode() == "c1 succeeded\n"
        finally:
            running.kill()
            await running.wait()
            running._transport.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("key", ["balance.*", "#", "*.c1"])
async def test_the_documented_application_hears_of_nothing_else(book: Log, shop: str, key: str) -> None:
    async with (
        bound(book.settings.require_broker_url(), name="others"),
        await aio_pika.connect(shop) as connection,
    ):
        channel = await connection.channel()
        queue = await channel.declare_queue("shop.other", durable=True)
        with pytest.raises(ChannelClosed, match="ACCESS_REFUSED"):
            await queue.bind(CHANGES, key)
        channel = await connection.channel()
        with pytest.raises(ChannelClosed, match="ACCESS_REFUSED"):
            await (await channel.get_queue("others", ensure=False)).bind(CHANGES, "payment.c1")
