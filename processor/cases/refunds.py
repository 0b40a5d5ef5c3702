"""Which part each refund concerns. Each counts once, in the order the provider made them; one that comes before its payment waits."""

from __future__ import annotations

from processor.cases.attempts import Refund, RequestOnly
from processor.cases.keys import is_extra, is_over
from processor.cases.parts import Money, Part
from processor.cases.payment import PaymentFacts
from processor.cases.payment_record import Closed, PaymentRecord
from schemas.money import allocate

Placed = dict[str, dict[str, int]]
"""Part key → refund id → rupiah of the refund that concern this part."""


def place_refunds(facts: PaymentFacts, record: PaymentRecord, money: Money) -> tuple[Placed, list[str]]:
    """Also the refunds that are larger than what they concern."""
    parts = money.parts
    placed: Placed = {part.key: {} for part in parts}
    if not facts.refunds:
        return placed, []
    standing = record.settled if facts.in_hand else {}
    for part in parts:
        if part.key in standing:
            # One that failed after all is gone from the facts.
            taken = standing[part.key].refunds.items()
            placed[part.key] = {one: share for one, share in taken if one in facts.refunds}
    room = {part.key: _size(part, record, facts.in_hand) - sum(placed[part.key].values()) for part in parts}
    excessive: list[str] = []
    for refund_id, refund in sorted(facts.refunds.items(), key=lambda item: (item[1].at, item[0])):
        rest = refund.amount - sum(shares.get(refund_id, 0) for shares in placed.values())
        targets = [
            key for key in _targets(facts, money, refund_id, refund, placed) if refund_id not in placed[key]
        ]
        if rest <= 0 or not targets:
            continue
        if rest > sum(room[key] for key in targets):
            excessive.append(refund_id)
            continue
        for key, share in _spread(rest, {key: room[key] for key in targets}).items():
            placed[key][refund_id] = share
            room[key] -= share
    return placed, excessive


def _size(part: Part, record: PaymentRecord, in_hand: bool) -> int:
    standing = record.settled.get(part.key) if in_hand else None
    if isinstance(standing, Closed):
        return sum(standing.refunds.values())
    return (standing.amount if standing else part.amount) or 0


def _targets(facts: PaymentFacts, money: Money, refund_id: str, refund: Refund, placed: Placed) -> list[str]:
    if refund.attempt_id is None:
        concerned = set(money.loose.get(refund_id, ()))
        found = [part.key for part in money.parts if concerned & set(part.attempts)]
        return found or [part.key for part in money.parts if not is_extra(part.key)]
    own = [part.key for part in money.parts if refund.attempt_id in part.attempts]
    return own or [
        part.key
        for part in money.parts
        if part.attempts == (RequestOnly,) and _may_be(facts, refund.attempt_id, placed[part.key])
    ]


def _may_be(facts: PaymentFacts, attempt_id: str, refunds: dict[str, int]) -> bool:
    """The request's word alone was counted; its refund tells of the payment behind it, another payment's refund waits for that one."""
    named = {facts.refunds[refund_id].attempt_id for refund_id in refunds} - {None}
    return not named or attempt_id in named


def _spread(amount: int, room: dict[str, int]) -> dict[str, int]:
    """The price of exactly one item means that item; anything else lowers all of them in proportion."""
    exact = [key for key, left in room.items() if left == amount]
    if len(exact) == 1:
        return {exact[0]: amount}
    # What is more than was asked for goes back before what was asked for.
    first = {key: min(left, amount) for key, left in room.items() if is_over(key)}
    rest = {key: left for key, left in room.items() if key not in first}
    amount -= sum(first.values())
    shares = first | dict(zip(rest, allocate(amount, list(rest.values())), strict=True))
    return {key: share for key, share in shares.items() if share}
