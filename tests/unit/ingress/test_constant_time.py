"""Secrets are compared by `hmac.compare_digest` only, over digests of one length."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest
from multidict import CIMultiDict

import ingress
import providers
from providers import verification

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
