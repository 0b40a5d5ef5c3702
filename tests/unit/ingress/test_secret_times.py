"""A rotation at the door: each secret is accepted in its time only, by the clock at each verification (case C08)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from multidict import CIMultiDict
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from ingress import app
from ingress.entrance import Entrance
from ingress.metrics import Metrics
from providers import verification
from providers.registry import PROVIDERS
from providers.verification import Rejected, RejectionCause, Verified, secret_id, sign_hmac_sha256
from runtime.settings import Settings

BODY = b'{"event":"business.test_event"}'
OLD, NEW = "rahasia-lama-1a2b3c4d", "rahasia-baru-5e6f7a8b"
BEGIN = datetime(2026, 12, 1, tzinfo=UTC)
END = BEGIN + timedelta(days=7)
INSTANT = timedelta(microseconds=1)
TIMES = f"{secret_id(OLD)} not_after={END.isoformat()}, {secret_id(NEW)} not_before={BEGIN.isoformat()}"
MOMENTS = {
    "before": (BEGIN - INSTANT, {OLD}),
    "at the beginning": (BEGIN, {OLD, NEW}),
    "in": (BEGIN + timedelta(days=3), {OLD, NEW}),
    "at the end": (END, {OLD, NEW}),
    "after": (END + INSTANT, {NEW}),
}
Build = Callable[..., Settings]


class Clock:
    """Says what it is told to say."""

    def __init__(self) -> None:
        self.now, self.asked = BEGIN, 0

    def __call__(self) -> datetime:
        self.asked += 1
        return self.now


def entrance(build: Build, name: str, clock: Clock, times: str | None = TIMES) -> Entrance:
    given = {f"{name}_webhook_secret": f"{NEW}, {OLD}", "webhook_secret_times": times}
    metrics = Metrics(CollectorRegistry())
    return Entrance(f"/webhooks/{name}", PROVIDERS[name], build(**given), metrics, clock)


def signed(name: str, secret: str) -> CIMultiDict[str]:
    if name == "scalev":
        return CIMultiDict({"X-Scalev-Hmac-Sha256": sign_hmac_sha256(BODY, secret)})
    return CIMultiDict({"X-Callback-Token": secret})


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("name", ["scalev", "xendit", "mayar"])
def test_c08_a_secret_is_accepted_in_its_time_and_refused_outside(
    settings: Build, name: str, moment: str
) -> None:
    clock = Clock()
    door = entrance(settings, name, clock)
    clock.now, accepted = MOMENTS[moment]
    for secret in (OLD, NEW):
        verdicts = [door.verify(signed(name, secret), BODY)]
        if name != "scalev":
            verdicts.append(door.by_head(signed(name, secret)))  # type: ignore[arg-type]
        for verdict in verdicts:
            if secret in accepted:
                assert isinstance(verdict, Verified)
                assert verdict.secret_id == secret_id(secret)
            else:
                assert verdict == Rejected(RejectionCause.WRONG_CREDENTIAL)


def test_c08_one_start_lasts_through_the_whole_rotation(settings: Build) -> None:
    clock = Clock()
    door = entrance(settings, "xendit", clock)
    seen = []
    for clock.now, _ in MOMENTS.values():
        seen.append(isinstance(door.verify(signed("xendit", OLD), BODY), Verified))
    assert seen == [True, True, True, True, False]


def test_c08_without_times_nobody_looks_at_the_clock(settings: Build) -> None:
    clock = Clock()
    strangers = f"{secret_id('somebody-elses')} not_after={BEGIN.isoformat()}"
    for times in (None, strangers):
        door = entrance(settings, "xendit", clock, times)
        clock.now = END + INSTANT
        assert isinstance(door.verify(signed("xendit", OLD), BODY), Verified)
        assert isinstance(door.by_head(signed("xendit", OLD)), Verified)
    assert clock.asked == 0


def test_c08_when_all_have_ended_everything_is_refused(settings: Build) -> None:
    clock = Clock()
    ended = ", ".join(f"{secret_id(one)} not_after={BEGIN.isoformat()}" for one in (OLD, NEW))
    door = entrance(settings, "scalev", clock, ended)
    clock.now = BEGIN + INSTANT
    assert door.verify(signed("scalev", OLD), BODY) == Rejected(RejectionCause.NO_SECRET_CONFIGURED)
    assert door.by_head(signed("scalev", OLD)) == Rejected(RejectionCause.NO_SECRET_CONFIGURED)


def test_c08_what_is_compared_depends_on_the_clock_and_on_no_request(
    settings: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newer secret first, as the settings have them, and every accepted one, whatever came."""
    compared: list[bytes] = []
    original = verification.hmac.compare_digest

    def spied(left: bytes, right: bytes) -> bool:
        compared.append(right)
        return original(left, right)

    monkeypatch.setattr(verification.hmac, "compare_digest", spied)
    clock = Clock()
    door = entrance(settings, "xendit", clock)
    new, old = (verification._digest(one) for one in (NEW, OLD))
    for clock.now, expected in ((BEGIN - INSTANT, [old]), (BEGIN, [new, old]), (END + INSTANT, [new])):
        for token in (OLD, NEW, "x", NEW[:-1] + "x"):
            compared.clear()
            door.verify(signed("xendit", token), BODY)
            assert compared == expected


def test_c08_the_start_says_which_secrets_have_times_and_shows_none(settings: Build) -> None:
    with capture_logs() as lines:
        app._say_secrets(settings(xendit_webhook_secret=f"{NEW},{OLD}", webhook_secret_times=TIMES))
    told = {line["secret_id"]: (line["provider"], line["not_before"], line["not_after"]) for line in lines}
    assert told == {
        secret_id(NEW): ("xendit", BEGIN.isoformat(), None),
        secret_id(OLD): ("xendit", None, END.isoformat()),
    }
    assert OLD not in str(lines)
    assert NEW not in str(lines)
