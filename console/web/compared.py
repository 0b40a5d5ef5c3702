"""Reconcile: what differs between providers' lists and our record, and the runs that found it."""

from __future__ import annotations

from console.commands.reconcile import CALLED
from console.comparing import SQL, compare
from console.exits import NotFound
from console.messages import text
from console.web.errands import errand
from console.web.filters import command_of, moment_asked
from console.web.pictures import RunBar, bars_picture
from console.web.visit import Answer, Screen, Visit, Way, done, moved, shown

RUNS = 40
"""Runs in the picture: at one an hour, most of two days."""


async def show(visit: Visit) -> Answer:
    asked, limit = {"since": visit.asked("since")}, visit.settings.console_rows_max
    only = visit.asked("provider")
    if only is not None and only not in CALLED:
        raise NotFound(text("web.no_provider", name=only))
    since = moment_asked(asked["since"])
    found, runs = [], {}
    async with visit.connections.one() as connection:
        for provider in CALLED if only is None else (only,):
            rows = await connection.fetch(SQL["open_of"], provider, since, limit)
            found += [dict(row) | {"provider": provider} for row in rows]
            runs[provider] = await connection.fetch(SQL["runs_of"], provider, since, RUNS)
    pictures = {
        provider: bars_picture(
            [RunBar(run["found"], run["started_at"], run["code"] is not None) for run in reversed(rows)],
            text("web.runs_label", provider=provider),
        )
        for provider, rows in runs.items()
        if rows
    }
    values = {
        "found": found,
        "runs": {provider: rows[0] for provider, rows in runs.items() if rows},
        "under_way": [provider for provider, rows in runs.items() if rows and rows[0]["status"] == "running"],
        "never": [provider for provider, rows in runs.items() if not rows],
        "pictures": pictures,
        "asked": asked | {"provider": only},
        "providers": CALLED,
        "amount": sum(row["their_amount"] or row["our_amount"] or 0 for row in found),
    }
    command = command_of(f"lunas reconcile show {only or CALLED[0]}", asked)
    return Screen("reconcile.html", text("web.way.reconcile"), command, values)


async def run(visit: Visit) -> Answer:
    """As `lunas reconcile run`. A long one goes on without the page, which says so."""
    provider, since, reason = visit.named("provider"), moment_asked(visit.given("since")), visit.reason()
    if provider not in CALLED:
        raise NotFound(text("web.no_provider", name=provider))
    visit.settings.require_broker_url()
    found = await errand(f"reconcile {provider}", compare(visit.settings, provider, since, reason))
    return moved(f"/audit/{found.act_id}?done" if found else f"/reconcile?provider={provider}")


WAYS: tuple[Way, ...] = (shown("/reconcile", show), done("/reconcile/{provider}/run", run))
