"""A street for each test: the shop with the fake Xendit behind it."""

from __future__ import annotations

from tests.integration.checkout.conftest import shop_settings, xendit
from tests.integration.refunds.conftest import street

__all__ = ["shop_settings", "street", "xendit"]
