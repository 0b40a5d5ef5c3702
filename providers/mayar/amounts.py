"""Where Mayar's bodies state amounts: one list, read by the translator and by lists of parked money."""

from __future__ import annotations

STATED = ("amount", "paymentAmount", "totalAmount", "nominal")
"""Rupiah, the documented name first. `paymentUrlAmount`, `discountAmount` and fees say nothing about what was paid."""
