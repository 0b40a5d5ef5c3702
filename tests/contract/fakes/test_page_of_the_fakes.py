"""Every command of docs/fakes.md does what the page says."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from providers.fakes.app import ServedFakes, Wishes, accounts_of, serving
from providers.fakes.registry import FAKES
from providers.fakes.switches import BEFORE_AND_AFTER
from providers.fakes.world import FakeWorld
from runtime.settings import load_settings

PAGE = (Path(__file__).parents[3] / "docs/fakes.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
async def fakes() -> AsyncIterator[ServedFakes]:
    settings = load_settings({"LUNAS_ENV": "development", "LUNAS_DOTENV": "none"})
    wishes = Wishes(tuple(FAKES), 0, webhooks="http://127.0.0.1:9")
    async with serving(accounts_of(settings, wishes), FakeWorld()) as served:
        yield served


async def run(script: str, fakes: ServedFakes) -> list[object]:
    """The answers of a block's commands, as JSON."""
    started = await asyncio.create_subprocess_exec(
        "sh", "-ec", script.replace("curl ", "curl --fail-with-body "),
        env={"FAKES": fakes.address, "PATH": "/usr/local/bin:/usr/bin:/bin"},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await started.communicate()
    assert started.returncode == 0, (out.decode(), err.decode())
    decoder, text, answers = json.JSONDecoder(), out.decode().strip(), []
    while text:
        answer, end = decoder.raw_decode(text)
        answers.append(answer)
        text = text[end:].strip()
    return answers


@pytest.mark.parametrize("block", BLOCKS)
async def test_every_block_of_the_page_works(block: str, fakes: ServedFakes) -> None:
    answers = await run(block, fakes)
    assert len(answers) == block.count("curl ")


def test_the_page_explains_every_switch() -> None:
    known = set(BEFORE_AND_AFTER) | {name for fake in FAKES.values() for name in fake.quirks}
    rows = re.search(r"\| Switch \|.*?\n\n", PAGE, re.DOTALL)
    assert rows is not None
    explained = set(
        re.findall(r"`(\w+)`", "".join(line.split("|")[1] for line in rows[0].splitlines()[2:] if line))
    )
    assert explained == known


def test_the_page_names_every_provider() -> None:
    for name in FAKES:
        assert re.search(rf"^## {name}$", PAGE, re.MULTILINE | re.IGNORECASE)
