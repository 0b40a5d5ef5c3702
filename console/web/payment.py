"""One payment: what it is, the path it took, everything that happened to it, and what can be done."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from console.agreeing import ActOutcome, act, of_payment
from console.attesting import missing_of
from console.correcting import SQL as CORRECTIONS
from console.exits import NotFound, WrongUse
from console.messages import text, value
from console.options import PROVIDERS
from console.output import rupiah
from console.texts import TEXTS
from console.timeline import Entry, find_payments, timeline, trace_address
from console.timeline_words import describe, grounds, signed
from console.unsaying import unconfirm
from console.web.pictures import PathStep, path_picture
from console.web.rendering import segment
from console.web.visit import Answer, Screen, Visit, Way, done, moved, shown
from providers.manual import MANUAL
from schemas.money import MAX_IDR

_RUPIAH = re.compile(
    r"(?:Rp\s*)?([0-9]{1,18}|[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]{1,3}(?:,[0-9]{3})+)", re.IGNORECASE
)
_STATES = {
    "succeeded": "",
    "pending": "warn",
    "authorized": "warn",
    "failed": "bad",
    "expired": "bad",
    "reversed": "bad",
}
_HELD = ("suspense.held", "suspense.released")
_TOLD = {
    "payment.pending": "pending",
    "payment.authorized": "authorized",
    "payment.succeeded": "succeeded",
    "payment.settled": "succeeded",
    "payment.failed": "failed",
    "payment.expired": "expired",
    "refund.succeeded": "partially_refunded",
}
"""What a fact says of a payment's state. Whether a refund was all of it is for the assessment to say, which comes last."""
_REFUNDABLE = ("succeeded", "partially_refunded")
_NAMES = ("payment_id", "reference_id", "case_key")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the timeline as it is shown."""

    at: datetime
    kind: str
    what: str
    said: str
    position: int | None = None
    place: str = ""
    link: str = ""
    bad: bool = False
    name: str = ""
    detail: Any = None
    trace_id: str | None = None
    trace: str | None = None
    grounds: Sequence[str] = ()
    cause: int | None = None


async def show(visit: Visit) -> Answer:
    provider, known_as = visit.named("provider"), visit.named("payment")
    async with visit.connections.one() as connection:
        found = await find_payments(connection, provider, known_as)
        if not found:
            raise NotFound(text("payment.unknown", provider=provider, id=known_as))
        entries: list[Entry] = []
        for case in dict.fromkeys(each["case_key"] for each in found):
            entries += await timeline(connection, case)
        cases = list(dict.fromkeys(each["case_key"] for each in found))
        corrected = await connection.fetch(CORRECTIONS["of_cases"], cases)
        missing = await missing_of(connection, visit.settings, found)
    path = path_of(entries)
    booked = postings(entries)
    values = {
        "payments": found,
        "missing": missing,
        "states": _STATES,
        "lines": [line for entry in entries for line in lines(entry, partial(trace_address, visit.settings))],
        "path": path,
        "picture": path_picture(path, text("web.path_label", path=" → ".join(step.name for step in path))),
        "postings": [row for row in booked if row["shown"]],
        "sums": sorted(_sums(booked).items()),
        "names": _names(found, entries),
        "steps": list(_steps(found, entries)),
        "corrections": corrected,
        "correctable": found[0] if len(found) == 1 and found[0]["provider"] in PROVIDERS else None,
        "approval": rupiah(visit.settings.correction_approval_idr),
        "confirmed": next(
            (each for each in found if each["provider"] == MANUAL.name and each["status"] in _REFUNDABLE),
            None,
        ),
        "refundable": next((each for each in found if each["status"] in _REFUNDABLE), None),
    }
    first = found[0]
    title = f"{rupiah(first['amount'] if first['amount'] is not None else first['requested_amount'])} {value(first['status'])}"
    return Screen("payment.html", title, f"lunas payments show {provider} {known_as}", values)


async def refund(visit: Visit) -> Answer:
    provider, payment = visit.named("provider"), visit.named("payment")
    async with visit.connections.one() as connection:
        wish = await of_payment(connection, provider, payment, amount_of(visit.given("amount")))
        made = await act(connection, visit.settings, wish, visit.reason())
    return seen(made)


async def unconfirmed(visit: Visit) -> Answer:
    """As `lunas manual unconfirm`."""
    async with visit.connections.one() as connection:
        taken = await unconfirm(connection, visit.settings, visit.named("order"), visit.reason())
    return moved(f"/corrections/{taken.change_id}")


def seen(made: ActOutcome) -> Answer:
    """The audit record of what was done, or the proposal that waits for another person."""
    return moved(
        f"/audit/{made.done.act_id}?done" if made.change_id is None else f"/corrections/{made.change_id}"
    )


def amount_of(given: str | None) -> int | None:
    """`50.000` and `50000` are fifty thousand; nothing is everything that is left. Raises WrongUse, also for sen: `50.000,00` is no five million."""
    if given is None:
        return None
    written = _RUPIAH.fullmatch(given.strip())
    amount = int(written[1].replace(".", "").replace(",", "")) if written else 0
    if not 0 < amount <= MAX_IDR:
        raise WrongUse(text("web.no_amount", given=given))
    return amount


def lines(entry: Entry, address: Callable[[str], str | None] = lambda _: None) -> Iterator[Line]:
    """A line in words, with where it leads. `address`: where a trace is seen."""
    detail = dict(entry.detail)
    place = link = ""
    bad = False
    if entry.kind == "delivery":
        place, link = f"/deliveries/{segment(entry.id)}", text("web.exact_bytes")
        bad = detail.get("status") in ("parked", "conflict")
        # What a delivery is made of has a page of its own.
        detail = {}
    elif entry.kind == "act":
        place, link, detail = f"/audit/{segment(entry.id)}", text("web.act_record"), {}
    elif entry.kind == "letter":
        place, link = f"/letters/{segment(entry.id)}", text("web.letter")
        bad = detail["status"] in ("open", "replaying")
    elif entry.kind == "notification":
        bad = detail["status"] == "failed"
    elif entry.what in ("payment.failed", "payment.expired", "suspense.held", "refund.failed"):
        bad = True
    yield Line(
        at=entry.at,
        kind=entry.kind,
        what=happened(entry),
        said=describe(entry),
        position=entry.position,
        place=place,
        link=link,
        bad=bad,
        name=entry.what,
        detail=detail or None,
        trace_id=entry.trace_id,
        trace=None if entry.trace_id is None else address(entry.trace_id),
        grounds=list(grounds(entry)),
        cause=entry.because_of,
    )


def happened(entry: Entry) -> str:
    """What a person would say of it; the name of a newer type, and of an act, as it is."""
    if entry.kind == "delivery":
        return text("happened.replay" if entry.detail["replay_of"] else "happened.delivery")
    if entry.kind == "notification":
        return text("happened.notification")
    key = "happened.letter" if entry.kind == "letter" else f"happened.{entry.what}"
    return text(key) if key in TEXTS else entry.what


def path_of(entries: Sequence[Entry]) -> list[PathStep]:
    """The states that facts say the payment was in, by the times they bear; where they end differently, what we made of it comes last."""
    told = [
        (_moment(entry), _TOLD[entry.what], bool(entry.detail.get("late")))
        for entry in entries
        if entry.kind == "fact" and entry.what in _TOLD
    ]
    assessed = [entry for entry in entries if entry.what == "payment.assessed"]
    if assessed:
        told.append(
            (assessed[-1].at, str(assessed[-1].detail.get("status")), bool(assessed[-1].detail.get("late")))
        )
    path: list[PathStep] = []
    for at, status, late in sorted(told, key=lambda one: one[0]):
        if not path or path[-1].status != status:
            path.append(PathStep(status, value(status), at, late))
    return path


def _moment(entry: Entry) -> datetime:
    """When it happened, as far as the fact says so."""
    said = entry.detail.get("occurred_at")
    try:
        at = datetime.fromisoformat(said) if isinstance(said, str) else entry.at
    except ValueError:
        return entry.at
    return at if at.tzinfo else entry.at


def postings(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """What all decisions and acts together moved, by account and unit; what went there and back is not shown."""
    moved_: Counter[tuple[str, str]] = Counter()
    for entry in entries:
        for posting in entry.detail.get("postings", ()):
            moved_[posting["unit"], posting["account"]] += posting["amount"]
    return [
        {"account": account, "unit": unit, "amount": amount, "shown": signed(amount, unit) if amount else ""}
        for (unit, account), amount in sorted(moved_.items())
    ]


def _sums(booked: Sequence[dict[str, Any]]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for row in booked:
        sums[row["unit"]] += row["amount"]
    return dict(sums)


def _names(found: Sequence[dict[str, Any]], entries: Sequence[Entry]) -> list[str]:
    """Every id it is known by."""
    names = [each[name] for each in found for name in _NAMES]
    names += [alias for entry in entries for alias in entry.detail.get("aliases", ())]
    return list(dict.fromkeys(str(name) for name in names if name))


def _steps(found: Sequence[dict[str, Any]], entries: Sequence[Entry]) -> Iterator[tuple[str, str]]:
    # What was released last may be held again: for another reason, the rest of it, or because somebody took a word back.
    newest = {entry.detail.get("suspense_id"): entry.what for entry in entries if entry.what in _HELD}
    for entry_id in sorted(str(one) for one, what in newest.items() if one and what == "suspense.held"):
        yield f"/suspense/{segment(entry_id)}", text("web.step.held")
    for entry in entries:
        if entry.kind == "letter" and entry.detail["status"] in ("open", "replaying"):
            yield f"/letters/{segment(entry.id)}", text("web.step.letter")
    for provider in dict.fromkeys(each["provider"] for each in found):
        yield f"/reconcile?provider={segment(provider)}", text("web.step.reconcile", provider=provider)


WAYS: tuple[Way, ...] = (
    shown("/payments/{provider}/{payment}", show),
    done("/payments/{provider}/{payment}/refund", refund),
    done("/payments/manual/{order}/unconfirm", unconfirmed),
)
