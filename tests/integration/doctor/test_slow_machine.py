"""On a machine on which everything is slow `lunas doctor` says what it found, and does not fall over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from console import answering
from console.checks import examination
from console.checks.finding import Finding
from console.exits import Away
from console.overview import Overview
from runtime.settings import Settings, load_settings


async def test_processes_that_answer_after_the_database_was_given_up_are_still_told(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_for, given_up, silent = asyncio.Event(), asyncio.Event(), examination._away

    async def says_nothing(_settings: Settings, limit: asyncio.Timeout) -> None:
        """In the place of the look at whether the database still answers."""
        await asked_for.wait()
        limit.reschedule(asyncio.get_running_loop().time())

    def away(error: Away) -> Finding:
        given_up.set()
        return silent(error)

    async def last(_connection: object) -> AsyncIterator[Finding]:
        """The last part before the processes are asked about."""
        for nothing in ():
            yield nothing
        asked_for.set()

    async def slow(_settings: Settings) -> Overview:
        await given_up.wait()
        return Overview()

    monkeypatch.setattr(answering, "_watch", says_nothing)
    monkeypatch.setattr(examination, "_away", away)
    monkeypatch.setattr(examination, "check_guards", last)
    monkeypatch.setattr(examination, "look", slow)
    settings = load_settings(
        {
            "LUNAS_ENV": "development",
            "LUNAS_DATABASE_URL": database_url,
            "LUNAS_BROKER_URL": "amqp://nobody:x@127.0.0.1:1/",
        }
    )
    findings = await examination.examine(settings, None)
    assert [each for each in findings if each.check == "database"]
