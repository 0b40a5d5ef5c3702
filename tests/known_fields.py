"""Writes `providers/<name>/fields.txt`: every field of the recorded and simulated bodies, by path and type; of one
that is always empty there, `null`. `python -m tests.known_fields`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from providers.fields import EMPTY, empty_fields_of, fields_of
from providers.simulation import simulate_day
from schemas import strict_json
from schemas.errors import UnparsableError

ROOT = Path(__file__).parents[1]
RECORDED = ROOT / "tests/fixtures/providers"


def text_of(provider: str) -> str:
    """What the file of one provider must hold."""
    found, empty = set(), set()
    for path in sorted((RECORDED / provider).glob("*.json")):
        try:
            body = strict_json.loads(path.read_bytes())
        except UnparsableError:
            continue
        found |= fields_of(body)
        empty |= empty_fields_of(body)
    for seed in range(3):
        for webhook in simulate_day(
            seed, customers=10, count=300, start=datetime(2026, 1, 1, tzinfo=UTC)
        ).webhooks:
            if webhook.provider == provider:
                found |= fields_of(json.loads(webhook.body))
    found |= {(path, EMPTY) for path in empty - {path for path, _ in found}}
    return "".join(f"{path} {shape}\n" for path, shape in sorted(found))


def providers() -> list[str]:
    return sorted(one.name for one in RECORDED.iterdir() if text_of(one.name))


if __name__ == "__main__":
    for name in providers():
        (ROOT / "providers" / name / "fields.txt").write_text(text_of(name), encoding="utf-8")
