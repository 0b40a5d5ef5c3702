"""Deliveries about one payment, order or subscription find the same partition; whatever cannot be read finds a fixed one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import NamedTuple

import pytest

from processor.cases.names import names_of
from providers.provider import LOOKED_INTO_BYTES, NOBODY
from providers.registry import PROVIDERS
from providers.simulation import simulate_day
from schemas.errors import AmountError, UnparsableError, UntranslatableError
from schemas.strict_json import loads
from schemas.topology import partition_of
from schemas.translation import TranslationContext
from tests.unit.providers.webhooks import FIXTURES, NOW, changed, recorded

KNOWN_APART = {
    frozenset({"recurring.cycle.succeeded", "payment.capture"}),  # no name in both that the plan has too
    frozenset({"payment.success"}),  # the short form: names nothing, so all of them share a partition
}
"""Events about one thing that may meet different partitions, or only the one of what names nothing. See `Provider.partition_key`."""


PINNED = {"xendit": 140, "mayar": 72, "scalev": 229}


class Told(NamedTuple):
    """One body under a label."""

    label: str
    provider: str
    body: bytes


RECORDED = [
    Told(path.name.removesuffix(".json"), path.parent.name, path.read_bytes())
    for path in sorted(FIXTURES.glob("*/*.json"))
]


def key(provider: str, document: object) -> str:
    return PROVIDERS[provider].partition_key(json.dumps(document).encode())


def cases_of(told: Told) -> list[tuple[str, ...]]:
    """The names of the cases that fulfilment would open for a body."""
    try:
        translation = PROVIDERS[told.provider].translate(loads(told.body), TranslationContext(NOW))
    except (UnparsableError, UntranslatableError, AmountError):
        return []
    return [names for fact in translation.facts if (names := names_of(fact.event))]


def families(bodies: Iterable[Told]) -> list[dict[str, set[str]]]:
    """Per thing that several names may mean: partition key → labels of the bodies about it."""
    meant: dict[str, str] = {}

    def find(name: str) -> str:
        while (other := meant.setdefault(name, name)) != name:
            name = other
        return name

    told = [(names, body) for body in bodies for names in cases_of(body)]
    for names, _ in told:
        for name in names[1:]:
            meant[find(name)] = find(names[0])
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for names, body in told:
        found[find(names[0])][PROVIDERS[body.provider].partition_key(body.body)].add(body.label)
    return list(found.values())


def apart(bodies: Iterable[Told]) -> Counter[frozenset[str]]:
    """Labels of the families that do not share one named key, and how many families each."""
    return Counter(
        frozenset().union(*family.values())
        for family in families(bodies)
        if len(family) > 1 or NOBODY in family
    )


def test_recorded_deliveries_about_one_thing_share_a_partition() -> None:
    assert len(families(RECORDED)) > 40
    assert set(apart(RECORDED)) == {
        frozenset({"payment.success"}),
        frozenset({"payment.success.gold"}),
        frozenset({"payment.success.tier-name"}),
        # Two recordings with the payment of the first.
        frozenset(
            {"invoice.paid", "invoice.settled", "refund.succeeded.invoice", "invoice.paid.strings"}
        ),
    }  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_day_of_related_deliveries_shares_partitions(seed: int) -> None:
    day = simulate_day(seed, 40, 2000, datetime(2026, 7, 1, tzinfo=UTC))
    bodies = [Told(webhook.event, webhook.provider, webhook.body) for webhook in day.webhooks]
    assert len(families(bodies)) > 700
    assert set(apart(bodies)) <= KNOWN_APART


def test_xendit_payment_request_names_capture_expiry_page_and_refund_however_it_is_wrapped() -> None:
    request = "pr-4166ef39-7fc2-4bb4-a640-179c7d1dd003"
    bodies = [
        changed(recorded("xendit", "payment.capture"), payment_request_id=request),
        changed(recorded("xendit", "payment_request.expiry"), payment_request_id=request),
        changed(recorded("xendit", "payment_request.succeeded"), payment_request_id=None, id=request),
        changed(recorded("xendit", "payment_session.expired"), payment_request_id=request),
        recorded("xendit", "refund.succeeded"),
        recorded("xendit", "refund.failed"),
        recorded("xendit", "refund.succeeded.double-nested"),
    ]
    assert {key("xendit", body) for body in bodies} == {f"xendit:{request}"}


def test_xendit_plan_names_its_cycles_of_both_generations() -> None:
    plan = {"event": "recurring.plan.activated", "data": {"id": "repl_1", "reference_id": "gold"}}
    cycles = [
        {"event": "recurring.cycle.failed", "data": {"id": "recy_1", "plan_id": "repl_1"}},
        {"event": "recurring.cycle.succeeded", "data": {"id": "recy_2", "recurring_plan_id": "repl_1"}},
    ]
    assert {key("xendit", body) for body in (plan, *cycles)} == {"xendit:repl_1"}


@pytest.mark.parametrize(
    ("event", "data", "name"),
    [
        ("payment.capture", {"payment_id": "py-1", "reference_id": "r"}, "py-1"),
        ("payment.succeeded", {"id": "pr-1", "payment_id": "py-1"}, "pr-1"),
        ("ewallet.capture", {"id": "ewc_1", "reference_id": "r"}, "ewc_1"),
        ("payment.expiry", {"reference_id": "r"}, "r"),
        ("payment_request.expiry", {"id": "17", "latest_payment_id": "py-1"}, "17"),
        ("payment_session.completed", {"recurring_plan_id": "repl_1", "reference_id": "r"}, "repl_1"),
        ("payment_session.completed", {"payment_session_id": "ps-1"}, "ps-1"),
        ("refund.succeeded", {"id": "rfd-1", "payment_id": "py-1", "reference_id": "refund-1"}, "py-1"),
    ],
)
def test_xendit_falls_back_to_what_a_payload_does_name(
    event: str, data: dict[str, object], name: str
) -> None:
    assert key("xendit", {"event": event, "data": data}) == f"xendit:{name}"


def test_scalev_order_number_names_every_event_about_an_order() -> None:
    names = {
        "order.created": {"id": "0190", "order_id": "260203QXNTRA"},
        "order.updated": {"order_id": "260203QXNTRA"},
        "payment.received": {"id": 12, "order_id": "260203QXNTRA", "pg_reference_id": "x"},
        "checkout_intent.completed": {"id": "ci-1", "order": {"order_id": "260203QXNTRA"}},
    }
    found = {key("scalev", {"event": event, "data": data}) for event, data in names.items()}
    assert found == {"scalev:260203QXNTRA"}


def test_mayar_names_transactions_and_licences_and_numbers_count_as_text() -> None:
    assert key("mayar", {"event": "payment.reminder", "data": {"id": "i", "transactionId": "t"}}) == "mayar:t"
    assert key("mayar", {"event": {"received": "payment.received"}, "data": {"id": 7}}) == "mayar:7"
    assert key("mayar", {"event": "payment.received", "data": {"id": "i", "licenseCode": "L"}}) == "mayar:i"
    licence = {"event": "subscription.renewed", "data": {"id": "i", "memberId": "M", "licenseCode": "L"}}
    assert key("mayar", licence) == "mayar:L"
    member = {"event": "membership.memberExpired", "data": {"memberId": "M", "customerId": "c"}}
    assert key("mayar", member) == "mayar:M"


def test_manual_confirmations_of_one_order_share_a_partition() -> None:
    assert key("manual", {"event": "payment.confirmed", "id": "a", "data": {"order_id": "o"}}) == "manual:o"


HOSTILE = {
    "nothing": b"",
    "not json": b"{",
    "not text": b"\xff\xfe\x00",
    "byte order mark": b"\xef\xbb\xbf{}",
    "no object": b"[1]",
    "no name": b'{"event":"payment.capture","data":{}}',
    "data is no object": b'{"event":"payment.capture","data":7}',
    "an id that is a list": b'{"event":"payment.capture","data":{"payment_request_id":[1],"order_id":[1],"id":[1],"transactionId":[1]}}',
    "deep": b'{"data":' * 10_000 + b"{}" + b"}" * 10_000,
    "deep list": b"[" * 10_000 + b"]" * 10_000,
    "deep and unclosed": b'{"data":' * 10_000,
    "a huge number": b'{"event":"payment.capture","data":{"id":' + b"9" * 5_000 + b',"order_id":1e999999999}}',
    "a double key": b'{"event":"payment.capture","data":{"id":"a","order_id":"a","id":"b","order_id":"b"}}',
    "half a surrogate": b'{"event":"payment.capture","data":{"id":"\\ud800","order_id":"\\ud800"}}',
    "too large": b'{"event":"payment.capture","data":{"id":"a","order_id":"a","note":"' + b"x" * LOOKED_INTO_BYTES + b'"}}',
}  # fmt: skip


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("provider", sorted(PROVIDERS))
def test_what_cannot_be_read_goes_to_one_fixed_partition(provider: str, body: bytes) -> None:
    assert PROVIDERS[provider].partition_key(body) == NOBODY
    assert {PROVIDERS[provider].partition(body, count) for count in range(1, 257)} == {0}


@pytest.mark.parametrize("told", RECORDED, ids=lambda told: f"{told.provider}-{told.label}")
def test_a_partition_is_in_range_and_follows_from_the_key(told: Told) -> None:
    provider = PROVIDERS[told.provider]
    for count in (2, 4, 7, 256):
        assert provider.partition(told.body, count) == partition_of(provider.partition_key(told.body), count)


def test_with_one_partition_nobody_looks_into_the_body(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(_body: bytes, **_how: bool) -> object:
        raise AssertionError("the body was read")

    monkeypatch.setattr("schemas.strict_json.loads", read)
    for provider in PROVIDERS.values():
        assert provider.partition(b'{"event":"payment.capture"}', 1) == 0
        with pytest.raises(AssertionError, match="was read"):
            provider.partition(b"{}", 2)


def test_partitions_fill_alike() -> None:
    rng = Random(5)
    body = b'{"event":"payment.capture","data":{"payment_request_id":"pr-%032x"}}'
    xendit = PROVIDERS["xendit"]
    counts = Counter(xendit.partition(body % rng.getrandbits(128), 4) for _ in range(4000))
    assert len(counts) == 4
    assert min(counts.values()) > 850


def test_a_delivery_finds_the_same_partition_in_another_process() -> None:
    """`hash` of a text differs from process to process; what routes must not."""
    code = (
        "import sys; from pathlib import Path; from providers.registry import PROVIDERS\n"
        f"for path in sorted(Path({str(FIXTURES)!r}).glob('*/*.json')):\n"
        "    print(PROVIDERS[path.parent.name].partition(path.read_bytes(), 16))"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert runs[0] == runs[1]
    assert [int(line) for line in runs[0].split()] == [
        PROVIDERS[told.provider].partition(told.body, 16) for told in RECORDED
    ]
    assert len(set(runs[0].split())) > 8


def test_the_key_of_a_capture_is_the_same_in_every_version() -> None:
    """A release that moved keys would put two deliveries of one payment apart while both versions run."""
    found = {
        name: PROVIDERS[name].partition(json.dumps(recorded(name, shape)).encode(), 256)
        for name, shape in (
            ("xendit", "payment.capture"), ("mayar", "payment.received"), ("scalev", "order.created"),
        )
    }  # fmt: skip
    assert found == PINNED


def test_another_subject_is_another_key() -> None:
    shouting = replace(PROVIDERS["scalev"], subject=lambda top: "X")
    assert shouting.partition_key(b"{}") == "scalev:X"
