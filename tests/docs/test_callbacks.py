"""The adapters of the page on callbacks, as they stand there."""

import asyncio
import io
import json
import re
from pathlib import Path

import httpx
import pytest

from tianfu_sdk.errors import Denied, Invalid
from tianfu_sdk.hookspecs import hookimpl
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.http import HttpResponse
from tianfu_sdk.model.sms import CallbackResult, SmsCapabilities

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "callbacks.md"
SECRET = "unguessable"
PATH = f"/sms/vendor/{SECRET}"


class Vendor:
    """A gateway that calls back."""

    tianfu_api = 1
    capabilities = SmsCapabilities(name="vendor", shape="http", real=False)

    def __init__(self):
        self.came = []

    @hookimpl
    def tianfu_register_sms(self, register):
        register("vendor", lambda _: self)

    def request(self, batch):
        raise AssertionError

    def result(self, batch, response):
        raise AssertionError

    def callback(self, request):
        self.came.append(request)
        if request.body == b"forged":
            raise Denied("sms.callback_forged")
        if request.body == b"[":
            raise Invalid("sms.callback_malformed")
        return CallbackResult(
            response=HttpResponse(
                status=200, headers={"content-type": "application/json"}, body=b'{"code":0}'
            )
        )


@pytest.fixture
def vendor():
    return Vendor()


@pytest.fixture
def hub(vendor):
    with Hub.open("memory:", plugins=[vendor], discover=False) as opened:
        yield opened


def adapter(title):
    """Run the block below a heading; gives what it defines."""
    section = PAGE.read_text("utf-8").split(f"## {title}\n", 1)[1]
    code = re.search(r"```py\n(.*?)```", section, re.DOTALL).group(1)
    assert len(code.splitlines()) <= 28
    found = {}
    exec(compile(code, f"{PAGE}: {title}", "exec"), found)  # noqa: S102 - the page's own code
    return found


def held(vendor, post):
    """Hold an adapter to what the page says."""
    status, body = post(PATH, json.dumps({"状态": "ok"}).encode())
    assert (status, body) == (200, b'{"code":0}')
    (came,) = vendor.came
    assert json.loads(came.body) == {"状态": "ok"}
    assert (came.method, came.headers["x-sign"], bool(came.client)) == ("POST", "s", True)
    assert came.url.split("?")[0].endswith(PATH)
    assert post(PATH, b"forged")[0] == 403
    assert post(PATH, b"[")[0] == 400
    assert post("/sms/vendor/wrong", b"{}")[0] == 404
    assert len(vendor.came) == 3


def test_wsgi(hub, vendor):
    app = adapter("WSGI")["callbacks"](hub, SECRET)

    def post(path, body):
        said = []
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": path,
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": "application/json",
            "HTTP_X_SIGN": "s",
            "REMOTE_ADDR": "192.0.2.1",
            "wsgi.input": io.BytesIO(body),
        }
        whole = b"".join(app(environ, lambda status, headers: said.append(status)))
        return int(said[0].split()[0]), whole

    held(vendor, post)


def test_django(hub, vendor, extra):
    extra("django")
    from django.conf import settings

    if not settings.configured:
        settings.configure(ALLOWED_HOSTS=["testserver"])
    from django.http import Http404
    from django.test import RequestFactory

    view = adapter("Django")["callback_view"](hub, SECRET)

    def post(path, body):
        asked = RequestFactory().post(path, body, content_type="application/json", HTTP_X_SIGN="s")
        try:
            answer = view(asked, "vendor", path.rsplit("/", 1)[1])
        except Http404:
            return 404, b""
        return answer.status_code, answer.content

    held(vendor, post)


def test_fastapi(hub, vendor, extra):
    fastapi = extra("fastapi")
    app = fastapi.FastAPI()
    app.include_router(adapter("FastAPI")["callback_router"](hub, SECRET))

    async def ask(path, body):
        wire = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=wire, base_url="http://testserver") as client:
            return await client.post(path, content=body, headers={"x-sign": "s"})

    def post(path, body):
        answer = asyncio.run(ask(path, body))
        return answer.status_code, answer.content

    held(vendor, post)
