"""Whoever follows docs/integrate.md, block by block in one shell beside a running instance, has an application that is told, asks and sells."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.page_blocks import ROOT, blocks_of
from tests.ports import held_ports
from tests.system.pipeline import WITH_FAKES, Pipeline

BLOCKS = list(blocks_of(ROOT / "docs/integrate.md"))
PYTHON = [block.text for block in BLOCKS if block.info == "python"]
(DOTENV,) = (block.text for block in BLOCKS if block.info == "text")
STEP = "### step "
"""Printed between the blocks."""
WALK_SECONDS = 300

pytestmark = pytest.mark.heavy


class Followed:
    """What each block of the shell printed, by its number in the page."""

    def __init__(self, printed: str) -> None:
        self._parts = [part.partition("\n")[2] for part in printed.split(STEP)[1:]]

    def answers(self, number: int) -> list[dict[str, Any]]:
        """Documents among the lines of a block."""
        return [json.loads(line) for line in self._parts[number].splitlines() if line.startswith("{")]

    def text(self, number: int) -> str:
        return self._parts[number]


async def follow(shop: Pipeline, folder: Path, port: int) -> Followed:
    """All blocks in one shell, on our ports."""
    script = "\n".join(f"echo '{STEP}{block.line}'\n{block.text}" for block in BLOCKS if block.info == "sh")
    for theirs, ours in (
        ("http://127.0.0.1:8081", shop.api), ("http://127.0.0.1:8080", shop.ingress), ("http://127.0.0.1:8083", shop.fakes),
        ("127.0.0.1:3000", f"127.0.0.1:{port}"), ("receiver.py 3000", f"receiver.py {port}"),
    ):  # fmt: skip
        script = script.replace(theirs, ours)
    environment = shop.environment | {"PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"}
    printed = folder.with_suffix(".printed")
    with printed.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            "sh", "-euc", script, env=environment, cwd=folder, start_new_session=True,
            stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out,
        )  # fmt: skip
    try:
        async with asyncio.timeout(WALK_SECONDS):
            code = await process.wait()
    except TimeoutError:
        code = -1
    finally:
        # What the page starts in the background goes on otherwise.
        os.killpg(process.pid, signal.SIGKILL)
    text = printed.read_text("utf-8")
    assert code == 0, text[-3000:]
    return Followed(text)


async def test_the_walk_through_the_page_ends_with_an_application_that_sells_asks_and_is_told(
    database_url: str, broker_url: str, tmp_path: Path
) -> None:
    (receiver,) = PYTHON
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "receiver.py").write_text(receiver, "utf-8")
    settings = dict(line.split("=", 1) for line in DOTENV.splitlines())
    processes = (*WITH_FAKES, "notify")
    with held_ports(1) as (port,):
        async with Pipeline(database_url, broker_url, tmp_path, processes, settings) as shop:
            followed = await follow(shop, folder, port)
    assert_followed(followed)


def assert_followed(followed: Followed) -> None:
    """What the page promises of each block."""
    (
        key,
        users,
        endpoint,
        order,
        course,
        topup,
        credit,
        usage,
        reserved,
        plan,
        tokens,
        licences,
        live,
        access,
        looks,
    ) = range(15)
    assert followed.answers(key)[0]["code"] == "customer_not_found"
    assert [one["customer_id"] for one in followed.answers(users)] == ["siti", "budi", "dewi"]
    assert "It was taken" in followed.text(endpoint)
    assert followed.text(order).startswith("http")
    assert followed.answers(course)[0]["items"][0]["course"] == "kelas-python"
    assert followed.answers(topup)[0].keys() == {"error"}
    assert (followed.answers(credit)[0]["tier"], followed.answers(credit)[0]["credit_tokens"]) == (
        "bpp",
        500_000,
    )
    assert [one.get("code", one.get("credit_tokens")) for one in followed.answers(usage)] == [
        498_800,
        498_800,
        "insufficient_balance",
    ]
    assert followed.answers(reserved)[0]["credit_tokens"] == 495_700
    assert followed.answers(plan)[0]["action_url"].startswith("http")
    assert followed.answers(tokens)[0]["chat_tokens"] == 100
    subscriptions, licence = followed.answers(licences)
    assert subscriptions["items"][0]["plan"] == "gold"
    assert licence["source"] == "provider"
    assert "event: payment" in followed.text(live)
    assert "payment.received budi 50000" in followed.text(live)
    assert followed.answers(access)[0]["courses"] == ["kelas-python"]
    assert followed.answers(access)[1]["status"] == "succeeded"
    assert "xendit" in followed.text(looks)
