"""Rejected requests verified again: what would be admitted under the secrets of today, or under one that somebody types, and admitting it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from console.commands.reconcile import CALLED
from console.exits import NotFound, Refused, WrongUse
from console.messages import text
from console.replay import open_replay
from console.reverifying import Reverified, admit_genuine, look_again, record_admission
from console.store import open_store
from console.web.errands import errand
from console.web.filters import command_of, moment_asked
from console.web.visit import Answer, Screen, Visit, Way, done, moved, shown
from providers.known_secrets import KnownSecrets
from providers.provider import Provider
from providers.registry import PROVIDERS

if TYPE_CHECKING:
    from runtime.settings import Settings


async def show(visit: Visit) -> Answer:
    """With `look` in the address: what would be admitted under the secrets of today. It reads everything that is kept, so only when it is wanted."""
    provider = _provider(visit)
    since = visit.asked("since")
    looked = None
    if "look" in visit.query:
        looked = await _look(visit, provider, _configured(visit, provider), moment_asked(since))
    return _screen(provider, since, looked)


async def look(visit: Visit) -> Answer:
    """The same under a secret that was typed; it is kept nowhere, so no address leads here."""
    provider, since = _provider(visit), visit.given("since")
    secrets = _typed(visit) or _configured(visit, provider)
    looked = await _look(visit, provider, secrets, moment_asked(since))
    return _screen(provider, since, looked, typed=bool(_typed(visit)))


async def admit(visit: Visit) -> Answer:
    provider, reason, since = _provider(visit), visit.reason(), moment_asked(visit.given("since"))
    secrets = _typed(visit) or _configured(visit, provider)
    looked = await _look(visit, provider, secrets, since)
    if not looked.genuine:
        raise Refused(text("reverify.nothing"))
    work = _admit(visit.settings, provider, secrets, since, looked, reason)
    act_id = await errand(f"reverify {provider.name}", work)
    return moved(f"/audit/{act_id}?done" if act_id else f"/quarantine/reverify/{provider.name}?look=1")


async def _admit(
    settings: Settings,
    provider: Provider,
    secrets: KnownSecrets,
    since: datetime | None,
    looked: Reverified,
    reason: str,
) -> uuid.UUID:
    """On connections of its own: it may last longer than a page."""
    async with open_store(settings) as connection, open_replay(settings) as replayer:
        act_id = await record_admission(connection, provider, looked, reason)
        await admit_genuine(connection, replayer, provider, secrets, since, act_id)
    return act_id


async def _look(
    visit: Visit, provider: Provider, secrets: KnownSecrets, since: datetime | None
) -> Reverified:
    async with visit.connections.one() as connection:
        return await look_again(connection, provider, secrets, since)


def _screen(
    provider: Provider, since: str | None, looked: Reverified | None, *, typed: bool = False
) -> Screen:
    values = {"name": provider.name, "looked": looked, "typed": typed, "asked": {"since": since}}
    command = command_of(f"lunas quarantine reverify {provider.name} --dry-run", {"since": since})
    if typed:
        command += " --secret-file FILE"
    return Screen("reverify.html", text("web.reverify", provider=provider.name), command, values)


def _provider(visit: Visit) -> Provider:
    name = visit.named("provider")
    if name not in CALLED:
        raise NotFound(text("web.no_provider", name=name))
    return PROVIDERS[name]


def _typed(visit: Visit) -> KnownSecrets:
    """As the settings read them: separated by commas. Who types a secret says by that that it is right: it has no times."""
    return KnownSecrets(
        tuple(part.strip() for part in (visit.given("secret") or "").split(",") if part.strip())
    )


def _configured(visit: Visit, provider: Provider) -> KnownSecrets:
    """Raises WrongUse when none is configured."""
    secrets = KnownSecrets.of(visit.settings, provider.name)
    if not secrets:
        raise WrongUse(text("web.reverify_no_secret", provider=provider.name))
    return secrets


WAYS: tuple[Way, ...] = (
    shown("/quarantine/reverify/{provider}", show),
    done("/quarantine/reverify/{provider}/look", look),
    done("/quarantine/reverify/{provider}/admit", admit),
)
