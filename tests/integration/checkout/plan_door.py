"""As much of Xendit's recurring plans as calls need that only want an answer; what becomes of plans is the fake's business."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class PlanDoor:
    """Plans by id, `repl-1` first."""

    plans: dict[str, dict[str, Any]] = field(default_factory=dict)
    customers: dict[str, str] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/customers", self._find_customer)
        app.router.add_post("/customers", self._make_customer)
        app.router.add_post("/recurring/plans", self._make)
        app.router.add_get("/recurring/plans/{id}/cycles", self._nothing)
        app.router.add_patch("/recurring/plans/{id}", self._one)
        app.router.add_post("/recurring/plans/{id}/deactivate", self._one)

    async def _find_customer(self, request: web.Request) -> web.Response:
        found = self.customers.get(request.query["reference_id"])
        rows = [{"id": found, "reference_id": request.query["reference_id"]}] if found else []
        return web.json_response({"data": rows})

    async def _make_customer(self, request: web.Request) -> web.Response:
        reference = (await request.json())["reference_id"]
        self.customers[reference] = f"cust-{len(self.customers) + 1}"
        return web.json_response({"id": self.customers[reference], "reference_id": reference})

    async def _make(self, request: web.Request) -> web.Response:
        plan_id = f"repl-{next(self._numbers)}"
        actions = [{"action": "AUTH", "url": f"https://linking.example/{plan_id}"}]
        made = await request.json() | {"id": plan_id, "status": "REQUIRES_ACTION", "actions": actions}
        self.plans[plan_id] = made | {"updated": "2026-01-15T03:00:00Z"}
        return web.json_response(self.plans[plan_id], status=201)

    async def _one(self, request: web.Request) -> web.Response:
        found = self.plans.get(request.match_info["id"])
        if found is None:
            return web.json_response({"error_code": "DATA_NOT_FOUND", "message": "no"}, status=404)
        return web.json_response(found)

    async def _nothing(self, _: web.Request) -> web.Response:
        return web.json_response({"data": [], "has_more": False})
