"""An explanation in sentences that a customer may be sent: what happened when, by how much, and what it comes to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from console.explaining.moves import Explained, Move, Subject
from console.messages import text, value
from console.output import number, rupiah
from console.times import WIB

_KNOWN = frozenset(
    {
        "credit.granted",
        "credit.clawed_back",
        "credit.withdrawn",
        "credit.spent",
        "credit.reserved",
        "credit.captured",
        "credit.released",
        "credit.reservation_expired",
        "credit.forgiven",
        "usage.recorded",
        "tokens.granted",
        "tokens.clawed_back",
        "tokens.withdrawn",
    }
)


def sentences(found: Explained) -> list[str]:
    """One for each event, then what it comes to."""
    return [*(sentence(found, move) for move in found.moves), *result(found)]


def sentence(found: Explained, move: Move) -> str:
    """`On 22 Nov 2026 at 09:40 WIB …`."""
    when = text("explain.when", at=_day(move.happened_at))
    said = {"balance": _balance, "tier": _tier, "access": _access}[found.subject](move)
    return f"{when} {said}"


def result(found: Explained) -> list[str]:
    """What it comes to, in words."""
    return [*_moment(found), *_comes_to(found)]


def values_in_words(subject: Subject, values: Mapping[str, Any]) -> str:
    """`500,000 credit tokens, 0 chat tokens`: what a read model shows, for the line that compares."""
    if subject == "balance":
        credit, chat = number(values["credit_tokens"]), number(values["chat_tokens"])
        return text("explain.balance.shown", credit=credit, chat=chat)
    if subject == "tier":
        return str(values["tier"] or text("explain.first_tier"))
    states = (
        f"{name.partition(' ')[2]} {value(state if isinstance(state, str) else state['status'])}"
        for name, state in values.items()
    )
    return ", ".join(states) or "-"


def _moment(found: Explained) -> Iterator[str]:
    """Which moment it is about, where that is not now."""
    if found.as_of is not None:
        yield text("explain.as_of", at=_day(found.as_of))
    if found.known_at is not None:
        yield text("explain.known_at", at=_day(found.known_at))


def _comes_to(found: Explained) -> list[str]:
    values = found.in_force
    if found.subject == "balance":
        credit, chat = values["credit_tokens"], number(values["chat_tokens"])
        key = "explain.balance.result" if credit >= 0 else "explain.balance.owed"
        return [text(key, credit=number(abs(credit)), chat=chat)]
    if found.subject == "tier":
        if values["tier"] is None:
            return [text("explain.tier.none")]
        if values["until"]:
            until = _day(datetime.fromisoformat(values["until"]))
            return [text("explain.tier.until", tier=values["tier"], until=until, then=values["then"])]
        over = found.values["until"]
        was = (
            [text("explain.tier.over", tier=found.values["tier"], until=_day(datetime.fromisoformat(over)))]
            if over
            else []
        )
        return [*was, text("explain.tier.result", tier=values["tier"])]
    if not values:
        return [text("explain.access.none")]
    return [_has(name, state) for name, state in values.items()]


def _balance(move: Move) -> str:
    credit, chat = move.by("credit_tokens"), move.by("chat_tokens")
    name = move.type.replace(".", "_") if move.type in _KNOWN else "other"
    words = {
        "amount": rupiah(move.data.get("amount_idr")),
        "payment": move.data.get("payment_id") or move.data.get("reference") or "-",
        "reason": move.data.get("reason") or "-",
        "tokens": number(abs(credit or chat)),
    }
    if credit:
        left = move.changes["credit_tokens"][1]
        key = "explain.balance.then" if left >= 0 else "explain.balance.then_owed"
        ends = text(key, credit=number(abs(left)))
    else:
        ends = text("explain.balance.then_chat", chat=number(move.changes["chat_tokens"][1]))
    return f"{text(f'explain.move.{name}', **words)}{_metered(move)} {ends}"


def _metered(move: Move) -> str:
    """By which rate units became tokens, of use that was told in units."""
    told = move.data.get("metered")
    if not told:
        return ""
    left, of = told["carried"]
    said = {name: number(told[name]) for name in ("units", "tokens", "per")}
    since = (
        text("explain.metered.since", since=_day(datetime.fromisoformat(told["since"])))
        if told["since"]
        else ""
    )
    rest = text("explain.metered.carried", left=number(left), of=number(of)) if left else ""
    return text(
        "explain.metered",
        meter=told["meter"],
        catalog=told["catalog_version"],
        since=since,
        rest=rest,
        **said,
    )


def _tier(move: Move) -> str:
    """The tier itself may stay while its end moves: a plan was paid for longer, or ends sooner."""
    until = move.data.get("until")
    ends = text("explain.tier.ends", until=_day(datetime.fromisoformat(until))) if until else ""
    if "tier" not in move.changes:
        key = "explain.tier.stays" if until else "explain.tier.stays_for_good"
        return f"{text(key, tier=move.data.get('tier') or '-')}{ends}"
    before, after = move.changes["tier"]
    why = _why(str(move.data.get("reason") or ""))
    before = before or text("explain.first_tier")
    return f"{text('explain.tier.moved', before=before, after=after or '-', why=why)}{ends}"


def _why(code: str) -> str:
    """Why a tier changed, in words; nothing where we have none for it."""
    try:
        return f" ({text(f'explain.because.{code}')})"
    except KeyError:
        return ""


def _access(move: Move) -> str:
    return " ".join(_changed(name, before, after, move) for name, (before, after) in move.changes.items())


def _changed(name: str, before: Any, after: Any, move: Move) -> str:
    kind, _, subject = name.partition(" ")
    payment = move.data.get("payment_id") or "-"
    if kind == "course":
        key = "opened" if after == "active" else "closed"
        return text(f"explain.course.{key}", course=subject, payment=payment)
    if after is None:
        return text("explain.plan.gone", plan=(before or {}).get("plan") or subject)
    return text(
        "explain.plan.is", plan=after["plan"] or subject, status=value(after["status"]), until=_until(after)
    )


def _has(name: str, state: Any) -> str:
    kind, _, subject = name.partition(" ")
    if kind == "course":
        return text("explain.course.open" if state == "active" else "explain.course.shut", course=subject)
    if state["status"] == "expired":
        return text("explain.plan.over", plan=state["plan"] or subject, until=_until(state))
    return text(
        "explain.plan.has", plan=state["plan"] or subject, status=value(state["status"]), until=_until(state)
    )


def _until(state: Mapping[str, Any]) -> str:
    return _day(datetime.fromisoformat(state["until"])) if state["until"] else text("explain.no_end")


def _day(at: datetime) -> str:
    return f"{at.astimezone(WIB):%d-%m-%Y %H:%M} WIB"
