"""Secrets are compared by `hmac.compare_digest` only, over digests of one length, and what is executed says nothing of how much was right.

Steps are counted, not seconds: what the interpreter executes is the same on every machine. `compare_digest` itself is the standard library's promise.
"""

from __future__ import annotations

import ast
import gc
import hashlib
import inspect
import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from multidict import CIMultiDict

import ingress
import providers
from api.changes.tickets import Tickets
from providers import verification
from providers.registry import PROVIDERS
from runtime.failed_keys import Keyhole
from runtime.metrics import new_registry
from runtime.settings import Settings

SOURCES = sorted(
    path
    for package in (ingress, providers)
    for path in Path(next(iter(package.__path__))).rglob("*.py")
    if path.name in {"signature.py", "verification.py", "door.py"}
)
SECRET_NAMES = {"secret", "token", "signature", "expected", "given", "digest", "credential"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_secret_is_compared_with_an_operator(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Compare):
            continue
        if not any(isinstance(operator, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for operator in node.ops):
            continue
        names = {item.id for item in ast.walk(node) if isinstance(item, ast.Name)}
        assert not names & SECRET_NAMES, f"{path.name}:{node.lineno} compares {names & SECRET_NAMES}"


def test_there_is_a_verifier_per_provider_to_look_at() -> None:
    assert {path.parent.name for path in SOURCES} >= {"scalev", "xendit", "mayar", "ingress"}


def test_every_comparison_goes_through_compare_digest() -> None:
    assert "hmac.compare_digest(" in inspect.getsource(verification)


def test_no_secret_is_skipped_after_a_match(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time of an answer must not tell which of several secrets matched."""
    calls: list[bytes] = []
    original = verification.hmac.compare_digest

    def counted(left: bytes, right: bytes) -> bool:
        calls.append(right)
        assert len(left) == len(right)
        return original(left, right)

    monkeypatch.setattr(verification.hmac, "compare_digest", counted)
    for token in ("first", "third", "none", "x" * 5000):
        calls.clear()
        headers = CIMultiDict({"x-callback-token": token})
        verification.verify_static_token(headers, "x-callback-token", ["first", "second", "third"])
        assert len(calls) == 3


SECRET = "contoh-rahasia-yang-panjang-0123456789"
BODY = b'{"event":"business.test_event"}'


def steps(work: Callable[[], object]) -> tuple[int, list[tuple[int, int]]]:
    """How many instructions of Python it takes, and the lengths that `compare_digest` was given."""
    count, compared = 0, []
    original = verification.hmac.compare_digest

    def counted(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return counted

    def spied(left: bytes, right: bytes) -> bool:
        compared.append((len(left), len(right)))
        return original(left, right)

    before = sys.gettrace()
    gc.disable()  # who is told of collections (Hypothesis is) executes something of its own
    verification.hmac.compare_digest = spied  # type: ignore[assignment]
    sys.settrace(counted)
    try:
        work()
    finally:
        sys.settrace(before)
        gc.enable()
        verification.hmac.compare_digest = original
    return count, compared


def guesses(secret: str) -> list[str]:
    """Of the same length: right up to every place, right but for one place, and at random."""
    chance = random.Random(7)
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

    def other(place: int) -> str:
        return next(letter for letter in letters if letter != secret[place])

    cut = [secret[:place] + "".join(map(other, range(place, len(secret)))) for place in range(len(secret))]
    one = [secret[:place] + other(place) + secret[place + 1 :] for place in range(len(secret))]
    return [*cut, *one, *("".join(chance.choices(letters, k=len(secret))) for _ in range(50))]


def test_what_a_wrong_token_costs_does_not_tell_how_much_of_it_was_right() -> None:
    def ask(token: str, secrets: Sequence[str]) -> Callable[[], object]:
        headers = CIMultiDict({"x-callback-token": token})
        return lambda: PROVIDERS["xendit"].verify(headers, BODY, secrets)

    for secrets in ((SECRET,), (SECRET, "another-one"), ("another-one", SECRET, "a-third")):
        ask(SECRET, secrets)()  # digests of our own secrets are remembered
        seen = {str(steps(ask(guess, secrets))) for guess in guesses(SECRET)}
        assert len(seen) == 1


def test_what_a_wrong_signature_costs_does_not_tell_how_much_of_it_was_right() -> None:
    right = hashlib.sha256(b"x").digest()
    verify, secrets = PROVIDERS["scalev"].verify, (SECRET, "another-one")
    signature = verification.sign_hmac_sha256(BODY, SECRET)
    seen = set()
    for place in range(len(signature) - 2):
        for letter in "Ab7":
            wrong = signature[:place] + letter + signature[place + 1 :]
            if wrong != signature:
                headers = CIMultiDict({"X-Scalev-Hmac-Sha256": wrong})
                seen.add(str(steps(lambda headers=headers: verify(headers, BODY, secrets))))  # type: ignore[misc]
    assert len(right) == 32
    assert len(seen) == 1


async def test_what_a_wrong_key_costs_does_not_tell_how_much_of_it_was_right(
    settings: Callable[..., Settings],
) -> None:
    keyhole = Keyhole(SECRET, settings(failed_keys_max=10_000), new_registry(), door="api")
    keyhole.opens("192.0.2.1", "the first wrong key writes a line")
    seen = {str(steps(lambda guess=guess: keyhole.opens("192.0.2.1", guess))) for guess in guesses(SECRET)}  # type: ignore[misc]
    keyhole.close()
    assert len(seen) == 1


def test_what_a_wrong_seal_costs_does_not_tell_how_much_of_it_was_right() -> None:
    tickets = Tickets(SECRET, 900)
    shown, _ = tickets.issue("c-1")
    seen = set()
    for place in range(len(shown) - 40, len(shown) - 1):
        letter = "A" if shown[place] != "A" else "B"
        wrong = shown[:place] + letter + shown[place + 1 :]
        seen.add(str(steps(lambda wrong=wrong: tickets.read(wrong))))  # type: ignore[misc]
    assert len(seen) == 1
