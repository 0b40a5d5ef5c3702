"""The doors that exist."""

from __future__ import annotations

from ingress.routes import webhook_paths


def test_every_provider_has_its_path_and_its_earlier_one() -> None:
    assert {path: provider.name for path, provider in webhook_paths().items()} == {
        "/webhooks/scalev": "scalev",
        "/webhooks/xendit": "xendit",
        "/webhooks/mayar": "mayar",
        "/api/webhooks/xendit": "xendit",
        "/api/webhook/mayar": "mayar",
        "/api/webhooks/scalev": "scalev",
    }
