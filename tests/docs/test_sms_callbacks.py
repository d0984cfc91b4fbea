"""The adapters of the page on callbacks, driven as servers drive them."""

from __future__ import annotations

import asyncio
import logging
import re
import sys
from pathlib import Path

import httpx
import pytest

import tianfu_sdk as tf
from tianfu_sdk.model.http import LARGEST_CALLBACK, HttpResponse
from tianfu_sdk.model.sms import CallbackResult, SmsCapabilities

PAGE = (Path(__file__).parents[2] / "docs/how-to/sms-callbacks.md").read_text("utf-8")
BODY = '{"phone": "+8613987650000", "text": "退订"}'.encode()
PROXY, VENDOR = "10.1.2.3", "203.0.113.7"


def block(title):
    (code,) = re.findall(rf"^## {title}.*?^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    return code


class Gateway:
    """Keeps what it is called with, and fails as it is told."""

    capabilities = SmsCapabilities(name="vendor", shape="http", phones_per_call=1, inbound=True)

    def __init__(self):
        self.came = []
        self.failure = None

    def request(self, batch):
        raise NotImplementedError

    def result(self, batch, response):
        raise NotImplementedError

    def callback(self, request):
        self.came.append(request)
        if self.failure is not None:
            raise self.failure
        answer = HttpResponse(status=200, headers={"content-type": "text/plain"}, body=b'{"ok":1}')
        return CallbackResult(response=answer)


@pytest.fixture
def gateway():
    return Gateway()


@pytest.fixture
def hub(gateway):
    class Plugin:
        tianfu_api = 1

        @tf.hookimpl
        def tianfu_register_sms(self, register):
            register("vendor", lambda _: gateway)

    hub = tf.Hub.open("memory:", plugins=[Plugin()], discover=False)
    yield hub
    hub.close()


def wsgi(hub):
    space = {}
    exec(compile(block("WSGI"), "wsgi", "exec"), space)  # noqa: S102 - the page's own code
    return by_wsgi(space["sms_wsgi"](hub))


def by_wsgi(app):
    def call(method, path, peer, headers, body):
        way = httpx.WSGITransport(app=app, remote_addr=peer)
        with httpx.Client(transport=way, base_url="https://hub.test") as client:
            return client.request(method, path, headers=headers, content=body)

    return call


def django(hub, extra):
    extra("django")
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler
    from django.urls import clear_url_caches, set_urlconf

    if not settings.configured:
        settings.configure(ALLOWED_HOSTS=["hub.test"], LOGGING_CONFIG=None, USE_I18N=False)
        import django as package

        package.setup()
    module = type(sys)("the_page_of_django")
    module.hub = hub
    exec(compile(block("Django"), "django", "exec"), vars(module))  # noqa: S102 - as above
    settings.ROOT_URLCONF = module
    clear_url_caches()
    set_urlconf(None)
    return by_wsgi(WSGIHandler())


def fastapi(hub, extra):
    extra("fastapi")
    # FastAPI reads the annotations of its routes from a module.
    module = type(sys)("the_page_of_fastapi")
    module.hub = hub
    exec(compile(block("FastAPI"), "fastapi", "exec"), vars(module))  # noqa: S102 - as above

    def call(method, path, peer, headers, body):
        async def ask():
            way = httpx.ASGITransport(app=module.app, client=(peer, 4000))
            async with httpx.AsyncClient(transport=way, base_url="https://hub.test") as client:
                return await client.request(method, path, headers=headers, content=body)

        return asyncio.run(ask())

    return call


@pytest.fixture(params=["wsgi", "django", "fastapi"])
def call(request, hub, extra):
    made = {
        "wsgi": lambda: wsgi(hub),
        "django": lambda: django(hub, extra),
        "fastapi": lambda: fastapi(hub, extra),
    }[request.param]()

    def send(
        path="/sms/vendor/token-in-the-path", peer=VENDOR, body=BODY, method="POST", **headers
    ):
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return made(method, path, peer, {"content-type": "application/json"} | sent, body)

    return send


def test_a_call_reaches_its_gateway_whole_and_is_answered_by_it(call, gateway):
    answer = call("/sms/vendor/token-in-the-path?a=%20b", x_sign="Sig/1+2=")
    assert (answer.status_code, answer.content) == (200, b'{"ok":1}')
    assert answer.headers["content-type"].partition(";")[0] == "text/plain"
    (came,) = gateway.came
    assert (came.method, came.body, came.client) == ("POST", BODY, VENDOR)
    assert came.url == "https://hub.test/sms/vendor/token-in-the-path?a=%20b"
    wanted = {
        "x-sign": "Sig/1+2=",
        "content-type": "application/json",
        "content-length": str(len(BODY)),
        "host": "hub.test",
    }
    assert wanted.items() <= came.headers.items()


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (tf.Denied("sms.callback_forged"), 403),
        (tf.Invalid("sms.callback_malformed"), 400),
        (tf.StorageBusy("storage.busy"), 503),
        (RuntimeError("quotes 13987650000"), 500),
    ],
)
def test_an_error_is_a_status_and_nothing_of_the_call_is_logged(
    call, gateway, caplog, error, status
):
    caplog.set_level(logging.DEBUG)
    gateway.failure = error
    answer = call("/sms/vendor?token=token-in-the-query")
    assert answer.status_code == status
    assert ("retry-after" in answer.headers) == (status == 503)
    assert BODY not in answer.content
    said = [record for record in caplog.records if record.name == "tianfu_sdk.sms"]
    assert [record.levelno for record in said] == [logging.ERROR if status >= 500 else logging.INFO]
    # httpx is the client of this test, and asyncio tells of its loop.
    shown = "\n".join(f"{r.getMessage()} {r.args}" for r in caplog.records if r.name != "httpx")
    assert not [word for word in ("13987650000", "token-in", "退订") if word in shown]


def test_a_name_that_nobody_has_is_not_there(call, gateway):
    assert call("/sms/nobody/x").status_code == 404
    assert gateway.came == []


def test_a_body_without_end_is_not_read(call, gateway):
    assert call(body=b"x" * LARGEST_CALLBACK).status_code == 200
    assert call(body=b"x" * (LARGEST_CALLBACK + 1)).status_code == 413
    assert len(gateway.came) == 1


def test_only_a_proxy_of_ones_own_says_for_whom_it_calls(call, gateway):
    call(peer=PROXY, x_forwarded_for=f"192.0.2.66, {VENDOR}, 127.0.0.1")
    call(peer="192.0.2.66", x_forwarded_for=VENDOR)
    assert [came.client for came in gateway.came] == [VENDOR, "192.0.2.66"]


def test_every_adapter_is_short():
    for title in ("WSGI", "Django", "FastAPI"):
        lines = [line for line in block(title).splitlines() if line.strip()]
        assert len(lines) <= 22
