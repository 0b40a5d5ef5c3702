"""Random histories of payments for property tests: what could really happen, as facts with the provider's times.

Left out is what legitimately depends on arrival, because a grant is never undone by later news: two customers with one e-mail, a price
edited between order and payment whose edit arrives after delivery, a cancellation or deletion before payment that arrives after it. The
purchases that are each other's duplicates are a history of their own (`duplicated`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from schemas import facts as f
from schemas.event_model import EventModel
from tests.unit.processor.facts import (
    at,
    attempt_fact,
    capture,
    charge,
    cycle,
    licence,
    order,
    package,
    paid,
    refund,
    request_fact,
)
from tests.unit.processor.ledgerbook import NOON, VARIANT

PEOPLE = {f"c-{n}": f"{name}@contoh.id" for n, name in enumerate(("ratna", "budi", "wayan"), 1)}
EMAILS = st.sampled_from([*PEOPLE.values(), "nobody@contoh.id"])
MINUTES = st.integers(-600, 600)
Facts = list[EventModel]


def registrations() -> Facts:
    return [f.CustomerRegistered(customer_id=one, email=email.upper()) for one, email in PEOPLE.items()]


@st.composite
def refunds_of(draw: st.DrawFn, name: str, amount: int, **ids: Any) -> Facts:
    """None, some, or all of an amount, in up to three refunds."""
    shares = draw(st.lists(st.integers(1, max(1, amount)), max_size=3))
    total, facts = 0, Facts()
    for number, share in enumerate(shares):
        share = min(share, amount - total)
        if share > 0:
            total += share
            facts.append(refund(f"{name}-r{number}", share, occurred_at=at(700 + number), **ids))
    return facts


@st.composite
def topup(draw: st.DrawFn, name: str) -> Facts:
    """A request with attempts that fail or expire, perhaps one that pays, said once or twice, then refunds."""
    request, email, amount = f"pr-{name}", draw(EMAILS), draw(st.integers(1, 600_000))
    who = {"payer_email": email, "customer_ref": draw(st.sampled_from([None, "c-1", "c-unknown"]))}
    asked = {"requested_amount": amount, **who}
    facts: Facts = [request_fact(f.PaymentPending, request, occurred_at=at(-700), **asked)]
    for kind in draw(
        st.lists(st.sampled_from([f.PaymentFailed, f.PaymentExpired, f.PaymentPending]), max_size=3)
    ):
        key = draw(st.sampled_from([None, f"py-{name}-0", f"py-{name}"]))
        more = {"occurred_at": at(draw(MINUTES)), **who}
        facts.append(attempt_fact(kind, key, request, **more) if key else request_fact(kind, request, **more))
    if draw(st.booleans()):
        when = at(draw(MINUTES))
        said = [
            capture(f"py-{name}", request, amount, occurred_at=when, **who),
            request_fact(f.PaymentSucceeded, request, amount=amount, occurred_at=when, **asked),
        ]
        which = draw(st.sampled_from([said[:1], said[1:], said]))
        facts += which
        facts += draw(refunds_of(name, amount, payment=f"py-{name}", group_id=request))
    return facts


@st.composite
def partly_paid(draw: st.DrawFn, name: str) -> Facts:
    """A request paid in several transfers that may fall short of it, and refunds of any of them."""
    amounts = draw(st.lists(st.integers(1, 50_000), min_size=1, max_size=3))
    asked = sum(amounts) + draw(st.sampled_from([0, 1, 10_000]))
    # Each transfer alone is less than what was asked for, else it would pay the request by itself.
    asked = asked + 1 if len(amounts) == 1 else asked
    facts: Facts = []
    for n, amount in enumerate(amounts):
        ids = {"payment": f"py-{name}-{n}", "group_id": f"pr-{name}"}
        facts.append(
            capture(f"py-{name}-{n}", f"pr-{name}", amount, requested_amount=asked, occurred_at=at(n))
        )
        facts += draw(refunds_of(f"{name}-{n}", amount, **ids))
    return facts


@st.composite
def scalev(draw: st.DrawFn, name: str) -> Facts:
    """An order with snapshots before and after payment, spam marks that are lifted, and later noise."""
    email, gross = draw(EMAILS), draw(st.integers(0, 900_000))
    lines = draw(
        st.sampled_from(
            [[(f"{VARIANT}", 1, 10)], [(VARIANT, 2, 10), ("variant_new", 1, 5)], [("variant_new", 1, 1)], []]
        )
    )
    same = {"key": f"o-{name}", "payer_email": email}
    spam = draw(st.booleans())
    facts: Facts = [order(lines, gross, spam=spam, as_of=at(-60), **same)]
    facts.append(order(lines, gross, spam=False, as_of=at(90), **same))
    facts.append(paid(f.PaymentPending, f"o-{name}", occurred_at=at(-60)))
    if draw(st.booleans()):
        facts.append(paid(key=f"o-{name}"))
        facts += draw(
            st.lists(
                st.sampled_from(
                    [
                        paid(f.PaymentSettled, f"o-{name}", occurred_at=at(2000), paid_at=at()),
                        paid(key=f"o-{name}"),
                        paid(f.PaymentFailed, f"o-{name}", occurred_at=at(-30), failure_code="conflict"),
                        f.OrderCancelled(provider="scalev", order_key=f"o-{name}", as_of=at(30)),
                        f.OrderDeleted(provider="scalev", order_key=f"o-{name}", as_of=at(40)),
                    ]
                ),
                max_size=4,
            )
        )
    return facts


@st.composite
def mayar(
    draw: st.DrawFn, name: str, sold: str | None = None, email: str | None = None, day: int = 0
) -> Facts:
    """A package or a plan under both names of its event, reminders and expiry, then refunds."""
    amount = draw(st.integers(0, 600_000))
    sold = sold or draw(st.sampled_from(["silver", "Gold", "platinum", "silver gold", "klub-a", "Klub-B"]))
    when = {"occurred_at": at(days=day), "paid_at": at(days=day)}
    bought = package(sold, f"trx-{name}", amount, payer_email=email or draw(EMAILS), **when)
    again = {"occurred_at": at(1, days=day), "paid_at": at(1, days=day)}
    facts: Facts = [bought, bought.model_copy(update={"provider_status": "created", **again})]
    for kind in draw(st.lists(st.sampled_from([f.PaymentPending, f.PaymentExpired]), max_size=2)):
        facts.append(
            kind(
                **bought.model_dump(exclude={"amount", "occurred_at", "products"}),
                occurred_at=at(draw(MINUTES)),
            )
        )
    ids = {"payment": f"trx-{name}", "provider": "mayar", "group_id": None}
    if amount and draw(st.integers(0, 3)) == 0:
        return [*facts, refund(f"{name}-all", amount, **{**ids, "occurred_at": at(700, days=day)})]
    return facts + draw(refunds_of(name, amount, **ids))


@st.composite
def membership(draw: st.DrawFn, name: str, sold: str | None = None, email: str | None = None) -> Facts:
    """A licence with renewals and perhaps its end, of which its reports may say nothing more."""
    email, days = email or draw(EMAILS), sorted(draw(st.sets(st.integers(-40, 80), min_size=1, max_size=4)))
    named = st.sampled_from(
        ["silver", "gold", "unknown", "klub-a", "klub-b", None] if sold is None else [sold, None]
    )
    facts: Facts = []
    for number, day in enumerate(days):
        report = "activated" if number == 0 else draw(st.sampled_from(["renewed", "tier_changed"]))
        says = draw(named)
        hint = (f.ProductHint(kind="tier", value=says),) if says else ()
        facts.append(
            licence(
                report, at(days=day), f"LCN-{name}", payer_email=email, products=hint, occurred_at=at(number)
            )
        )
    for report in draw(
        st.lists(st.sampled_from(["cancelled", "expired", "expiring_soon", "created"]), max_size=2)
    ):
        ends = at(days=draw(st.sampled_from(days)))
        facts.append(licence(report, ends, f"LCN-{name}", payer_email=email, occurred_at=at(10)))
    return facts


@st.composite
def announced(draw: st.DrawFn, name: str) -> Facts:
    """A plan that is paid for once or again, and announced as a membership; or one of the two never is."""
    sold, email = draw(st.sampled_from(["klub-a", "klub-b"])), draw(EMAILS)
    days = draw(st.lists(st.integers(-40, 40), max_size=3))
    facts: Facts = []
    for number, day in enumerate(days):
        facts += draw(mayar(f"{name}-{number}", sold, email, day))
    return facts + draw(membership(name, sold, email)) if draw(st.booleans()) or not facts else facts


@st.composite
def plan(draw: st.DrawFn, name: str) -> Facts:
    """A recurring plan: charges as money and as reports, failures, cancellation, refunds of single charges."""
    owner = {"payer_email": draw(EMAILS)}
    amount = draw(st.sampled_from([200_000, 700_000]))
    first = NOON - timedelta(days=draw(st.integers(0, 70)))
    facts: Facts = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        starts = first + timedelta(days=30 * (number - 1))
        ids = {
            "plan": f"repl-{name}",
            "amount": amount,
            "payment_id": f"py-{name}-{number}",
            "cycle_id": f"recy-{name}-{number}",
        }
        if draw(st.booleans()):
            facts.append(cycle(number, starts, "renewal_failed", **ids, **owner))
        if draw(st.booleans()):
            key = ids["payment_id"]
            money = charge(
                number, starts, f"repl-{name}", payment_key=key, attempt_id=key, amount=amount, **owner
            )
            facts += [money, cycle(number, starts, "activated" if number == 1 else "renewed", **ids, **owner)]
            facts += draw(refunds_of(f"{name}-{number}", amount, payment=key, group_id=None))
    for report in draw(st.lists(st.sampled_from(["activated", "cancelled"]), unique=True)):
        facts.append(
            f.SubscriptionReported(
                provider="xendit",
                subscription_key=f"repl-{name}",
                report="activated" if report == "activated" else "cancelled",
                products=(f.ProductHint(kind="plan_reference", value="sub-pro-1"),),
                occurred_at=at(days=0 if report == "activated" else 20),
                **owner,
            )
        )
    return facts


def _sent_back(name: str, request: str, amount: int) -> EventModel:
    return refund(f"rfd-{name}", amount, f"py-{name}", group_id=request, occurred_at=at(800))


@st.composite
def duplicated(draw: st.DrawFn, name: str) -> Facts:
    """Money paid twice for one thing: a QR scanned again and perhaps sent back in full, a course ordered again."""
    email = draw(EMAILS)
    returned = draw(st.sets(st.integers(0, 2)))
    twice = [
        capture(f"py-{name}-{n}", f"pr-{name}", 50_000, payer_email=email, occurred_at=at(n))
        for n in range(3)
    ]
    if draw(st.booleans()):
        told = request_fact(f.PaymentSucceeded, f"pr-{name}", amount=50_000, payer_email=email)
        return [*twice, told, *(_sent_back(f"{name}-{n}", f"pr-{name}", 50_000) for n in returned)]
    orders: Facts = [order(gross=150_000, key=f"o-{name}-{n}", payer_email=email) for n in range(2)]
    return [*orders, *(paid(key=f"o-{name}-{n}", occurred_at=at(n)) for n in range(2))]


@st.composite
def histories(draw: st.DrawFn, *, duplicates: bool = False) -> Facts:
    """Several of these side by side. A customer orders the course at most once unless duplicates are wanted."""
    kinds = [topup, partly_paid, mayar, membership, announced, plan]
    chosen = draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=4))
    facts = [fact for n, kind in enumerate(chosen) for fact in draw(kind(f"{n}"))]
    facts += draw(duplicated("d")) if duplicates else draw(scalev("s"))
    return facts
