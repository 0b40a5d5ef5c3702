"""One example of everything the API takes and answers about licences."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from schemas import licence_api

EXAMPLE_CODE = "K7Q2M-X4TRA-9PLW3-HC8ZD"
EXAMPLE_PRODUCT = "3f1c8a52-0d4b-4c7e-9a61-5f2b7c90e1d4"

"""A licence and its product that the fake provider knows, so that the examples work beside it."""

LICENCE_EXAMPLES: dict[type[BaseModel], dict[str, Any]] = {
    licence_api.LicenceBody: {"licence_code": EXAMPLE_CODE, "product_id": EXAMPLE_PRODUCT},
    licence_api.LicenceAnswer: {
        "licence_code": EXAMPLE_CODE,
        "product_id": EXAMPLE_PRODUCT,
        "provider": "mayar",
        "valid": True,
        "status": "active",
        "expires_at": "2026-02-14T16:59:59Z",
        "activation_limit": None,
        "use_count": 1,
        "tier_name": "Gold",
        "source": "cache",
        "checked_at": "2026-01-15T03:00:00Z",
        "age_seconds": 120.0,
        "problem": None,
        "subscription": {
            "subscription_id": f"mayar:subscription:{EXAMPLE_CODE}",
            "customer_id": "budi",
            "plan": "pro-bulanan",
            "tier": "pro",
            "status": "active",
            "has_access": True,
            "expires_at": "2026-02-14T16:59:59Z",
            "access_until": "2026-02-17T16:59:59Z",
        },
        "position": 42,
        "lag_seconds": 0.0,
    },
    licence_api.SwitchedLicence: {
        "licence_code": EXAMPLE_CODE,
        "product_id": EXAMPLE_PRODUCT,
        "provider": "mayar",
        "active": True,
        "changed": True,
        "at": "2026-01-15T03:05:00Z",
        "position": 42,
        "lag_seconds": 0.0,
    },
}
