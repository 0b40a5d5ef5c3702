"""A test passes on any day and at any speed: it waits for what is to happen, and asks no calendar what today is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

TESTS = Path(__file__).parents[1]
FOR_EVER = 60
"""Seconds. Who sleeps longer is meant to be ended from outside."""
PATIENT = 30
"""Seconds. Who gives up later does it only when something hangs, on any machine."""
GIVING_UP = (
    "communicate",
    "wait",
    "run",
    "get",
    "urlopen",
    "publish",
    "wait_for",
    "connect",
    "create_connection",
)
"""Calls with a `timeout=`."""
HERE = {"waiting.py", "jumping.py"}
"""The homes of waiting: for a condition, and in a time that jumps."""
BESIDE = {"benchmarks", "anyday", "torture", "witness", "powercuts", "rehearsal", "simulation", "stalled"}
"""Not tests: measuring time, moving it, standing still, faults that last a while, real containers, and a simulated time that jumps."""


def ours() -> Iterator[Path]:
    for path in sorted(TESTS.rglob("*.py")):
        if path.name not in HERE and not BESIDE.intersection(path.relative_to(TESTS).parts):
            yield path


def fixed_waits(tree: ast.AST, polling: bool = False) -> Iterator[int]:
    """Lines with a sleep of a fixed time outside a loop that looks for something (`while`)."""
    for node in ast.iter_child_nodes(tree):
        looks = isinstance(node, ast.While) or (polling and not isinstance(node, ast.For | ast.AsyncFor))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("asyncio.sleep", "time.sleep", "sleep"):
            seconds = node.args[0]
            known = isinstance(seconds, ast.Constant) and isinstance(seconds.value, int | float)
            harmless = known and (seconds.value == 0 or seconds.value >= FOR_EVER)  # type: ignore[attr-defined,operator]
            if not polling and not harmless:
                yield node.lineno
        yield from fixed_waits(node, looks)


def calendar_reads(tree: ast.AST) -> Iterator[int]:
    """Lines that ask what today is: for a time without a zone, or for a part of it (months have 28 days, days 23 hours)."""
    parts = ("year", "month", "day", "hour", "weekday", "strftime")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            local = ("date.today", "datetime.today", "datetime.utcnow", "time.localtime", "time.strftime")
            if name in local or (name == "datetime.now" and not node.args and not node.keywords):
                yield node.lineno
            if name.startswith("datetime.now(") and {word.arg for word in node.keywords} & {*parts}:
                yield node.lineno
        if (
            isinstance(node, ast.Attribute)
            and node.attr in parts
            and "datetime.now(" in ast.unparse(node.value)
        ):
            yield node.lineno


def hasty_limits(tree: ast.AST, expected: bool = False) -> Iterator[int]:
    """Lines that give up so soon that a machine which stands still for a moment is taken for one that hangs, and do not say that it is meant."""
    for node in ast.iter_child_nodes(tree):
        meant = expected or _expects_the_end(node)
        seconds = _limit(node) if isinstance(node, ast.Call) else None
        known = isinstance(seconds, ast.Constant) and isinstance(seconds.value, int | float)
        if known and 0 < seconds.value < PATIENT and not meant:  # type: ignore[union-attr,operator]
            yield node.lineno  # type: ignore[attr-defined]
        yield from hasty_limits(node, meant)


def lower_limits(tree: ast.AST) -> Iterator[int]:
    """Lines where a test ends sooner than any: what a quiet machine does in a minute takes a busy one five."""
    (common,) = re.findall(
        r"^timeout = (\d+)", (TESTS.parent / "pyproject.toml").read_text("utf-8"), re.MULTILINE
    )
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.timeout":
            seconds = node.args[0]
            if not isinstance(seconds, ast.Constant) or seconds.value <= int(common):
                yield node.lineno


def _expects_the_end(node: ast.AST) -> bool:
    """Whether what stands in it is meant to run out of time."""
    if isinstance(node, ast.With | ast.AsyncWith):
        managers = [ast.unparse(item.context_expr) for item in node.items]
        return any(re.search(r"(raises|suppress)\(.*TimeoutError", one) for one in managers)
    if isinstance(node, ast.Try):
        return any(one.type is not None and "TimeoutError" in ast.unparse(one.type) for one in node.handlers)
    return False


def _limit(call: ast.Call) -> ast.expr | None:
    """The seconds after which it gives up."""
    name = ast.unparse(call.func)
    if name == "asyncio.timeout" and call.args:
        return call.args[0]
    if name in ("asyncio.wait_for", "until") and len(call.args) > 1:
        return call.args[1]
    if name != "asyncio.wait" and name.rpartition(".")[2] in GIVING_UP:
        return next((word.value for word in call.keywords if word.arg == "timeout"), None)
    return None


@pytest.mark.parametrize("forbidden", [fixed_waits, calendar_reads, hasty_limits, lower_limits])
def test_no_test_waits_for_a_while_or_reads_the_calendar_or_gives_up_soon(forbidden: object) -> None:
    found = [
        f"{path.relative_to(TESTS)}:{line}"
        for path in ours()
        for line in forbidden(ast.parse(path.read_text(encoding="utf-8")))  # type: ignore[operator]
    ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "waits"),
    [
        ("async def f():\n    await asyncio.sleep(0.2)", True),
        ("def f():\n    for _ in range(3):\n        time.sleep(1)", True),
        ("def f():\n    while a:\n        for b in c:\n            time.sleep(1)", True),
        ("def f():\n    await asyncio.sleep(pause)", True),
        ("def f():\n    while not look():\n        time.sleep(0.1)", False),
        ("def f():\n    await asyncio.sleep(0)", False),
        ("def f():\n    stuck(asyncio.sleep(60))", False),
    ],
)
def test_a_fixed_wait_is_recognised(text: str, waits: bool) -> None:
    assert bool([*fixed_waits(ast.parse(text))]) is waits


@pytest.mark.parametrize(
    ("text", "hasty"),
    [
        ("async def f():\n    async with asyncio.timeout(5):\n        await g()", True),
        ("async def f():\n    await asyncio.wait_for(g(), 0.5)", True),
        ("async def f():\n    await until(g, 20)", True),
        ("process.communicate(timeout=10)", True),
        ("async def f():\n    async with asyncio.timeout(60):\n        await g()", False),
        (
            "async def f():\n    with pytest.raises(TimeoutError):\n        async with asyncio.timeout(0.1):\n            await g()",
            False,
        ),
        (
            "async def f():\n    try:\n        await asyncio.wait_for(g(), 1)\n    except TimeoutError:\n        pass",
            False,
        ),
        ("async def f():\n    await asyncio.wait({a}, timeout=0.1)", False),
        ("async def f():\n    await until(g)", False),
    ],
)
def test_a_hasty_limit_is_recognised(text: str, hasty: bool) -> None:
    assert bool([*hasty_limits(ast.parse(text))]) is hasty


def test_a_limit_below_that_of_every_test_is_recognised() -> None:
    assert [*lower_limits(ast.parse("pytestmark = pytest.mark.timeout(60)"))] == [1]
    assert [*lower_limits(ast.parse("@pytest.mark.timeout(1200)\ndef test_a() -> None: ..."))] == []


def test_no_example_of_hypothesis_has_a_limit_of_time() -> None:
    chosen = hypothesis.settings()
    assert chosen.deadline is None
    assert hypothesis.HealthCheck.too_slow in chosen.suppress_health_check


@pytest.mark.parametrize(
    "text", ["date.today()", "datetime.now()", "datetime.now(UTC).replace(day=1)", "datetime.now(UTC).month"]
)
def test_a_calendar_read_is_recognised(text: str) -> None:
    assert [*calendar_reads(ast.parse(text))]
