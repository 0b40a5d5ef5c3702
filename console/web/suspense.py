"""Suspense: verified money that waits, whose it may be, and what a person says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.suspense import speaking, undoing
from api.suspense.gathering import SQL, candidates
from api.suspense.rest import SHORT, standing_rest
from console import rests
from console.agreeing import act, of_held
from console.attesting import what_is_missing
from console.claims import author, in_words
from console.commands.suspense import span_in_words
from console.exits import WrongUse
from console.held_words import reason_in_words
from console.language import current
from console.messages import text
from console.options import PROVIDERS
from console.output import rupiah
from console.products import check_product
from console.web.filters import command_of
from console.web.payment import amount_of, seen
from console.web.visit import Answer, Screen, Visit, Way, done, moved, shown
from eventstore.queries import load
from projections.held_money import ageing
from runtime.pay_pages import public_url
from schemas.candidate_reasons import explained

CANDIDATES = 5


async def listed(visit: Visit) -> Answer:
    asked = {"provider": visit.asked("provider"), "cause": visit.asked("cause")}
    everything, limit = visit.asked("all") is not None, visit.settings.console_rows_max
    statement = load("suspense.sql", "console")["list"]
    async with visit.connections.one() as connection:
        rows = await connection.fetch(statement, asked["provider"], asked["cause"], everything, limit)
        spans = await ageing(connection, visit.settings.suspense_ageing_hours)
    longest = max((span.amount for span in spans), default=0)
    values = {
        "rows": rows,
        "asked": asked,
        "everything": everything,
        "providers": PROVIDERS,
        "limit": limit,
        "spans": [(span, span_in_words(span), _share(span.amount, longest)) for span in spans],
        "held": sum(span.amount for span in spans),
        "count": sum(span.count for span in spans),
        "oldest": min((span.oldest for span in spans), default=None),
    }
    command = command_of("lunas suspense list", asked) + (" --all" if everything else "")
    return Screen("suspense.html", text("web.way.suspense"), command, values)


async def show(visit: Visit) -> Answer:
    entry = visit.named("entry")
    async with visit.connections.one() as connection:
        with in_words(entry):
            found = await speaking.look(connection, entry)
        acts = await connection.fetch(SQL["acts"], entry)
        held = found.row["status"] == "held"
        ranked = (await candidates(connection, found.row, bodies=True))[:CANDIDATES] if held else []
        missing = await what_is_missing(connection, visit.settings, found.row)
        refund = await speaking.going_back(connection, found)
        undoable = await undoing.newest_undoable(connection, found)
        rest = await standing_rest(connection, found, public_url(visit.settings)) if held else None
    values = {
        "row": found.row,
        "acts": acts,
        "held": held and refund is None,
        "going_back": refund,
        "missing": missing,
        "undoable": undoable is not None,
        "rest_lines": [] if rest is None else rests.lines_of(rest, found),
        "may_ask_rest": held and found.row["reason"] == SHORT and not (rest is not None and rest.open),
        "candidates": [
            {
                "customer_id": one.customer_id,
                "strength": text(f"strength.{one.strength}"),
                "score": one.score,
                "signs": [
                    (sign.points, explained(sign.reason, sign.values, current())) for sign in one.signs
                ],
            }
            for one in ranked
        ],
    }
    title = f"{rupiah(found.row['amount'])} · {reason_in_words(found.row['reason'])}"
    return Screen("held.html", title, f"lunas suspense show {entry}", values)


async def claim(visit: Visit) -> Answer:
    customer, product = visit.given("customer"), visit.given("product")
    if customer is None:
        raise WrongUse(text("web.claim_whose"))
    check_product(visit.settings, product)

    return await _asked(visit, "suspense.claim", {"customer_id": customer, "product": product})


async def undo(visit: Visit) -> Answer:
    entry, who = visit.named("entry"), author(visit.reason())
    async with visit.connections.one() as connection:
        with in_words(entry):
            async with connection.transaction():
                word = await undoing.undo(connection, entry, who)
    return moved(f"/audit/{word.act_id}?done")


async def write_off(visit: Visit) -> Answer:
    return await _asked(visit, "suspense.write_off", {})


async def refund(visit: Visit) -> Answer:
    amount, proof = amount_of(visit.given("amount")), visit.given("proof")

    return await _asked(visit, "suspense.refund", {"amount": amount, "proof": proof})


async def ask_rest(visit: Visit) -> Answer:
    async with visit.connections.one() as connection:
        made = await rests.ask(connection, visit.settings, visit.named("entry"), visit.reason())
    return moved(f"/audit/{made.act_id}?done")


async def _asked(visit: Visit, verb: str, said: Mapping[str, Any]) -> Answer:
    """Done, or proposed to another person; refusals become words of the page."""
    entry, reason = visit.named("entry"), visit.reason()
    async with visit.connections.one() as connection:
        with in_words(entry):
            row = (await speaking.look(connection, entry)).row
        made = await act(connection, visit.settings, of_held(verb, row, said), reason)
    return seen(made)


def _share(amount: int, longest: int) -> int:
    """Percent, for a bar."""
    return round(100 * amount / longest) if longest else 0


WAYS: tuple[Way, ...] = (
    shown("/suspense", listed),
    shown("/suspense/{entry}", show),
    done("/suspense/{entry}/claim", claim),
    done("/suspense/{entry}/undo", undo),
    done("/suspense/{entry}/write-off", write_off),
    done("/suspense/{entry}/refund", refund),
    done("/suspense/{entry}/ask-rest", ask_rest),
)
