"""Random histories of payments for property tests: what could really happen, as facts with the provider's times.

Left out is what rests on acts of ours or of a person, and so on when they were: two customers with one e-mail, a claim, a licence reported
with a second e-mail.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from schemas import facts as f
from schemas.event_model import EventModel
from tests.unit.processor.cases.facts import (
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
from tests.unit.processor.policies.ledgerbook import NOON, VARIANT

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


CARTS = st.sampled_from(
    [
        [(VARIANT, 1, 10)],
        [(VARIANT, 2, 10), ("variant_new", 1, 5)],
        [("variant_chat", 2, 5), (VARIANT, 1, 10)],
        [("variant_chat", 1, 5)],
        [("variant_new", 1, 1)],
        [],
    ]
)


@st.composite
def scalev(draw: st.DrawFn, name: str, carts: st.SearchStrategy[Any] = CARTS) -> Facts:
    """An order as it was edited, marked, paid, set back, cancelled and deleted, at any times before and after it was paid."""
    key = f"o-{name}"
    facts: Facts = []
    for when in draw(st.lists(MINUTES, min_size=1, max_size=3, unique=True)):
        seen = {"payer_email": draw(EMAILS), "spam": draw(st.sampled_from([False, False, True]))}
        facts.append(order(draw(carts), draw(st.integers(0, 900_000)), key=key, as_of=at(when), **seen))
    facts.append(paid(f.PaymentPending, key, occurred_at=at(draw(MINUTES))))
    if draw(st.booleans()):
        facts.append(paid(key=key))
    for kind in draw(
        st.lists(st.sampled_from(["settled", "again", "failed", "cancelled", "deleted"]), max_size=4)
    ):
        when = at(draw(MINUTES))
        facts.append(
            {
                "settled": paid(f.PaymentSettled, key, occurred_at=max(when, at()), paid_at=at()),
                "again": paid(key=key, occurred_at=when, spam=draw(st.sampled_from([None, True, False]))),
                "failed": paid(f.PaymentFailed, key, occurred_at=when, failure_code="conflict"),
                "cancelled": f.OrderCancelled(provider="scalev", order_key=key, as_of=when),
                "deleted": f.OrderDeleted(provider="scalev", order_key=key, as_of=when),
            }[kind]
        )
    if draw(st.integers(0, 4)) == 0:
        more = {"provider": "scalev", "group_id": None}
        facts += [
            refund(f"{key}-r{n}", draw(st.integers(1, 500_000)), None, payment_key=key, **more)
            for n in range(2)
        ]
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


REPORTS = (
    "renewal_failed", "activated", "renewed", "tier_changed", "created", "cancelled", "expired", "expiring_soon",
)  # fmt: skip


@st.composite
def subscribed(
    draw: st.DrawFn, name: str, refs: tuple[str | None, ...] = (None, "c-1", "c-2"), charges: bool = True
) -> Facts:
    """Anything that can be reported of one subscription, with and without times, ends, names and charges, by one customer or nobody named."""
    key, email = f"sub-{name}", draw(EMAILS)
    facts: Facts = []
    for _ in range(draw(st.integers(1, 7))):
        when = at(draw(st.integers(-3, 3)), days=draw(st.integers(-2, 2)))
        report: Any = draw(st.sampled_from(REPORTS if charges else REPORTS[1:]))
        says = draw(st.sampled_from(["klub-a", "klub-b", "unknown", None]))
        charged = charges and draw(st.integers(0, 3)) == 0
        facts.append(
            f.SubscriptionReported(
                provider="mayar",
                subscription_key=key,
                report=report,
                payer_email=draw(st.sampled_from([email, None])),
                customer_ref=draw(st.sampled_from(refs)),
                licence_code=draw(st.sampled_from([None, "L-1", "L-2"])),
                member_id=draw(st.sampled_from([None, "M-1", "M-2"])),
                products=(f.ProductHint(kind="tier", value=says),) if says else (),
                expires_at=draw(st.sampled_from([None, at(days=-1), at(days=30), at(days=60)])),
                cycle_id=draw(st.sampled_from(["c-1", "c-2"])) if charged else None,
                payment_id=draw(st.sampled_from([None, "py-1", "py-2"])) if charged else None,
                amount=draw(st.sampled_from([None, 0, 200_000, 900_000])) if charged else None,
                starts_at=draw(st.sampled_from([None, at(), at(days=3)])) if charges else None,
                finished=draw(st.booleans()),
                token_only=draw(st.booleans()),
                occurred_at=when,
                timed=draw(st.booleans()),
            )
        )
    return facts


@st.composite
def paid_again(draw: st.DrawFn, name: str) -> Facts:
    """Payments of one request that need not be equal, its own word of one of them, and refunds of some or of the request as a whole."""
    request, email = f"pr-{name}", draw(EMAILS)
    who = {"payer_email": email, "customer_ref": draw(st.sampled_from([None, None, "c-2"]))}
    asked = draw(st.sampled_from([None, 20_000, 50_000]))
    # Names no payment, and is as large as the smallest of them at most.
    whole = draw(st.sampled_from([0, 0, 4_000, 10_000]))
    course = (f.ProductHint(kind="catalog", value="kelas-python"),)
    sold = draw(st.sampled_from([{}, {}, {"payment_type": None, "products": course}]))
    who |= sold
    facts: Facts = []
    for n in range(draw(st.integers(1, 3))):
        amount = draw(st.sampled_from([10_000, 20_000, 50_000, 60_000]))
        ids = {"requested_amount": asked, "payer_email": email, "occurred_at": at(draw(MINUTES)), **sold}
        named = request if whole else draw(st.sampled_from([request, None]))
        facts.append(capture(f"py-{name}-{n}", named, amount, **ids))
        if not whole:
            facts += draw(refunds_of(f"{name}-{n}", amount, payment=f"py-{name}-{n}", group_id=request))
        if draw(st.booleans()):
            facts.append(capture(f"py-{name}-{n}", request, amount, **ids))
    if whole:
        facts.append(refund(f"{name}-all", whole, None, group_id=request, payment_key=request))
    if draw(st.booleans()):
        when = at(draw(MINUTES))
        facts.append(request_fact(f.PaymentPending, request, occurred_at=when, requested_amount=asked, **who))
    if draw(st.booleans()):
        when, amount = at(draw(MINUTES)), draw(st.sampled_from([20_000, 50_000]))
        facts.append(request_fact(f.PaymentSucceeded, request, amount=amount, occurred_at=when, **who))
    return facts


@st.composite
def ordered_again(draw: st.DrawFn, name: str) -> Facts:
    """A course ordered several times, alone and with other things."""
    carts = st.sampled_from(
        [[(VARIANT, 1, 10)], [(VARIANT, 2, 10)], [("variant_chat", 1, 5), (VARIANT, 1, 10)]]
    )
    return [fact for n in range(draw(st.integers(2, 3))) for fact in draw(scalev(f"{name}-{n}", carts))]


@st.composite
def histories(draw: st.DrawFn) -> Facts:
    """Several of these side by side."""
    kinds = [topup, partly_paid, paid_again, scalev, ordered_again, mayar, membership, announced, plan]
    chosen = draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=4))
    return [fact for n, kind in enumerate(chosen) for fact in draw(kind(f"{n}"))]
