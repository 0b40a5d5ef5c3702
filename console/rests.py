"""The rest of a payment that less came for, as commands and pages ask for it and show it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from api.suspense.rest import AskedAnew, RestTerms, StandingRest, ask_rest, standing_rest
from api.suspense.speaking import HeldEntry, look
from console import claims
from console.acts import Done
from console.messages import text
from console.output import rupiah
from console.times import moment
from runtime.pay_pages import public_url

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings


async def ask(connection: Connection, settings: Settings, entry: str, reason: str) -> AskedAnew:
    """Recorded, with its act. Raises what the core refuses, in words."""
    with claims.in_words(entry):
        async with connection.transaction():
            return await ask_rest(connection, entry, claims.author(reason), RestTerms.of(settings))


def done_of(made: AskedAnew, row: Any, outcome: str | None = None) -> Done:
    told = {"amount": rupiah(made.amount_idr), "request": made.request_id, "until": moment(made.expires_at)}
    done = text("rest.asked", **told, provider=row["provider"])
    return Done(done, made.act_id, text("rest.undo"), outcome)


async def answered(connection: Connection, settings: Settings, entry: str) -> str:
    """What its provider said, as far as it does within the time of a command."""
    deadline = asyncio.get_running_loop().time() + claims.OUTCOME_SECONDS
    found = await look(connection, entry)
    while True:
        rest = await standing_rest(connection, found, public_url(settings))
        if rest is None or rest.status != "requested" or asyncio.get_running_loop().time() >= deadline:
            return (
                text("rest.not_yet", provider=found.row["provider"], id=entry)
                if rest is None
                else said_of(rest, found)
            )
        await asyncio.sleep(claims.POLL_SECONDS)


def said_of(rest: StandingRest, entry: HeldEntry) -> str:
    """What became of the request so far."""
    told = {"provider": entry.row["provider"], "id": entry.id}
    if rest.status == "requested":
        return text("rest.not_yet", **told)
    if rest.status == "refused":
        return text("rest.refused", **told, code=rest.code)
    return text("rest.page_unknown", **told) if rest.page is None else text("rest.pay_at", page=rest.page)


def lines_of(rest: StandingRest, entry: HeldEntry) -> list[str]:
    """For whoever looks at what is held."""
    told = {"amount": rupiah(rest.amount_idr), "request": rest.request_id, "by": rest.by}
    times = {"since": moment(rest.since), "until": moment(rest.expires_at)}
    if rest.open:
        return [text("rest.standing", **told, **times), said_of(rest, entry)]
    refused = [said_of(rest, entry)] if rest.status == "refused" else []
    return [text("rest.over", **told, **times), *refused]


def document(rest: StandingRest | None) -> dict[str, Any] | None:
    """For programs."""
    if rest is None:
        return None
    names = ("request_id", "amount_idr", "status", "open", "expires_at", "since", "by", "code", "page")
    return {name: getattr(rest, name) for name in names}
