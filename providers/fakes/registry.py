"""All fake providers. A new one is a folder beside its provider, and a line here."""

from __future__ import annotations

from providers.fakes.provider import FakeProvider
from providers.mayar.fake.account import MayarFake
from providers.scalev.fake.account import ScalevFake
from providers.xendit.fake.account import XenditFake

FAKES: dict[str, type[FakeProvider]] = {fake.name: fake for fake in (ScalevFake, XenditFake, MayarFake)}
