"""What the load does where nobody answers it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest

from tests.waiting import until
from tests.witness import load as loading
from tests.witness.load import UNKNOWN, Load
from tests.witness.record import Record


@pytest.mark.parametrize("status", [UNKNOWN, 503])
async def test_a_spend_that_is_never_answered_ends_the_run_and_is_told(
    status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An API that stood still for a quarter of an hour once kept an hour of torture from its verdict."""
    asked: list[str] = []

    async def answer(_load: Load, _session: object, reference: str, *_: object) -> int:
        asked.append(reference)
        return status

    monkeypatch.setattr(Load, "_ask_to_spend", answer)
    monkeypatch.setattr(loading, "SPENT_SECONDS", 0.0)
    async with Record(tmp_path / "record.jsonl") as record, aiohttp.ClientSession() as session:
        load = Load([], record, "", "", 1.0, 7)
        spending = asyncio.create_task(load._spend(session))
        await until(lambda: len(asked) >= 2)  # as long as webhooks are sent it is asked again
        assert (load.unanswered, set(asked)) == ([], {"spend-7-1"})
        load.give_up()
        await until(lambda: bool(load.unanswered))
        load._over = True
        await spending
    assert load.unanswered[0] == "spend-7-1"
