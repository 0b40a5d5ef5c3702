"""Where Xendit's bodies state amounts, over all generations of its API: one list, read by translators and by lists of parked money."""

from __future__ import annotations

RECEIVED = ("capture_amount", "captured_amount", "paid_amount", "request_amount", "amount", "charge_amount")
"""Rupiah received, most telling first. An authorization of 40,000 may be captured in part: what was captured counts."""

REFUNDED = ("refund_amount", "refunded_amount", "amount", "void_amount", "capture_amount", "charge_amount")
"""Rupiah that went back. A void gives back the whole charge and names no amount of its own."""

NET, FEE = ("adjusted_received_amount",), ("fees_paid_amount",)
"""What is left of a paid invoice after Xendit's fees, and the fees. Not every callback has them, and examples name a fee of 0 beside a net amount that is
less: what is left counts.
"""

STATED = tuple(dict.fromkeys((*RECEIVED, *REFUNDED, "authorized_amount", "expected_amount")))
"""Every field that says how much a body is about."""
