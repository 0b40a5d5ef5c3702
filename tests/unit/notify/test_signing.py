"""Signatures as receivers check them, by two libraries nobody here wrote; secrets are derived and change with a rotation."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
import standardwebhooks
from svix.webhooks import Webhook as SvixWebhook
from svix.webhooks import WebhookVerificationError

from notify.signing import PREFIX, SigningKeys, UnknownKey, key_id, signed
from schemas.errors import ConfigurationError

BODY = '{"type":"payment.received","data":{"note":"Jalan Ampera №7 ☕"}}'.encode()


def test_both_libraries_take_what_is_signed_and_refuse_what_was_changed() -> None:
    keys = SigningKeys(["rahasia-induk"])
    secret = keys.shown(keys.newest, "ep_1", 1)
    headers = dict(signed([keys.secret(keys.newest, "ep_1", 1)], "msg_1", datetime.now(UTC), BODY))
    for library in (SvixWebhook(secret), standardwebhooks.Webhook(secret)):
        library.verify(BODY, headers)
        with pytest.raises(Exception, match="No matching signature"):
            library.verify(BODY.replace(b"7", b"8"), headers)
        with pytest.raises(Exception, match="No matching signature"):
            library.verify(BODY, headers | {"webhook-id": "msg_2"})


def test_while_a_secret_is_rotated_both_holders_are_satisfied() -> None:
    keys = SigningKeys(["rahasia-induk"])
    old, new = (keys.secret(keys.newest, "ep_1", number) for number in (1, 2))
    headers = dict(signed([new, old], "msg_1", datetime.now(UTC), BODY))
    for number in (1, 2):
        standardwebhooks.Webhook(keys.shown(keys.newest, "ep_1", number)).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        SvixWebhook(keys.shown(keys.newest, "ep_1", 3)).verify(BODY, headers)


def test_each_endpoint_generation_and_key_has_a_secret_of_its_own() -> None:
    keys = SigningKeys(["satu", "dua"])
    secrets = {
        keys.shown(key_id(name), endpoint, number)
        for name in ("satu", "dua")
        for endpoint in ("ep_1", "ep_2")
        for number in (1, 2)
    }
    assert len(secrets) == 8
    assert all(len(base64.b64decode(secret.removeprefix(PREFIX))) == 32 for secret in secrets)


def test_the_first_key_makes_new_secrets_and_the_others_still_sign() -> None:
    before, after = SigningKeys(["lama"]), SigningKeys(["baru", "lama"])
    assert after.newest == key_id("baru")
    assert after.secret(before.newest, "ep_1", 1) == before.secret(before.newest, "ep_1", 1)
    with pytest.raises(UnknownKey):
        SigningKeys(["baru"]).secret(before.newest, "ep_1", 1)
    with pytest.raises(ConfigurationError, match="LUNAS_NOTIFY_SECRET"):
        _ = SigningKeys([]).newest
