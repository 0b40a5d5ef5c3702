"""A fourth provider: this folder, and one line in the registry. Nothing else in lunas may need to know it."""

from __future__ import annotations

from tests.integration.fourth_provider.toko import TOKO

__all__ = ["TOKO"]
