"""Whatever a provider tells, each fact of it says how much is known: by how the provider speaks, and by whether we asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from schemas.attestation import Attestation
from schemas.attested import ProviderFact
from schemas.envelope import RECONCILED
from schemas.facts import PaymentSettled
from tests.unit.processor.intake.envelopes import envelope, interpreter

FIXTURES = Path(__file__).parents[2] / "fixtures" / "providers"
BODIES = sorted(FIXTURES.glob("*/*.json"))
WEBHOOK: dict[str, Attestation] = {
    "xendit": "token_only",
    "mayar": "token_only",
    "scalev": "signed",
    "manual": "operator",
}


@pytest.mark.parametrize("path", BODIES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_each_fact_says_how_much_is_known_of_it(path: Path) -> None:
    provider = path.parent.name
    told = envelope(path.read_bytes(), provider)
    for one, level in ((told, WEBHOOK[provider]), (replace(told, scheme=RECONCILED), "api_confirmed")):
        prepared = interpreter().prepare(one)
        for fact in prepared.translation.facts if prepared.translation else ():
            assert isinstance(fact.event, ProviderFact)
            settled = isinstance(fact.event, PaymentSettled) and level != "token_only"
            assert fact.event.attestation == ("settled" if settled else level)
