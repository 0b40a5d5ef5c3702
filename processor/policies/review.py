"""Whether what was granted still stands. What the facts say by the provider's times decides, not which of them came first.

An order that turns out to have been cancelled before it was paid, an earlier payment of the same request, an amount that the provider
corrects: had we known it, we would have decided otherwise. Then what was granted is withdrawn and everything is decided anew, as if all facts had
been there. What changes by itself (the catalogue, a customer's e-mail) never leads to that, and what a person decided stands.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple, Self

import orjson

from processor.cases.choice import amount_of, facts_choice
from processor.cases.payment import Grant, PaymentCase
from processor.cases.situation import CustomerRecord, Situation

CATALOG_PROBLEMS = frozenset({"unmapped_product", "ambiguous_product", "purpose_unknown"})
"""What a catalogue may have against a grant."""

_POLICY_PROBLEMS = frozenset({"awaiting_confirmation", "payload_without_id"})
"""What the policies in a catalogue may have against it."""


class Grounds(NamedTuple):
    """Digests of what the facts say that decisions rest on: whose money it is, what it is for, and all the rest."""

    payer: str
    purpose: str
    rest: str


def grounds_of(case: PaymentCase) -> Grounds:
    """As the facts are now."""
    order = case.agreed
    successes = {name: case.attempts[name].unproved for name in sorted(case.successes)}
    return Grounds(
        payer=_digest([case.value("customer_ref"), case.value("subscription_key"), case.emails()]),
        purpose=_digest([case.value("payment_type"), case.value("products")]),
        rest=_digest(
            [
                case.order_problem(),
                [order.value["gross_amount"], order.value["lines"]] if order else None,
                [case.value("requested_amount"), case.reusable, facts_choice(case)],
                [[name, amount_of(case, name), unproved] for name, unproved in successes.items()],
                sorted([name, one.attempt_id, one.amount, one.at] for name, one in case.refunds.items()),
            ]
        ),
    )


@dataclass(slots=True)
class Trial:
    """A case and what it is decided in, apart from the real ones: they can be taken over or forgotten."""

    case: PaymentCase
    situation: Situation
    customers: dict[str, CustomerRecord]

    @classmethod
    def of(cls, case: PaymentCase, customers: set[str], situation: Situation) -> Self:
        """`customers` are those whom decisions about the case may concern."""
        known = {one: situation.customers[one] for one in customers if one in situation.customers}
        copies = {one: CustomerRecord.from_json(record.to_json()) for one, record in known.items()}
        apart = replace(
            situation,
            customers=situation.customers | copies,
            decisions=[],
            waits=set(),
            wakes=set(),
            changed=set(),
            recalls=set(),
            parked=[],
        )
        return cls(PaymentCase.from_json(case.to_json()), apart, copies)

    def take_over(self, case: PaymentCase, situation: Situation) -> None:
        """Make it real."""
        for field in fields(case):
            setattr(case, field.name, getattr(self.case, field.name))
        situation.customers.update(self.customers)
        situation.decisions += self.situation.decisions
        situation.waits |= self.situation.waits
        situation.wakes |= self.situation.wakes
        situation.changed |= self.situation.changed
        situation.recalls |= self.situation.recalls
        situation.parked += self.situation.parked


def ends_the_same(one: PaymentCase, two: PaymentCase) -> bool:
    """Whether the same was granted of the same money, and the same went back."""
    return _outcome(one) == _outcome(two)


def rests_on_the_catalog(case: PaymentCase, anew: PaymentCase, before: Grounds, now: Grounds) -> bool:
    """Whether a grant would end otherwise only because the catalogue is another one by now: the one of the day counts for what was granted."""
    same_purpose = before.purpose == now.purpose
    same_money = set(case.main) == set(facts_choice(case)[0])
    return any(
        _catalog_changed(key, grant, anew, same_purpose, same_money or not key.startswith("main"))
        for key, grant in case.grants.items()
    )


def _catalog_changed(key: str, grant: Grant, anew: PaymentCase, same_purpose: bool, same_money: bool) -> bool:
    other, hold = anew.grants.get(key), anew.holds.get(key)
    if key.startswith("line:") or same_purpose:
        if other is not None and (other.kind, other.product) != (grant.kind, grant.product):
            return True
        if hold is not None and hold.reason in CATALOG_PROBLEMS:
            return True
    if hold is None or hold.reason not in _POLICY_PROBLEMS:
        return False
    # The same money was granted: the policy let it pass then.
    return same_money and grant.amount_idr == (hold.amount or 0) + hold.refunded_idr


def _outcome(case: PaymentCase) -> list[object]:
    return [
        case.main,
        {key: _terms(grant) for key, grant in case.grants.items()},
        {key: (closed.attempts, closed.refunds) for key, closed in case.closed.items()},
    ]


def _terms(grant: Grant) -> tuple[object, ...]:
    return (
        grant.kind,
        grant.product,
        grant.amount_idr,
        grant.customer_id,
        grant.refunds,
        grant.at,
        grant.revoked,
    )


def _digest(said: Any) -> str:
    return hashlib.blake2b(orjson.dumps(said, option=orjson.OPT_SORT_KEYS), digest_size=8).hexdigest()
