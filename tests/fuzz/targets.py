"""What is fuzzed: each target takes any bytes, and raises only when something is wrong with the program."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from multidict import CIMultiDict

from providers.registry import PROVIDERS
from providers.verification import Rejected, Verified, sign_hmac_sha256
from schemas import strict_json
from schemas.errors import UnparsableError
from schemas.translation import TranslationContext
from tests.unit.processor.policies import test_fold as folds
from tests.unit.processor.policies import test_laws as laws
from tests.unit.providers.test_never_raises import check
from tests.unit.providers.webhooks import NOW

NAMES = sorted(PROVIDERS)
SECRETS = ("contoh-signing-secret", "yang-lama")
CREDENTIALS = ("X-Scalev-Hmac-Sha256", "x-callback-token")
Target = Callable[[bytes], None]


def verify(data: bytes) -> None:
    """A provider, its header's value and a body: authentic exactly when the credential is the right one."""
    name, rest = NAMES[data[0] % len(NAMES)] if data else NAMES[0], data[1:]
    value, _, body = rest.partition(b"\n")
    shown = value.decode("utf-8", "surrogateescape")
    headers = CIMultiDict((header, shown) for header in CREDENTIALS)
    provider = PROVIDERS[name]
    early, verdict = provider.by_head(headers, SECRETS), provider.verify(headers, body, SECRETS)
    bare = shown.strip(" \t")
    right = (*(sign_hmac_sha256(body, secret) for secret in SECRETS),) if not provider.token_only else SECRETS
    genuine = any(hmac.compare_digest(bare.encode("utf-8", "surrogateescape"), one.encode()) for one in right)
    assert isinstance(verdict, Verified if genuine and name != "manual" else Rejected)
    assert not (isinstance(early, Rejected) and isinstance(verdict, Verified))


def parse(data: bytes) -> None:
    """What we read is what every reader of JSON reads; what we refuse is refused by name."""
    try:
        ours = strict_json.loads(data)
    except UnparsableError:
        return
    assert json.loads(data, parse_float=Decimal) == ours


def translate(data: bytes) -> None:
    """Any JSON from any provider: facts, or a refusal by name, twice the same."""
    name, body = NAMES[data[0] % len(NAMES)] if data else NAMES[0], data[1:]
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return
    check(name, document, TranslationContext(received_at=NOW, account_id=None, production=True))


def _of_strategies(test: Any) -> Target:
    """Hypothesis reads its histories from the bytes."""
    fuzz = test.hypothesis.fuzz_one_input

    def run(data: bytes) -> None:
        fuzz(data)

    return run


TARGETS: dict[str, Target] = {
    "verify": verify,
    "parse": parse,
    "translate": translate,
    "outcome": _of_strategies(laws.test_law_1_applying_the_difference_to_any_record_gives_the_outcome),
    "fold": _of_strategies(folds.test_law_4_cases_and_customers_are_a_fold_of_facts_and_decisions),
}
