"""The FastAPI and Django applications of the page on embedding, driven as servers drive them."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import httpx
import pytest

import tianfu_sdk as tf
from tianfu_sdk.model.content import State

PAGE = (Path(__file__).parents[2] / "docs/how-to/embed.md").read_text("utf-8")


def block(title):
    pattern = rf"^## {title}.*?^```python\n(.*?)^```"
    return re.findall(pattern, PAGE, re.DOTALL | re.MULTILINE)[0]


def module_of(title, **given):
    module = type(sys)(f"page_of_{title.lower()}")
    vars(module).update(given)
    exec(compile(block(title), title, "exec"), vars(module))  # noqa: S102 - the page's own code
    return module


@pytest.fixture
def given(tmp_path, monkeypatch):
    """Give what the page has made before, and a store with one published text."""
    monkeypatch.chdir(tmp_path)
    space = {"tf": tf}
    exec(block("Errors as responses").partition("try:\n    hub")[0], space)  # noqa: S102 - as above
    with tf.Hub.open("sqlite:///kepu.db", discover=False) as hub:
        chief = hub.bootstrap(
            organization="成都市科学技术协会", region="510100", external_id="app:1"
        )
        me = hub.as_(chief.id)
        other = me.accounts.create(organization=chief.organization, external_id="django:1")
        me.accounts.grant(other.id, ["*"], region="510100")
        text = me.resources.create(
            title="脑卒中怎么预防", body="控制血压，少盐。", organization=chief.organization
        )
        me.resources.submit(text.id)
        hub.as_(other.id).resources.approve(text.id)
        me.resources.publish(text.id)
    return {"tf": tf, "response": space["response"], "organization": chief.organization}


def test_fastapi_answers_and_says_what_was_wrong(given, extra):
    extra("fastapi")
    module = module_of("FastAPI", **given)

    async def walk():
        way = httpx.ASGITransport(app=module.app)
        async with (
            module.opened(module.app),
            httpx.AsyncClient(transport=way, base_url="https://hub.test") as client,
        ):
            found = await client.get("/ask", params={"q": "腦卒中怎麼預防"})
            empty = await client.get("/ask", params={"q": " "})
            nobody = await client.post("/resources", json={}, headers={"x-user": "7"})
            wrong = {"title": "花椒", "organization": given["organization"], "titel": "花椒"}
            unsaid = await client.post("/resources", json={})
            slip = await client.post("/resources", json=wrong, headers={"x-user": "1"})
            state = {**wrong, "state": "published"}
            del wrong["titel"], state["titel"]
            forced = await client.post("/resources", json=state, headers={"x-user": "1"})
            made = await client.post("/resources", json=wrong, headers={"x-user": "1"})
        return found, empty, nobody, unsaid, slip, forced, made

    found, empty, nobody, unsaid, slip, forced, made = asyncio.run(walk())
    (answer,) = found.json()["answers"]
    assert answer["title"] == "脑卒中怎么预防"
    assert sum(answer["why"].values()) > 0
    assert (empty.status_code, empty.json()["code"]) == (422, "ask.empty")
    assert (nobody.status_code, nobody.json()["code"]) == (404, "account.unknown")
    assert unsaid.status_code == 422
    assert (slip.status_code, slip.json()["path"]) == (422, "titel")
    assert forced.status_code == 422
    assert (made.status_code, made.json()["state"]) == (201, State.DRAFT)


def test_django_answers_and_says_what_was_wrong(given, extra):
    extra("django")
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler
    from django.test import override_settings
    from django.urls import clear_url_caches, set_urlconf

    if not settings.configured:
        settings.configure(ALLOWED_HOSTS=["hub.test"], LOGGING_CONFIG=None, USE_I18N=False)
        import django as package

        package.setup()
    module = module_of("Django", **given)
    sys.modules[module.__name__] = module
    clear_url_caches()
    set_urlconf(None)

    def signed_in(get_response):
        def call(request):
            request.user = type("User", (), {"pk": request.headers["x-user"]})
            return get_response(request)

        return call

    module.signed_in = signed_in
    chain = [f"{module.__name__}.{name}" for name in ("TianfuErrors", "signed_in")]
    with override_settings(ROOT_URLCONF=module, MIDDLEWARE=chain):
        way = httpx.WSGITransport(app=WSGIHandler())
        with httpx.Client(transport=way, base_url="https://hub.test") as client:
            found = client.get("/ask", params={"q": "中风"}, headers={"x-user": "1"})
            empty = client.get("/ask", headers={"x-user": "1"})
            mine = client.get("/mine", headers={"x-user": "1"})
            nobody = client.get("/mine", headers={"x-user": "7"})
    module.hub.close()
    del sys.modules[module.__name__]
    assert [one["title"] for one in found.json()["answers"]] == ["脑卒中怎么预防"]
    assert (empty.status_code, empty.json()["code"]) == (422, "ask.empty")
    assert mine.json() == {"drafts": []}
    assert nobody.status_code == 404
