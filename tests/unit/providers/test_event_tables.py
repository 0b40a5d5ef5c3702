"""No documented event is forgotten: every name has a rule, and every name has a recorded shape."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from providers.mayar import events as mayar
from providers.registry import PROVIDERS
from providers.scalev import events as scalev
from providers.xendit import events as xendit

FIXTURES = Path(__file__).parents[2] / "fixtures" / "providers"

XENDIT = """
payment.capture payment.authorization payment.failure payment.expiry payment_request.expiry payment_request.expired
payment_request.succeeded payment_request.failed payment.failed payment.succeeded payment.awaiting_capture payment.pending
capture.succeeded capture.failed ewallet.capture payment_token.activation payment_token.failure payment_token.expiry
payment_method.activated payment_method.expiring payment_method.expired payment_session.completed payment_session.expired
refund.succeeded refund.failed recurring.plan.activated recurring.plan.activation recurring.plan.inactivated
recurring.cycle.created recurring.cycle.succeeded recurring.cycle.retrying recurring.cycle.failed
recurring.cycle.force_attempt_failed dispute.action_required dispute.under_review dispute.won dispute.lost
dispute.due_date_approaching payment.verified
"""
MAYAR = """
testing payment.received payment.success payment.reminder payment.created payment.pending payment.failed payment.expired
membership.newMemberRegistered membership.changeTierMemberRegistered membership.memberUnsubscribed membership.memberExpired
subscription.created subscription.activated subscription.renewed subscription.cancelled subscription.expired
subscription.expiring_soon shipper.status
payment.refunded payment.refund refund.succeeded refund.success
"""
SCALEV = """
business.test_event order.created order.epayment_created order.updated order.deleted order.status_changed
order.payment_status_changed order.spam_created payment.received payment.failed checkout_intent.abandoned
checkout_intent.completed
"""
DOCUMENTED = [
    ("xendit", set(XENDIT.split()), set(xendit.MEANINGS)),
    ("mayar", set(MAYAR.split()), set(mayar.KNOWN)),
    ("scalev", set(SCALEV.split()), set(scalev.KNOWN)),
]
PROVIDERS_IN_ORDER = [provider for provider, _, _ in DOCUMENTED]


@pytest.mark.parametrize(("provider", "documented", "table"), DOCUMENTED, ids=PROVIDERS_IN_ORDER)
def test_every_documented_event_has_a_rule(provider: str, documented: set[str], table: set[str]) -> None:
    assert documented == table


@pytest.mark.parametrize(("provider", "documented", "table"), DOCUMENTED, ids=PROVIDERS_IN_ORDER)
def test_every_documented_event_has_a_recorded_shape(
    provider: str, documented: set[str], table: set[str]
) -> None:
    names = [json.loads(path.read_bytes()).get("event") for path in (FIXTURES / provider).glob("*.json")]
    assert documented <= {name for name in names if isinstance(name, str)}


def test_every_invoice_status_has_a_recorded_shape() -> None:
    recorded = {path.stem.split(".")[1] for path in (FIXTURES / "xendit").glob("invoice.*.json")}
    assert recorded == {status.lower() for status in xendit.INVOICE_STATUSES}


def test_the_registry_knows_four_providers_and_which_prove_little() -> None:
    assert set(PROVIDERS) == {"scalev", "xendit", "mayar", "manual"}
    assert {name for name, provider in PROVIDERS.items() if provider.token_only} == {"xendit", "mayar"}
    assert {name for name, provider in PROVIDERS.items() if not provider.webhooks} == {"manual"}


def test_the_readme_names_every_event() -> None:
    readme = (Path(__file__).parents[3] / "providers" / "README.md").read_text(encoding="utf-8")
    missing = [name for _, documented, _ in DOCUMENTED for name in documented if f"`{name}`" not in readme]
    assert missing == []
