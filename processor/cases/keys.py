"""What cases wait for and what parts of their money are called: one home for each name, so that who wakes and who waits agree."""

from __future__ import annotations

import hashlib
from typing import NewType

WaitKey = NewType("WaitKey", str)
"""Something that may happen and that cases wait for."""

CATALOG = WaitKey("catalog")
NEW_PROGRAM = WaitKey("policy")
"""What a case waits for that a bug keeps from being decided."""

MAIN = "main"
"""The part that is the money which was asked for."""


def customer_key(customer_id: str) -> WaitKey:
    """This customer registers."""
    return WaitKey(f"customer:{customer_id}")


def email_key(email: str) -> WaitKey:
    """Somebody has this address, or has it no more."""
    return WaitKey(f"email:{email}")


def course_key(customer_id: str, course: str) -> WaitKey:
    """Who is to have the course may be decided anew."""
    return WaitKey(f"course:{customer_id}:{course}")


def charge_key(provider: str, payment: str) -> WaitKey:
    """Whether the money of a charge counts."""
    return WaitKey(f"charge:{provider}:{payment}")


def confirmation_key(provider: str) -> WaitKey:
    """The provider confirms money on our asking; who asks finds by it what is waited for (`processor/reconciliation/confirming.py`)."""
    return WaitKey(f"confirmation:{provider}")


def case_key(case: str) -> WaitKey:
    """A subscription finds its customer."""
    return WaitKey(f"case:{case}")


def plans_key(customer_id: str) -> WaitKey:
    """Another purchase or another membership of a customer."""
    return WaitKey(f"plans:{customer_id}")


def extra_key(attempt: str) -> str:
    """The part that is this attempt alone, apart from the main money."""
    return f"attempt:{attempt}"


def is_extra(part: str) -> bool:
    return part.startswith("attempt:")


def line_key(name: str) -> str:
    """The part that is an order's lines of one product."""
    return f"line:{name}"


def is_line(part: str) -> bool:
    return part.startswith("line:")


def surplus_key(part: str) -> str:
    """The part that is the seats beyond the first."""
    return f"{part}:surplus"


def is_surplus(part: str) -> bool:
    return part.endswith(":surplus")


def over_key(part: str) -> str:
    """The part that is beyond what was asked for."""
    return f"{part}:over"


def is_over(part: str) -> bool:
    return part.endswith(":over")


def foreign_key(case: str, part: str) -> str:
    """A part of another case, which turned out to be this one."""
    return f"{case} {part}"


def suspense_id(case: str, part: str) -> str:
    """Stable id of the held money of one part of a case."""
    return "sus_" + hashlib.sha256(f"{case}\n{part}".encode()).hexdigest()[:16]


def plan_row(customer_id: str, product: str) -> str:
    """What readers know a customer's own purchases of a plan by."""
    return f"plan:{customer_id}:{product}"


def is_plan_row(subscription_id: str) -> bool:
    return subscription_id.startswith("plan:")
