"""How soon a broker or a database that is back is found: a broker by no later than its own boot takes, a database so that everything is well again
within the ten seconds that are promised."""

from __future__ import annotations

import pytest
from tenacity import AsyncRetrying, RetryCallState

from ingress.journal import relay
from notify import app as notifier
from projections import app as projections
from runtime.amqp.link import between_tries
from runtime.settings import Settings

PAUSE = 1.0


@pytest.mark.parametrize(
    ("tries", "least", "most"), [(1, 1.0, 1.5), (2, 2.0, 2.5), (3, 2.0, 2.5), (400, 2.0, 2.5)]
)
def test_however_long_a_broker_was_away_it_is_found_within_two_pauses_and_a_half(
    tries: int, least: float, most: float
) -> None:
    state = RetryCallState(AsyncRetrying(), None, (), {})
    state.attempt_number = tries
    assert all(least <= between_tries(PAUSE)(state) <= most for _ in range(200))


def test_what_waits_in_the_journal_is_tried_again_within_two_seconds() -> None:
    assert relay.PAUSE_SECONDS[1] <= 2.0


def test_however_long_a_database_was_away_nobody_rests_half_of_what_a_recovery_may_take() -> None:
    settings = Settings()
    pauses = (
        settings.processor_backoff_max_seconds,
        settings.leadership_retry_seconds,
        projections.RETRY_SECONDS,
        notifier.RETRY_SECONDS,
    )
    assert max(pauses) <= 5.0
