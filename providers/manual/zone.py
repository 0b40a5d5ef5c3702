"""The zone of a time that bears none. We write times with their offset (`console/manual_orders.py`); what bears no zone is UTC."""

from __future__ import annotations

from datetime import UTC

ZONE = UTC
