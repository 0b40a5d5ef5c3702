"""`lunas doctor`: what is wrong, why, and how to fix it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import asyncpg
import click

from console.checks.broker import check_broker
from console.checks.configuration import check_configuration
from console.checks.database import check_database
from console.checks.finding import Finding, problem
from console.checks.reading import check_provider, check_reading, check_rejected
from console.exits import FINE, PROBLEMS, CommandError
from console.failures import SCHEMA_MISSING, explain
from console.lazy import Command
from console.messages import text
from console.options import PROVIDERS, as_json, asynchronous
from console.output import paint, print_data, print_json, talk
from console.overview import look
from console.store import open_store
from console.target import find_target, nobody_here
from runtime.settings.model import WEBHOOK_PROVIDERS
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from runtime.settings import Settings

_WIDTH = len("synchronous_commit")
_MARKS = {"ok": ("✓", "green"), "note": ("!", "yellow"), "problem": ("✗", "red")}


@click.command(cls=Command)
@click.argument("provider", type=click.Choice(PROVIDERS), required=False)
@as_json
@asynchronous
async def doctor(provider: str | None, as_json: bool) -> int:
    """Check everything, or one provider, and say for each finding how to fix it.

    It changes nothing. Exit code 1 when there is a problem; notes alone are fine.
    """
    settings = find_target()
    if settings is None:
        findings = [problem("instance", nobody_here(), text("doctor.instance.fix"))]
    else:
        findings = [finding async for finding in examine(settings, provider)]
    problems = sum(finding.state == "problem" for finding in findings)
    if as_json:
        print_json({"ok": not problems, "checks": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            _print(finding)
        talk(text("doctor.summary", count=len(findings), problems=problems))
    return PROBLEMS if problems else FINE


async def examine(settings: Settings, provider: str | None) -> AsyncIterator[Finding]:
    """Every finding; a part that cannot be reached is a finding, not an error."""
    for finding in check_configuration(settings, provider):
        yield finding
    if provider is None:
        async for finding in check_broker(settings):
            yield finding
    try:
        async with open_store(settings, patience=settings.probe_timeout_seconds) as connection:
            if provider is not None:
                async for finding in check_provider(connection, provider):
                    yield finding
                return
            async for finding in check_database(connection, settings):
                yield finding
            seen = await look(settings)
            for name, state in seen.processes.items():
                if state == "silent":
                    yield problem(
                        "process", text("doctor.process_silent", name=name), text("doctor.process_silent.fix")
                    )
            async for finding in check_reading(connection, seen):
                yield finding
            for each in WEBHOOK_PROVIDERS:
                async for finding in check_rejected(connection, each):
                    yield finding
    except TimeoutError:
        seconds = f"{settings.probe_timeout_seconds:g}"
        yield problem("database", text("error.database_silent", seconds=seconds), text("doctor.reach.fix"))
    except (CommandError, ConfigurationError) as error:
        yield problem("database", str(error), text("doctor.reach.fix"))
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        fix = "doctor.schema.fix" if isinstance(error, SCHEMA_MISSING) else "doctor.reach.fix"
        yield problem("database", explain(error)[1], text(fix))


def _print(finding: Finding) -> None:
    mark, colour = _MARKS[finding.state]
    print_data(f"{paint(mark, colour)} {finding.check:<{_WIDTH}} {finding.detail}")
    if finding.fix:
        print_data(f"  {'':<{_WIDTH}} → {finding.fix}")
