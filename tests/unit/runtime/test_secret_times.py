"""`LUNAS_WEBHOOK_SECRET_TIMES`: what it may say, and that the lists of secrets are read as ever beside it (case C08)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from providers.known_secrets import KnownSecrets
from providers.verification import secret_id
from runtime.settings import load_settings
from runtime.settings.secret_times import EXAMPLE, SecretTimes, read_secret_times
from schemas.errors import ConfigurationError

ID, OTHER = secret_id("lama"), secret_id("baru")
BEGIN = datetime(2026, 12, 1, tzinfo=UTC)


def test_c08_times_are_read_in_any_zone_and_order() -> None:
    given = f" {ID.upper()}  not_after=2026-12-08T07:00+07:00 not_before=2026-12-01T00:00:00Z,, {OTHER} not_before=2026-12-01T00:00:00.5Z ,"
    assert read_secret_times(given) == {
        ID: SecretTimes(BEGIN, BEGIN + timedelta(days=7)),
        OTHER: SecretTimes(BEGIN + timedelta(seconds=0.5)),
    }
    assert read_secret_times(None) == read_secret_times(" , ") == {}
    assert len(read_secret_times(EXAMPLE)) == 1


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("rahasia-yang-salah-tempat not_after=2026-12-01T00:00:00Z", "entry 1 does not begin with the id"),
        (f"{ID}", "entry 1 needs not_before"),
        (f"{ID} not_after", "not_after of entry 1 is no ISO 8601 time"),
        (f"{ID} until=2026-12-01T00:00:00Z", "entry 1 needs not_before"),
        (f"{ID} not_after=2026-12-01T00:00:00Z not_after=2026-12-02T00:00:00Z", "entry 1 needs not_before"),
        (f"{ID} not_after=2026-12-01T00:00:00", "not_after of entry 1 has no zone"),
        (f"{ID} not_after=2026-12-01", "not_after of entry 1 has no zone"),
        (f"{ID} not_before=rahasia-yang-salah-tempat", "not_before of entry 1 is no ISO 8601 time"),
        (f"{ID} not_after=2026-13-01T00:00:00Z", "not_after of entry 1 is no ISO 8601 time"),
        (f"{ID} not_after=9999-12-31T23:59:59Z", "not_after of entry 1 is not in the years"),
        (f"{ID} not_after=0001-01-01T00:00:00+14:00", "not_after of entry 1 is not in the years"),
        (f"{ID} not_before=2026-12-02T00:00:00Z not_after=2026-12-01T00:00:00Z", "entry 1 ends before it"),
        (f"{ID} not_after=2026-12-01T00:00:00Z, {ID} not_before=2026-12-01T00:00:00Z", "entry 2 is about the same"),
    ],
)  # fmt: skip
def test_c08_wrong_times_are_one_sentence_that_repeats_nothing_of_them(given: str, reason: str) -> None:
    with pytest.raises(
        ConfigurationError, match=rf"^LUNAS_WEBHOOK_SECRET_TIMES is wrong: .*{reason}"
    ) as caught:
        load_settings({"LUNAS_ENV": "development", "LUNAS_WEBHOOK_SECRET_TIMES": given})
    assert "\n" not in str(caught.value)
    assert "rahasia" not in str(caught.value)
    assert ID not in str(caught.value)


@pytest.mark.parametrize(
    "odd", ["a;b=c", "a|not_after=2020-01-01T00:00:00Z", "x not_after=2020-01-01T00:00:00Z"]
)
def test_c08_no_character_of_a_secret_has_a_meaning_of_its_own(odd: str) -> None:
    given = {
        "LUNAS_ENV": "development",
        "XENDIT_WEBHOOK_SECRET": f"{odd}, lama",
        "LUNAS_WEBHOOK_SECRET_TIMES": f"{ID} not_after=2026-12-01T00:00:00Z",
    }
    known = KnownSecrets.of(load_settings(given), "xendit")
    assert known.values == (odd, "lama")
    assert known.at(BEGIN + timedelta(days=1)) == (odd,)


def test_c08_times_hold_at_both_instants_and_between_them() -> None:
    instant = timedelta(microseconds=1)
    times = SecretTimes(BEGIN, BEGIN + instant * 2)
    held = [times.hold(BEGIN + instant * number) for number in range(-1, 4)]
    assert held == [False, True, True, True, False]
    assert SecretTimes().hold(BEGIN)
