"""Every reason for which something is parked has a right next step: in the command, in both languages, and in the runbook."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.next_steps import next_step, step_of
from console.texts import TEXTS
from processor.intake.retry import why_parked
from schemas.topology import topology

ROOT = Path(__file__).parents[2]
RUNBOOK = (ROOT / "docs/runbooks/dead-letters.md").read_text(encoding="utf-8")
ERRORS = {
    "UntranslatableError": ("translate", ""),
    "AmountError": ("translate", ""),
    "UnparsableError": ("translate", "unparsable_"),
    "EnvelopeError": ("decode", "frame_"),
    "EnvelopeInvalid": ("decode", ""),
}
# Where stage and reason stand among the arguments.
PARKING = {"WhyParked": 0, "parked": 1, "unreadable": 1}
# A broker's words for taking a message out of a queue (https://www.rabbitmq.com/docs/dlx).
BROKERS = ("rejected", "expired", "maxlen", "delivery_limit")


def words(node: ast.expr) -> list[str]:
    """Every text an expression can be; what is only known while the program runs is `x`."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.IfExp):
        return words(node.body) + words(node.orelse)
    if isinstance(node, ast.JoinedStr):
        return ["".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)]
    return []


def reasons_in(tree: ast.AST, *, deciding: bool) -> Iterator[tuple[str, str]]:
    """(stage, reason) of everything a file parks."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func).rpartition(".")[2]
        if name in ERRORS and node.args:
            stage, beginning = ERRORS[name]
            yield from ((stage, beginning + word) for word in words(node.args[0]))
        if name in PARKING and len(node.args) > PARKING[name] + 1:
            stages, found = (words(node.args[PARKING[name] + offset]) for offset in (0, 1))
            yield from ((stage, word) for stage in stages for word in found)
        if deciding and ("tell" in name or ast.unparse(node.func).endswith("parked.append")):
            plain = [
                one for each in node.args for one in (each.elts if isinstance(each, ast.Tuple) else [each])
            ]
            codes = [word for one in plain for word in words(one)]
            yield from (("fulfil", code) for code in codes if re.fullmatch(r"[a-z]+(_[a-z]+)+", code))


def all_reasons() -> set[tuple[str, str]]:
    found = {("broker", word) for word in (*BROKERS, why_parked({}).reason)}
    for room in ("providers", "schemas", "processor"):
        for path in (ROOT / room).rglob("*.py"):
            deciding = room == "processor" and "intake" not in path.parts
            found |= set(reasons_in(ast.parse(path.read_text(encoding="utf-8")), deciding=deciding))
    return found


REASONS = sorted(all_reasons())


def test_the_search_finds_what_is_known_to_be_there() -> None:
    known = {
        ("decode", "frame_magic"),
        ("decode", "text_invalid"),
        ("translate", "unparsable_not_json"),
        ("translate", "amount_fractional"),
        ("translate", "translator_failed"),
        ("translate", "status_unknown"),
        ("translate", "status_missing"),
        ("append", "conflicting_content"),
        ("append", "retries_exhausted"),
        ("append", "not_storable"),
        ("broker", "crash_loop"),
        ("broker", "dead_lettered"),
        *(
            ("fulfil", reason)
            for reason in (
                "policy_failed",
                "refund_exceeds_payment",
                "payment_counted_twice",
                "amount_changed_after_grant",
                "payment_reversed",
                "order_deleted_after_payment",
                "licence_of_another_customer",
            )
        ),
    }
    assert known - set(REASONS) == set()
    assert topology(partitions=1).queues


@pytest.mark.parametrize(("stage", "reason"), REASONS)
def test_every_reason_has_a_next_step_of_its_own(stage: str, reason: str) -> None:
    step = step_of(reason)
    assert step is not None, f"{reason} has no step in console/next_steps.py"
    english, indonesian = TEXTS[f"dlq.next.{step}"]
    assert english != indonesian
    assert next_step(stage, reason) in (english, indonesian)


@pytest.mark.parametrize(("stage", "reason"), REASONS)
def test_no_step_makes_a_live_alarm_go_away(stage: str, reason: str) -> None:
    """Sending a webhook again mends what stopped it on its way. It says nothing about what was decided, nor about two that contradict."""
    helps = stage in ("append", "broker", "translate") and reason != "conflicting_content"
    for said in TEXTS[f"dlq.next.{step_of(reason)}"]:
        assert "replay" not in said or helps or reason == "policy_failed", said
        assert "lunas" in said


@pytest.mark.parametrize(("stage", "reason"), REASONS)
def test_the_runbook_says_what_to_do(stage: str, reason: str) -> None:
    families = [name.replace("…", "") for name in re.findall(r"`([a-z_]*…[a-z_]*)`", RUNBOOK)]
    named = f"`{reason}`" in RUNBOOK
    assert named or any(reason.startswith(one) or reason.endswith(one) for one in families), reason
