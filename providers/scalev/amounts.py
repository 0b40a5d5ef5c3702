"""Where Scalev's bodies state amounts: one list, read by the translator and by lists of parked money."""

from __future__ import annotations

STATED = ("gross_revenue",)
"""What the payer is charged. Revenue after fees and prices of single lines are not what was paid."""
