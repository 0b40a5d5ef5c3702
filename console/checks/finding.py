"""What one check found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from console.causes import Subject

State = Literal["ok", "note", "problem", "not_looked_at"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`check` is a stable name for programs; `detail` says what is, `fix` what to do, in the operator's language.

    A `note` deserves a look but nothing is broken; a `problem` makes `lunas doctor` exit with 1. What this process may not look at is
    neither right nor wrong: `fix` then says who may. `subject`: what is in trouble, for finding causes.
    """

    check: str
    state: State
    detail: str
    fix: str = ""
    subject: Subject | None = None


def ok(check: str, detail: str) -> Finding:
    """All is well."""
    return Finding(check, "ok", detail)


def note(check: str, detail: str, fix: str) -> Finding:
    """Worth a look."""
    return Finding(check, "note", detail, fix)


def problem(check: str, detail: str, fix: str, subject: Subject | None = None) -> Finding:
    """Broken, or a risk to money or data."""
    return Finding(check, "problem", detail, fix, subject)


def unseen(check: str, detail: str, fix: str) -> Finding:
    """This process may not look at it."""
    return Finding(check, "not_looked_at", detail, fix)
