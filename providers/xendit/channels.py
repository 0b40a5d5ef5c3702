"""How Xendit names channels, and the method each belongs to."""

from __future__ import annotations

_METHODS: dict[str, str] = {
    "QRIS": "qris",
    "QR_CODE": "qris",
    "BANK_TRANSFER": "va",
    "VIRTUAL_ACCOUNT": "va",
    "EWALLET": "ewallet",
    "OVO": "ewallet",
    "GOPAY": "ewallet",
    "DANA": "ewallet",
    "SHOPEEPAY": "ewallet",
    "LINKAJA": "ewallet",
    "ASTRAPAY": "ewallet",
    "JENIUSPAY": "ewallet",
    "NEXCASH": "ewallet",
    "CARD": "card",
    "CARDS": "card",
    "CREDIT_CARD": "card",
    "RETAIL_OUTLET": "retail",
    "OVER_THE_COUNTER": "retail",
    "ALFAMART": "retail",
    "INDOMARET": "retail",
    "DIRECT_DEBIT": "direct_debit",
    "PAYLATER": "paylater",
}


def method_of(code: str | None) -> str | None:
    """`qris`, `va`, `ewallet`, `card`, `retail`, `direct_debit`, `paylater`; None for a code we do not know.

    `ID_OVO` is the older spelling of `OVO`; `GOPAY_RECURRING` a channel of its own for stored instruments.
    """
    if code is None:
        return None
    name = code.upper().removeprefix("ID_").removesuffix("_RECURRING").removesuffix("_TOKENIZED")
    if name.endswith("_VIRTUAL_ACCOUNT"):
        return "va"
    if name.endswith("_DIRECT_DEBIT") or name.startswith("DD_"):
        return "direct_debit"
    return _METHODS.get(name)
