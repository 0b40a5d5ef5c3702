"""`lunas doctor`: what is wrong, why, and how to fix it."""

from __future__ import annotations

from typing import Any

import click

from console.causes import RootCause, arrange
from console.checks.examination import examine
from console.checks.finding import Finding, problem
from console.choices import Among
from console.exits import FINE, PROBLEMS
from console.findings_shown import print_finding
from console.lazy import Command
from console.messages import text
from console.options import PROVIDERS, as_json, asynchronous
from console.output import print_json, talk
from console.target import find_target, nobody_here
from schemas.errors import ConfigurationError


@click.command(cls=Command)
@click.argument("provider", type=Among(PROVIDERS), required=False)
@as_json
@asynchronous
async def doctor(provider: str | None, as_json: bool) -> int:
    """Check everything, or one provider, and say for each finding how to fix it.

    It changes nothing. Exit code 1 when there is a problem; notes, and what this process may not look at, are fine. What is only wrong
    because of something else stands under it.
    """
    findings = await _findings(provider)
    causes = arrange(findings, lambda finding: finding.subject)
    problems = sum(cause.trouble.state == "problem" for cause in causes)
    if as_json:
        checks = [document for cause in causes for document in _documents(cause)]
        print_json({"ok": not problems, "checks": checks})
    else:
        for cause in causes:
            _print(cause, 0)
        talk(text("doctor.summary", count=len(findings), problems=problems))
    return PROBLEMS if problems else FINE


async def _findings(provider: str | None) -> list[Finding]:
    try:
        settings = find_target()
    except ConfigurationError as error:
        # No process starts with these either.
        return [problem("settings", str(error), text("doctor.settings.fix"))]
    if settings is None:
        return [problem("instance", nobody_here(), text("doctor.instance.fix"))]
    return await examine(settings, provider)


def _documents(cause: RootCause[Finding], because: str | None = None) -> list[dict[str, Any]]:
    """`because`: the check of the finding that explains this one."""
    finding = cause.trouble
    document = {
        "check": finding.check,
        "state": finding.state,
        "detail": finding.detail,
        "fix": finding.fix,
        "because": because,
    }
    return [document, *(each for one in cause.consequences for each in _documents(one, finding.check))]


def _print(cause: RootCause[Finding], depth: int) -> None:
    print_finding(cause.trouble, depth)
    for consequence in cause.consequences:
        _print(consequence, depth + 1)
