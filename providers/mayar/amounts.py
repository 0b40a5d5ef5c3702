"""Where Mayar's bodies state amounts: one list, read by the translator and by lists of parked money."""

from __future__ import annotations

STATED = ("amount", "paymentAmount", "totalAmount", "nominal")
"""Rupiah, the documented name first. `paymentUrlAmount`, `discountAmount` and fees say nothing about what was paid."""

NET = ("nettAmount",)
"""What is left of the amount after Mayar's fees."""

WENT_BACK = ("amountRefunded", "refundedAmount", "refundAmount")
"""Rupiah of a payment that went back. None of them is documented; the first that is there counts."""

ASKED_FOR = (*STATED, "paymentLinkAmount")
"""What an open payment is about: the price of its link, where nothing else says it. What was paid may be less, by a coupon."""
