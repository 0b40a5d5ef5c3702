"""Which money of a case belongs together: the parts that are granted or held one by one.

A top-up has one part; further captures of the same request are parts of their own; an order has one part per product and one for surplus seats.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from processor.cases.attempts import RequestOnly
from processor.cases.choice import MAIN, amount_of, extra_key, main_attempts, paid_attempts
from processor.cases.payment import PaymentCase
from providers.registry import traits_of
from schemas.catalog import Catalog, Product
from schemas.facts import OrderRecorded
from schemas.money import allocate

Kind = Literal["credit", "tokens", "course", "sale", "plan"]


class Part(NamedTuple):
    """`amount` in rupiah, None when no event told. Either `kind` and `product` say what it buys, or `problem` why that is unclear."""

    key: str
    amount: int | None
    attempts: tuple[str, ...]
    kind: Kind | None = None
    product: Product | None = None
    sold_as: str = ""
    quantity: int = 1
    problem: str | None = None
    underpaid: bool = False


SALES = {
    "paper_completion": "paper_completion",
    "subscription_initial": "subscription",
    "subscription_renewal": "subscription",
}


def parts_of(case: PaymentCase, catalog: Catalog) -> list[Part]:
    """Deterministic for a set of facts, except that what was granted stays what it is."""
    if not any(attempt.succeeded for attempt in case.attempts.values()):
        return []
    if case.order is not None or traits_of(case.provider).orders_carry_payments:
        return _order_parts(case, catalog)
    return _payment_parts(case, catalog)


def _payment_parts(case: PaymentCase, catalog: Catalog) -> list[Part]:
    paid = paid_attempts(case)
    main, underpaid = main_attempts(case, paid)
    parts: list[Part] = []
    if main:
        amounts = [amount_of(case, attempt) for attempt in main]
        known = [amount for amount in amounts if amount is not None]
        total = sum(known) if len(known) == len(amounts) else None
        parts = _seats(_with_purpose(Part(MAIN, total, tuple(main), underpaid=underpaid), case, catalog))
    return parts + [_extra(case, attempt, catalog) for attempt in paid if attempt not in main]


def _extra(case: PaymentCase, attempt: str, catalog: Catalog) -> Part:
    """Money beyond what the request asked for: a purchase of its own where the code may be paid again and again."""
    part = Part(extra_key(attempt), amount_of(case, attempt), (attempt,))
    return (
        _with_purpose(part, case, catalog) if case.reusable else part._replace(problem="duplicate_purchase")
    )


def _with_purpose(part: Part, case: PaymentCase, catalog: Catalog) -> Part:
    payment_type = case.value("payment_type")
    if payment_type == "credit_topup":
        return part._replace(kind="credit", sold_as="credit")
    hints = case.products
    if payment_type in SALES:
        match = catalog.match(hints) if hints else None
        if match and match.product is None:
            return part._replace(problem=match.reason)
        # Booked by type: the money may be announced without the product, and every announcement must book it alike.
        return part._replace(kind="sale", sold_as=SALES[payment_type])
    if hints:
        match = catalog.match(hints)
        if match.product is None:
            return part._replace(problem=match.reason)
        return part._replace(
            kind=match.product.kind,
            product=match.product,
            quantity=match.quantity,
            sold_as=match.product.id,
        )
    return part._replace(problem=traits_of(case.provider).unknown_purpose)


def _order_parts(case: PaymentCase, catalog: Catalog) -> list[Part]:
    attempts = tuple(case.successes)
    order = case.order_snapshot
    if order is None:
        return [Part(MAIN, None, attempts, problem="awaiting_order")]
    if MAIN in case.grants or MAIN in case.closed:
        return [Part(MAIN, order.gross_amount, attempts)]
    lines = _lines(order)
    if not lines:
        return [Part(MAIN, order.gross_amount, attempts, problem="unmapped_product")]
    shares = allocate(order.gross_amount, [amount for _, amount in lines.values()])
    parts: list[Part] = []
    for (name, (quantity, _)), share in zip(lines.items(), shares, strict=True):
        parts += _line_parts(order, catalog, name, quantity, share, attempts)
    return parts


def _lines(order: OrderRecorded) -> dict[str, tuple[int, int]]:
    """Lines of one product together: name → (quantity, amount)."""
    lines: dict[str, tuple[int, int]] = {}
    for line in order.lines:
        name = f"{line.product.kind}:{line.product.value}"
        quantity, amount = lines.get(name, (0, 0))
        lines[name] = (quantity + line.quantity, amount + line.amount)
    return dict(sorted(lines.items()))


def _line_parts(
    order: OrderRecorded, catalog: Catalog, name: str, quantity: int, share: int, attempts: tuple[str, ...]
) -> list[Part]:
    hint = next(line.product for line in order.lines if f"{line.product.kind}:{line.product.value}" == name)
    match = catalog.match([hint])
    key = f"line:{name}"
    if match.product is None:
        return [Part(key, share, attempts, problem=match.reason)]
    product = match.product
    return _seats(Part(key, share, attempts, product.kind, product, product.id, quantity))


def _seats(part: Part) -> list[Part]:
    """A course is for one person: further seats are a part of their own."""
    if part.kind != "course" or part.quantity <= 1:
        return [part]
    seat, rest = part.amount, None
    if part.amount is not None:
        seat, *others = allocate(part.amount, [1] * part.quantity)
        rest = sum(others)
    surplus = part._replace(
        key=f"{part.key}:surplus",
        amount=rest,
        quantity=part.quantity - 1,
        problem="duplicate_purchase",
    )
    return [part._replace(amount=seat, quantity=1), surplus]


def repurposed(part: Part, case: PaymentCase, catalog: Catalog, product: str | None) -> Part:
    """The part as an operator wants it: bought as `product` (`credit` or a catalogue id), or as what the payment itself says."""
    if product == "credit":
        return part._replace(kind="credit", sold_as="credit", product=None, problem=None)
    if product is not None:
        wanted = catalog.product(product)
        if wanted is None:
            return part._replace(problem="unmapped_product")
        if wanted.kind == "plan" and case.value("subscription_key"):
            # The subscription itself gives the access.
            return part._replace(kind="sale", product=None, sold_as="subscription", problem=None)
        return part._replace(kind=wanted.kind, product=wanted, sold_as=wanted.id, problem=None)
    if part.problem != "duplicate_purchase":
        return part
    if part.kind is not None:
        return part._replace(problem=None)
    return _with_purpose(part._replace(problem=None), case, catalog)


def payment_id_of(case: PaymentCase, attempts: tuple[str, ...]) -> str:
    """The provider's id to show for these attempts: the money's own id when known, else the request's, else the key."""
    named = [attempt for attempt in attempts if attempt != RequestOnly]
    if not named:
        return case.group_id or case.order_key
    if len(named) == 1:
        return named[0]
    return min(named, key=lambda a: (str(case.attempts[a].paid_at), a))
