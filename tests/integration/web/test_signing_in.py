"""Who gets into the web console, and for how long."""

from __future__ import annotations

import asyncpg
import pytest
from aiohttp import encode_basic_auth

from runtime.settings import Settings
from tests.console_visits import KEY, PASSWORD, Doors, Visitor, nothing, opened_console
from tests.integration.web.conftest import signed_in

HTML = {"Accept": "text/html"}


async def test_nobody_sees_a_page_without_signing_in(doors: Doors) -> None:
    visitor = await doors.visitor()
    client = visitor.client
    for path in ("/", "/find?q=budi", "/payments/xendit/x"):
        led = await client.get(path, headers=HTML, allow_redirects=False)
        assert led.status == 303
        assert led.headers["Location"].startswith("/sign-in")
        refused = await client.get(path)
        assert refused.status == 401
        assert "Bearer" in refused.headers["WWW-Authenticate"]
    assert (await client.post("/payments/xendit/x/refund")).status == 401
    assert (await client.get("/livez")).status == 200
    form = await visitor.open("/find?q=budi")
    assert 'value="/find?q=budi"' in form


async def test_one_is_led_back_to_where_one_wanted_to_go(doors: Doors) -> None:
    visitor = await doors.visitor()
    answer = await visitor.sign_in("sari", PASSWORD, to="/find?q=x")
    assert answer.headers["Location"] == "/find?q=x"
    cookie = answer.cookies["lunas_console"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert "sari" in await visitor.open("/")


async def test_the_key_signs_in_as_an_operator_who_approves_nothing(doors: Doors) -> None:
    visitor = await doors.visitor()
    await visitor.sign_in("Sari", KEY, status=401)  # a named operator has a password
    await visitor.sign_in("budi", "wrong", status=401)
    await visitor.sign_in("budi", KEY)
    page = await visitor.open("/")
    assert "budi (key)" in page
    assert ">operator<" in page


async def test_a_wrong_name_and_a_wrong_password_are_told_alike(doors: Doors) -> None:
    visitor = await doors.visitor()
    answers = []
    for name, secret in (("sari", "wrong"), ("nobody", PASSWORD), ("sari", ""), ("", "")):
        answer = await visitor.sign_in(name, secret, status=401)
        answers.append((await answer.text()).replace(f'value="{name}"', ""))
        assert "Set-Cookie" not in answer.headers
    assert len(set(answers)) == 1


async def test_a_header_with_the_key_looks_and_does_nothing(doors: Doors) -> None:
    client = (await doors.visitor()).client
    for header in (f"Bearer {KEY}", encode_basic_auth("sari", KEY)):
        given = {"Authorization": header}
        assert (await client.get("/", headers=given)).status == 200
        assert (
            await client.post("/payments/xendit/x/refund", headers=given, data={"csrf": ""})
        ).status == 403
    assert (await client.get("/", headers={"Authorization": "Bearer wrong"})).status == 401
    assert (await client.get("/", headers={"Authorization": "Bearer \udcff"})).status == 401


async def test_guessing_passwords_is_slowed_by_address_and_by_name(scene_settings: Settings) -> None:
    patient = scene_settings.model_copy(update={"failed_keys_max": 3, "failed_key_seconds": 60})
    async with opened_console(patient, nothing) as doors:
        visitor = await doors.visitor()
        for _ in range(3):
            await visitor.sign_in("sari", "guess", status=401)
        answer = await visitor.sign_in("sari", PASSWORD, status=429)
        assert int(answer.headers["Retry-After"]) >= 1
    async with opened_console(patient, nothing) as doors:
        client = (await doors.visitor()).client
        answers = [await client.get("/", headers={"Authorization": f"Bearer guess-{n}"}) for n in range(5)]
        assert [answer.status for answer in answers] == [401, 401, 401, 429, 429]


async def test_a_session_ends_with_sign_out_time_and_the_person(doors: Doors, scene_url: str) -> None:
    store = await asyncpg.connect(scene_url, server_settings={"search_path": "lunas"})
    try:
        visitor = await signed_in(doors, "sari")
        cookies = {k.key: k.value for k in visitor.client.session.cookie_jar}
        page = await visitor.client.post("/sign-out", allow_redirects=False)
        assert page.status == 303
        again = await visitor.client.get("/", cookies=cookies)
        assert again.status == 401
        for ending in (
            "UPDATE operator_sessions SET expires_at = clock_timestamp() - interval '1 second'",
            "UPDATE operator_sessions SET seen_at = clock_timestamp() - interval '121 minutes'",
            "UPDATE operators SET disabled_at = clock_timestamp() WHERE name = 'sari'",
        ):
            visitor = await signed_in(doors, "sari")
            assert (await visitor.client.get("/")).status == 200
            await store.execute(ending)
            assert (await visitor.client.get("/")).status == 401
            await store.execute("UPDATE operators SET disabled_at = NULL")
    finally:
        await store.close()


async def test_a_new_role_counts_where_somebody_is_signed_in(doors: Doors, scene_url: str) -> None:
    store = await asyncpg.connect(scene_url, server_settings={"search_path": "lunas"})
    visitor = await signed_in(doors, "ayu")
    try:
        assert ">approver<" in await visitor.open("/")
        await store.execute("UPDATE operators SET role = 'viewer' WHERE name = 'ayu'")
        assert ">viewer<" in await visitor.open("/")
    finally:
        await store.execute("UPDATE operators SET role = 'approver' WHERE name = 'ayu'")
        await store.close()


async def test_behind_tls_the_cookie_is_for_tls_and_this_host_alone(scene_settings: Settings) -> None:
    public = scene_settings.model_copy(update={"console_public_url": "https://console.example"})
    async with opened_console(public, nothing) as doors:
        visitor = await doors.visitor()
        answer = await visitor.sign_in("sari", PASSWORD)
        cookie = answer.cookies["__Host-lunas_console"]
        assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
    ],
)
async def test_a_form_of_another_site_signs_nobody_in(
    doors: Doors, headers: dict[str, str], status: int
) -> None:
    client = (await doors.visitor()).client
    sent = {"name": "sari", "secret": PASSWORD}
    answer = await client.post("/sign-in", data=sent, headers=headers, allow_redirects=False)
    assert answer.status == status


async def test_every_answer_carries_the_policy(doors: Doors, sari: Visitor) -> None:
    stranger = (await doors.visitor()).client
    for client, path in (
        (stranger, "/sign-in"),
        (stranger, "/"),
        (sari.client, "/"),
        (sari.client, "/find?q=x"),
        (sari.client, "/payments/xendit/none"),
    ):
        answer = await client.get(path, allow_redirects=False)
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Frame-Options"] == "DENY"
