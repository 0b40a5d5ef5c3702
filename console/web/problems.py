"""Problems: what is parked, held or silent by cause, what people say of it, the letters of a group, one of them, and what can be done about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.agreeing import act, of_letter
from console.commands.dlq import STATUSES, UNRESOLVED
from console.commands.problems import HIDDEN
from console.exits import Refused, WrongUse
from console.letter_acts import (
    discard_letter,
    find_letters,
    one_letter,
    reopen_letter,
    replay_letter,
)
from console.letters import readable, told_attempts
from console.messages import text
from console.next_steps import next_step
from console.options import PROVIDERS
from console.problems.acting import VERBS, note, say
from console.problems.problem import money_at_risk
from console.problems.reading import all_problems, as_document, problem_document
from console.products import check_product
from console.replay import open_replay
from console.settlement import Settlement, received_at
from console.unsaying import unsettle
from console.web.deliveries import as_id
from console.web.filters import command_of, moment_asked
from console.web.payment import amount_of, seen
from console.web.rendering import segment
from console.web.visit import Answer, Screen, Visit, Way, done, moved, shown
from eventstore.queries import load


async def grouped(visit: Visit) -> Answer:
    """What is wrong, not how often: one row for one cause, what explains others first."""
    everything, provider = visit.asked("all") is not None, visit.asked("provider")
    async with visit.connections.one() as connection:
        found = await all_problems(connection, visit.settings)
    mine = [one for one in found if provider is None or one.provider == provider]
    there = [as_document(one) for one in mine if everything or one.said.status not in HIDDEN]
    values = {
        "problems": there,
        "place_of": place_of,
        "asked": {"provider": provider},
        "everything": everything,
        "providers": PROVIDERS,
        "open": sum(one["status"] == "open" for one in there),
        "at_risk": money_at_risk(one for one in mine if everything or one.said.status not in HIDDEN),
        "count": sum(one["count"] for one in there),
    }
    command = "lunas problems list" + (" --all" if everything else "")
    return Screen("problems.html", text("web.way.problems"), command, values)


def place_of(one: Mapping[str, Any]) -> str:
    """The list of what a problem consists of."""
    if one["kind"] == "silence":
        return f"/providers/{segment(one['provider'])}"
    if one["kind"] == "held":
        return f"/suspense?provider={segment(one['provider'])}&cause={segment(one['error'])}"
    event = f"&event={segment(one['event'])}" if one["event"] else ""
    return f"/letters?provider={segment(one['provider'])}&cause={segment(one['error'])}{event}"


async def one(visit: Visit) -> Answer:
    async with visit.connections.one() as connection:
        document = await problem_document(connection, visit.settings, visit.named("problem"))
    title = f"{document['provider']}: {document['error']}"
    command = f"lunas problems show {document['fingerprint']}"
    return Screen("problem.html", title, command, {"problem": document, "list": place_of(document)})


async def say_of(visit: Visit) -> Answer:
    verb, problem = visit.named("verb"), visit.named("problem")
    if verb not in VERBS:
        raise WrongUse(text("web.no_filter", given=verb))
    async with visit.connections.one() as connection:
        act_id = await say(
            connection, visit.settings, problem, verb, visit.reason(), owner=visit.given("owner")
        )
    return moved(f"/audit/{act_id}?done")


async def note_of(visit: Visit) -> Answer:
    problem = visit.named("problem")
    async with visit.connections.one() as connection:
        await note(connection, visit.settings, problem, visit.reason())
    return moved(f"/problems/{problem}")


async def listed(visit: Visit) -> Answer:
    asked = {name: visit.asked(name) for name in ("provider", "cause", "event", "status", "since")}
    status = asked["status"]
    if status is not None and status not in STATUSES:
        raise WrongUse(text("web.no_filter", given=status))
    statuses = UNRESOLVED if status is None else None if status == "all" else [status]
    limit = visit.settings.console_rows_max
    filters = (
        asked["provider"],
        asked["cause"],
        asked["event"],
        statuses,
        moment_asked(asked["since"]),
        limit,
    )
    async with visit.connections.one() as connection:
        rows = await find_letters(connection, *filters)
    values = {
        "letters": [readable(row) for row in rows],
        "asked": asked,
        "providers": PROVIDERS,
        "statuses": STATUSES,
        "limit": limit,
    }
    return Screen("letters.html", text("web.letters"), command_of("lunas dlq list", asked), values)


async def show(visit: Visit) -> Answer:
    letter = as_id(visit.named("letter"))
    async with visit.connections.one() as connection:
        document = readable(await one_letter(connection, letter))
        acts = await connection.fetch(load("payments.sql", "console")["acts"], [str(letter)])
    values = {
        "letter": document,
        "attempts": told_attempts(document),
        "step": next_step(document["stage"], document["reason"]),
        "acts": acts,
        "settled": document["status"] == "resolved" and any(act["verb"] == "dlq.settle" for act in acts),
        "money": document["stage"] != "fulfil" and document["provider"] in PROVIDERS,
    }
    title = f"{document['provider']}: {document['reason']}"
    return Screen("letter.html", title, f"lunas dlq show {letter}", values)


async def replay(visit: Visit) -> Answer:
    reason = visit.reason()
    async with visit.connections.one() as connection, open_replay(visit.settings) as replayer:
        row = await one_letter(connection, as_id(visit.named("letter")))
        sent = await replay_letter(connection, replayer, row, reason)
    return moved(f"/audit/{sent.act_id}?done")


async def discard(visit: Visit) -> Answer:
    async with visit.connections.one() as connection:
        row = await one_letter(connection, as_id(visit.named("letter")))
        closed = await discard_letter(connection, row, visit.reason())
    return moved(f"/audit/{closed.act_id}?done")


async def reopen(visit: Visit) -> Answer:
    async with visit.connections.one() as connection:
        row = await one_letter(connection, as_id(visit.named("letter")))
        opened = await reopen_letter(connection, row, visit.reason())
    return moved(f"/audit/{opened.act_id}?done")


async def settled(visit: Visit) -> Answer:
    """As `lunas dlq settle`: a person has read what the webhook could not say."""
    customer, payment = visit.given("customer"), visit.given("payment")
    amount, product = amount_of(visit.given("amount")), visit.given("product")
    if customer is None or payment is None or amount is None:
        raise WrongUse(text("web.settle_what"))
    check_product(visit.settings, product)
    async with visit.connections.one() as connection:
        row = await one_letter(connection, as_id(visit.named("letter")))
        if row["stage"] == "fulfil" or row["provider"] not in PROVIDERS:
            step = next_step(row["stage"], row["reason"])
            raise Refused(text("dlq.settle_alarm", id=row["dead_letter_id"], step=step))
        if not await connection.fetchval(load("suspense.sql", "api")["customer"], customer):
            raise WrongUse(text("suspense.no_customer", customer=customer))
        said = Settlement(row["provider"], customer, amount, payment, product, received_at(row))
        made = await act(connection, visit.settings, of_letter(row, said), visit.reason())
    return seen(made)


async def unsettled(visit: Visit) -> Answer:
    """As `lunas dlq unsettle`."""
    async with visit.connections.one() as connection:
        row = await one_letter(connection, as_id(visit.named("letter")))
        taken = await unsettle(connection, visit.settings, row, visit.reason())
    return moved(f"/corrections/{taken.change_id}")


WAYS: tuple[Way, ...] = (
    shown("/problems", grouped),
    shown("/problems/{problem}", one),
    done("/problems/{problem}/note", note_of),
    done("/problems/{problem}/{verb}", say_of),
    shown("/letters", listed),
    shown("/letters/{letter}", show),
    done("/letters/{letter}/replay", replay),
    done("/letters/{letter}/discard", discard),
    done("/letters/{letter}/reopen", reopen),
    done("/letters/{letter}/settle", settled),
    done("/letters/{letter}/unsettle", unsettled),
)
