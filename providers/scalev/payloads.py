"""The parts that Scalev's payloads have in common, and the lines of an order."""

from __future__ import annotations

from dataclasses import dataclass

from providers.section import Section
from schemas.errors import UntranslatableError
from schemas.facts import OrderLine, ProductHint

PROVIDER = "scalev"

_EWALLETS = frozenset({"ovo", "dana", "shopeepay", "linkaja", "gopay"})


@dataclass(frozen=True, slots=True)
class OrderIds:
    """`key` is the human order number when there is one: `id` is missing or numeric in old payloads."""

    key: str
    aliases: tuple[str, ...]


def order_ids(data: Section, *further: str | None) -> OrderIds:
    """Raises UntranslatableError when the payload names no order."""
    found = (data.identifier("order_id"), data.identifier("id"), *further)
    names = tuple(dict.fromkeys(one for one in found if one is not None))
    key = found[0] or found[1]
    if key is None:
        raise UntranslatableError("order_id_missing")
    return OrderIds(key, names)


def payer_email(data: Section) -> str | None:
    """The customer's address, else the delivery address's; digital orders may have neither."""
    return data.section("customer").email("email") or data.section("destination_address").email("email")


def method_and_channel(data: Section) -> tuple[str | None, str | None]:
    """`va_bca` and the older `va` + `sub_payment_method` are both virtual accounts; other codes are kept as methods."""
    code = data.text("payment_method")
    if code is None:
        return None, None
    flat = code.lower()
    bank = data.text("sub_payment_method")
    if flat == "va" or flat.startswith("va_"):
        return "va", f"va_{bank.lower()}" if flat == "va" and bank else code
    if flat in _EWALLETS:
        return "ewallet", code
    return ("retail" if flat == "alfamart" else flat), code


def order_lines(data: Section) -> tuple[OrderLine, ...]:
    """What was ordered. Raises UntranslatableError or AmountError on a line that cannot be read."""
    return tuple(_line(line) for line in (*data.sections("orderlines"), *data.sections("orderbundles")))


def _line(line: Section) -> OrderLine:
    quantity = line.quantity("quantity")
    amount = line.amount_if_any("product_price")
    if amount is None:
        unit = "variant_price" if line.has("variant_price") else "price"
        amount = line.amount(unit) * quantity
    return OrderLine(product=_product(line, quantity), quantity=quantity, amount=amount)


def _product(line: Section, quantity: int) -> ProductHint:
    bundle = line.identifier("bundle_price_option_unique_id") or line.identifier("bundle_unique_id")
    if bundle is not None:
        return ProductHint(kind="bundle", value=bundle, quantity=quantity)
    # A line without an id matches no product and is held; its display name never decides.
    return ProductHint(kind="variant", value=line.identifier("variant_unique_id") or "", quantity=quantity)
