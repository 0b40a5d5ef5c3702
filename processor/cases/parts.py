"""Which money of a case belongs together: the parts that are granted or held one by one.

A top-up has one part; further captures of the same request are parts of their own; an order has one part per product and one for surplus seats.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from processor.cases.attempts import RequestOnly
from processor.cases.choice import amount_of, brought, choose, falls_short, paid_attempts
from processor.cases.keys import (
    MAIN,
    extra_key,
    is_line,
    is_over,
    line_key,
    over_key,
    surplus_key,
    suspense_id,
)
from processor.cases.own_checkout import Sold, rate_of
from processor.cases.payment import PaymentFacts
from processor.cases.payment_record import Closed, Granted, Kind, PaymentRecord
from processor.cases.world import World, short
from schemas.catalog import Product
from schemas.decision_model import LatePayment, Overpaid, PartRefund, PlanTerms
from schemas.errors import CatalogError
from schemas.facts import OrderRecorded, ProductHint
from schemas.money import allocate

LATE: tuple[LatePayment, ...] = ("honour", "hold", "refund")
OVERPAID: tuple[Overpaid, ...] = ("keep", "credit", "hold")
"""Policies, the one that leaves most to a person last."""

CREDIT = "credit"
"""What a top-up is sold as."""

SALES = {
    "paper_completion": "paper_completion",
    "subscription_initial": "subscription",
    "subscription_renewal": "subscription",
}


class Ware(NamedTuple):
    """What a part buys, on the terms of the day. `rate`: tokens per rupiah of credit, or per piece of a package."""

    kind: Kind
    name: str
    rate: int = 0
    terms: PlanTerms | None = None
    part_refund: PartRefund = "keep"
    late: LatePayment = "honour"
    overpaid: Overpaid = "keep"


class Part(NamedTuple):
    """`amount` in rupiah, None when no event told. Either `ware` says what it buys, or `problem` why that is unclear.

    `what`: short name of the words by which the facts say so.
    """

    key: str
    amount: int | None
    attempts: tuple[str, ...]
    ware: Ware | None = None
    quantity: int = 1
    problem: str | None = None
    underpaid: bool = False
    what: str = ""


class Money(NamedTuple):
    """The parts of a case. `loose`: which attempts the refunds concern that name none; `place`: key of the part that took the place of main money
    which a person had a hand in and which all went back."""

    parts: list[Part]
    loose: dict[str, list[str]]
    place: str | None = None


def money_of(facts: PaymentFacts, record: PaymentRecord, world: World) -> Money:
    """A function of the facts, except that what a person had a hand in stays what it is, and what was granted keeps the terms of its day."""
    if not facts.paid:
        return Money([], {})
    shelf = Shelf(facts, record, world)
    if facts.orders or shelf.traits.orders_carry_payments:
        return Money(_order_parts(facts, record, shelf), {})
    paid = paid_attempts(facts)
    free, standing = paid, None
    if facts.in_hand:
        free = [attempt for attempt in paid if not _spoken_for(facts, record, extra_key(attempt))]
        standing = record.settled.get(MAIN)
    if standing is not None:
        return _in_hand(facts, standing, paid, free, shelf)
    main, underpaid, loose = choose(facts, free)
    return Money([*shelf.main(main, underpaid=underpaid), *shelf.extras(paid, main)], loose)


def _asked_for(part: Part, items: Sequence[Sold]) -> list[Part]:
    """The lines of an order of ours, each with its share of the money."""
    shares = allocate(part.amount or 0, [item.amount for item in items])
    parts: list[Part] = []
    for item, share in zip(items, shares, strict=True):
        line = part._replace(key=line_key(f"catalog:{item.product}"), amount=share)
        parts += _seats(_on_order(line, item))
    return parts


def _on_order(part: Part, item: Sold) -> Part:
    """A line on the terms of the day it was ordered."""
    what = short(f"order {item.product}")
    return part._replace(ware=ware_of(item.as_product()), quantity=item.quantity, what=what)


def _in_hand(
    facts: PaymentFacts, standing: Granted | Closed, paid: list[str], free: list[str], shelf: Shelf
) -> Money:
    """Main money that something came of stays main; when all of it went back, other money takes its place as a part of its own."""
    main = _adopted(facts, standing, free)
    short_of = isinstance(standing, Closed) and falls_short(facts, main)
    parts = shelf.main(main, underpaid=short_of, whole=True)
    rest = [attempt for attempt in free if attempt not in main]
    taker: list[Part] = []
    loose = {one: main for one, refund in facts.refunds.items() if refund.attempt_id is None}
    if (
        rest
        and len([part for part in parts if not is_over(part.key)]) == 1
        and not facts.reusable
        and _over(facts, standing, main, loose)
    ):
        took, underpaid, more = choose(facts, rest)
        taker = shelf.main(took, underpaid=underpaid, key=extra_key(took[0]))
        loose = {one: [*main, *more.get(one, [])] for one in loose}
        main = [*main, *took]
    place = taker[0].key if taker else None
    return Money([*parts, *taker, *shelf.extras(paid, main)], loose, place)


def _adopted(facts: PaymentFacts, standing: Granted | Closed, free: list[str]) -> list[str]:
    kept = [attempt for attempt in standing.attempts if attempt in free]
    if kept:
        return kept
    # What was decided on the request's word alone is adopted by its first capture, or by the one whose refund it was.
    named = {facts.refunds[one].attempt_id for one in standing.refunds if one in facts.refunds}
    return [attempt for attempt in free if attempt in named][:1] or free[:1]


def _over(
    facts: PaymentFacts, standing: Granted | Closed, main: list[str], loose: dict[str, list[str]]
) -> bool:
    """Whether nothing of the main money is left: written off, or sent back."""
    if isinstance(standing, Closed):
        return True
    named = sum(one.amount for one in facts.refunds.values() if one.attempt_id in main)
    return bool(standing.amount) and named + sum(facts.refunds[one].amount for one in loose) >= (
        standing.amount or 0
    )


def _spoken_for(facts: PaymentFacts, record: PaymentRecord, key: str) -> bool:
    if key in record.settled:
        return True
    held_id = suspense_id(facts.key, key)
    return held_id in facts.claims or held_id in facts.write_offs


class Shelf:
    """What words of the facts mean: the terms of the day when it was granted, else what the catalogue says now."""

    def __init__(self, facts: PaymentFacts, record: PaymentRecord, world: World) -> None:
        self.facts, self.catalog, self.traits = facts, world.catalog, world.traits(facts.provider)
        self._sold = {part.what: part for part in record.granted.values() if part.what}

    def main(
        self, attempts: list[str], *, underpaid: bool, key: str = MAIN, whole: bool = False
    ) -> list[Part]:
        """The money that was asked for. `whole`: something came of it as a whole; it is not taken apart into lines any more."""
        if not attempts:
            return []
        part = Part(key, brought(self.facts, attempts), tuple(attempts), underpaid=underpaid)
        parts = self._bought(part, whole)
        over = self._beyond(part)
        policy = _strictest(parts) if over else "keep"
        if policy == "keep":
            return parts
        parts = self._bought(part._replace(amount=(part.amount or 0) - over), whole)
        return [*parts, self._rest(part._replace(key=over_key(key), amount=over), policy, parts)]

    def _bought(self, part: Part, whole: bool) -> list[Part]:
        lines = self.facts.request.items if self.facts.request else ()
        if len(lines) > 1 and not (whole or part.underpaid or part.amount is None):
            return _asked_for(part, lines)
        return _seats(self.with_purpose(part))

    def _beyond(self, part: Part) -> int:
        """Rupiah of the money that was asked for beyond what we asked for; where we asked for nothing, whatever comes is what it is."""
        request = self.facts.request
        if request is None or self.facts.reusable or part.key != MAIN or part.amount is None:
            return 0
        return max(part.amount - request.amount, 0)

    def _rest(self, part: Part, policy: Overpaid, beside: Sequence[Part]) -> Part:
        """What is over: late where the rest is."""
        if policy == "hold":
            return part._replace(problem="overpaid")
        credited = self._credit(part, "over")
        policies = [one.ware.late for one in beside if one.ware is not None]
        late: LatePayment = max(policies, key=LATE.index, default="honour")
        return credited._replace(ware=credited.ware and credited.ware._replace(late=late))

    def extras(self, paid: list[str], main: list[str]) -> list[Part]:
        """Money beyond what the request asked for: a purchase of its own where the code may be paid again and again."""
        parts = [Part(extra_key(one), amount_of(self.facts, one), (one,)) for one in paid if one not in main]
        if self.facts.reusable:
            return [self.with_purpose(part) for part in parts]
        return [part._replace(problem="duplicate_purchase") for part in parts]

    def with_purpose(self, part: Part) -> Part:
        if self.facts.request and self.facts.request.items:
            return _on_order(part, self.facts.request.items[0])
        payment_type, hints = self.facts.value("payment_type"), self.facts.products
        if payment_type == "credit_topup":
            return self._credit(part, payment_type)
        if SALES.get(payment_type) == "subscription" and not self.facts.value("subscription_key"):
            return self._plan(part, payment_type)
        what = short(f"{payment_type} {hints}") if hints else str(payment_type)
        if payment_type in SALES:
            if what not in self._sold and hints and self.catalog.match(hints).product is None:
                return part._replace(problem=self.catalog.match(hints).reason)
            # Booked by type: the money may be announced without the product, and every announcement must book it alike.
            return part._replace(ware=Ware("sale", SALES[payment_type]), what=what)
        if hints:
            return self.matched(part, hints, what)
        return part._replace(problem=self.traits.unknown_purpose)

    def repurposed(self, part: Part, product: str | None) -> Part:
        """The part as an operator wants it: bought as `product` (`credit` or a catalogue id), or as what the payment itself says."""
        if product is None:
            if part.problem == "overpaid":
                return self._credit(part._replace(problem=None), "")
            if part.problem != "duplicate_purchase":
                return part
            bare = part._replace(problem=None)
            return self.with_purpose(bare) if part.ware is None else bare
        wanted = self.catalog.product(product)
        if product == CREDIT:
            ware = self._credit(part, "").ware
        elif wanted is None:
            return part._replace(ware=None, problem="unmapped_product")
        elif wanted.kind == "plan" and self.facts.value("subscription_key"):
            # The subscription itself gives the access.
            ware = Ware("sale", "subscription")
        else:
            ware = ware_of(wanted)
        return part._replace(ware=ware, problem=None, what="")

    def matched(
        self, part: Part, hints: Sequence[ProductHint], what: str, quantity: int | None = None
    ) -> Part:
        sold = self._sold.get(what)
        if sold is not None:
            bought = quantity if quantity is not None else max(hint.quantity for hint in hints)
            return part._replace(ware=_sold(sold), quantity=bought, what=what)
        match = self.catalog.match(hints)
        if match.product is None:
            return part._replace(problem=match.reason)
        return part._replace(
            ware=ware_of(match.product), quantity=match.quantity if quantity is None else quantity, what=what
        )

    def _plan(self, part: Part, payment_type: str) -> Part:
        """A subscription that no recurring plan charges for: its reference names the plan, or else its price does."""
        hints, reference = self.facts.products, self.facts.value("reference_id")
        if not hints and reference:
            hints = (ProductHint(kind="plan_reference", value=reference),)
        what = short(f"{payment_type} once {hints} {part.amount}")
        sold = self._sold.get(what)
        if sold is not None:
            return part._replace(ware=_sold(sold), quantity=sold.quantity, what=what)
        match = self.catalog.match(hints)
        if match.reason == "unmapped_product":
            match = self.catalog.plan_priced(self.facts.provider, part.amount)
        if match.product is None:
            return part._replace(problem=match.reason)
        return part._replace(ware=ware_of(match.product), quantity=match.quantity, what=what)

    def _credit(self, part: Part, what: str) -> Part:
        sold, terms = self._sold.get(what), self.catalog.credit
        rate, agreed = rate_of(self.facts.request, terms, self.facts.paid_at(part.attempts))
        ware = Ware("credit", CREDIT, rate, late=terms.late, overpaid=terms.overpaid)
        if sold is not None and sold.kind == CREDIT and sold.amount:
            ware = _sold(sold)._replace(rate=rate if agreed else sold.tokens // sold.amount)
        return part._replace(ware=ware, what=what)


def _strictest(parts: Sequence[Part]) -> Overpaid:
    """Of several lines of an order, the one that would have a person look."""
    policies = [part.ware.overpaid for part in parts if part.ware is not None]
    return max(policies, key=OVERPAID.index, default="keep")


def ware_of(product: Product) -> Ware:
    """A product as the catalogue sells it now."""
    period = product.period if product.kind == "plan" else None
    terms = PlanTerms(period, product.grace, product.tier) if period else None
    if product.kind == "plan" and terms is None:
        raise CatalogError(f"product {product.id} has no period")
    if product.kind == "tokens" and product.chat_tokens is None:
        raise CatalogError(f"product {product.id} has no chat_tokens")
    return Ware(
        product.kind,
        product.id,
        product.chat_tokens or 0,
        terms,
        product.part_refund,
        product.late,
        product.overpaid,
    )


def _sold(part: Granted) -> Ware:
    """What was granted, as it was sold."""
    return Ware(
        part.kind,
        part.product,
        part.tokens // part.quantity if part.tokens else 0,
        part.terms,
        part.part_refund,
        part.late,
        part.overpaid,
    )


def _order_parts(facts: PaymentFacts, record: PaymentRecord, shelf: Shelf) -> list[Part]:
    attempts = tuple(facts.successes)
    order = facts.order_snapshot
    own = facts.request if facts.request and facts.request.items else None
    if order is None and own is None:
        # What was paid is known where its event says it; what for is not.
        return [Part(MAIN, brought(facts, attempts), attempts, problem="awaiting_order")]
    whole = Part(MAIN, order.gross_amount if order else own.amount if own else None, attempts)
    if facts.in_hand and MAIN in record.settled:
        return [whole]
    parts = _asked_for(whole, own.items) if own else _as_snapshot(order, whole, shelf)
    if facts.in_hand and any(is_line(key) for key in record.settled):
        # After a person had a hand in it an order delivers nothing more.
        parts = [part for part in parts if part.key in record.parts]
    return parts


def _as_snapshot(order: OrderRecorded | None, whole: Part, shelf: Shelf) -> list[Part]:
    """The lines of an order that we did not make, as its provider shows them."""
    lines = _lines(order) if order else {}
    if not lines:
        return [whole._replace(problem="unmapped_product")]
    shares = allocate(whole.amount or 0, [amount for _, _, amount in lines.values()])
    parts: list[Part] = []
    for (name, (hint, quantity, _)), share in zip(lines.items(), shares, strict=True):
        part = whole._replace(key=line_key(name), amount=share)
        parts += _seats(shelf.matched(part, [hint], name, quantity))
    return parts


def _lines(order: OrderRecorded) -> dict[str, tuple[ProductHint, int, int]]:
    """Lines of one product together: name → (hint, quantity, amount)."""
    lines: dict[str, tuple[ProductHint, int, int]] = {}
    for line in order.lines:
        name = f"{line.product.kind}:{line.product.value}"
        _, quantity, amount = lines.get(name, (line.product, 0, 0))
        lines[name] = (line.product, quantity + line.quantity, amount + line.amount)
    return dict(sorted(lines.items()))


def _seats(part: Part) -> list[Part]:
    """A course is for one person: further seats are a part of their own."""
    if part.ware is None or part.ware.kind != "course" or part.quantity <= 1:
        return [part]
    seat, rest = part.amount, None
    if part.amount is not None:
        seat, *others = allocate(part.amount, [1] * part.quantity)
        rest = sum(others)
    surplus = part._replace(
        key=surplus_key(part.key), amount=rest, quantity=part.quantity - 1, problem="duplicate_purchase"
    )
    return [part._replace(amount=seat, quantity=1), surplus]


def payment_id_of(facts: PaymentFacts, attempts: tuple[str, ...]) -> str:
    """The provider's id to show for these attempts: the money's own id when known, else the request's, else the key."""
    if len(attempts) == 1 and attempts[0] != RequestOnly and not facts.rests:  # as nearly always
        return attempts[0]
    named = [attempt for attempt in attempts if attempt != RequestOnly and attempt not in facts.rests]
    if not named:
        return facts.group_id or facts.order_key
    if len(named) == 1:
        return named[0]
    return min(named, key=lambda a: (str(facts.attempts[a].paid_at), a))
