"""Manual: an operator confirms money that arrived outside any provider."""

from __future__ import annotations

from providers.manual.signature import verify
from providers.manual.subject import subject
from providers.manual.translate import translate
from providers.manual.zone import ZONE
from providers.provider import Provider
from providers.traits import Traits

MANUAL = Provider(
    name="manual",
    webhooks=False,
    verify=verify,
    translate=translate,
    subject=subject,
    zone=ZONE,
    traits=Traits(paid_by_hand=True),
)
