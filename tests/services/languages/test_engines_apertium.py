"""A content through a real machine translation, over HTTP, to a draft; for the night.

apertium-apy with the pair English and Spanish, a process on this machine:
`apt-get install apertium-apy apertium-eng-spa`.
"""

import contextlib
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from socket import socket
from urllib.parse import urlencode

import attrs
import httpx
import pytest

from tianfu_sdk.hookspecs import hookimpl
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.http import HttpRequest
from tianfu_sdk.translators import EngineSettings, HttpEngine, Unreadable, read_json, text_of

pytestmark = [pytest.mark.deep, pytest.mark.server]

PYTHON = Path("/usr/bin/python3")
MODES = Path("/usr/share/apertium/modes")
# It has no option for where to listen, and listens on all interfaces.
START = """
from tornado.tcpserver import TCPServer
bind = TCPServer.bind
TCPServer.bind = lambda self, port, address=None, **more: bind(self, port, "127.0.0.1", **more)
from apertium_apy.apy import main
main()
"""


@attrs.frozen(kw_only=True)
class ApertiumSettings(EngineSettings):
    texts_per_request: int = 1


class ApertiumTranslator(HttpEngine[ApertiumSettings]):
    """What a plugin's author writes for it."""

    name = "apertium"
    settings = ApertiumSettings
    codes = {"en": "eng", "es": "spa", "eu": "eus"}

    def __init__(self, options, clock):
        super().__init__(options, clock, known=self.codes)

    def ask(self, batch):
        pair = f"{self.codes[batch.source]}|{self.codes[batch.target]}"
        text = "".join(segment.text for segment in batch.segments)
        return HttpRequest(
            method="POST",
            url=f"{self.url}/translate",
            headers={"content-type": "application/x-www-form-urlencoded"},
            body=urlencode({"langpair": pair, "q": text, "markUnknown": "no"}).encode(),
        )

    def read(self, batch, found):
        return [text_of(found.get("responseData"), "translatedText")]

    def refused(self, response):
        try:
            why = text_of(read_json(response.body), "explanation")
        except Unreadable:
            return "", ""
        return ("unsupported" if "not installed" in why else ""), "explained"


class Plugin:
    tianfu_api = 1

    @hookimpl
    def tianfu_register_translation(self, register):
        register("apertium", ApertiumTranslator.open)


@pytest.fixture(scope="module")
def server():
    probe = [str(PYTHON), "-c", "import apertium_apy, tornado"]
    there = PYTHON.exists() and subprocess.run(probe, capture_output=True, check=False)
    if not there or there.returncode or not (MODES / "eng-spa.mode").exists():
        pytest.skip("apt-get install apertium-apy apertium-eng-spa")
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [str(PYTHON), "-c", START, "-p", str(port), str(MODES)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            with contextlib.suppress(httpx.TransportError):
                httpx.get(f"{url}/listPairs")
                break
            time.sleep(0.1)
        yield url
    finally:
        # With its pipelines; asked to end, it waits for them.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


@pytest.fixture
def hub(server, stack):
    return stack.enter_context(
        Hub.open(
            "memory:",
            plugins=[Plugin()],
            settings={
                "backends": {"apertium": {"base_url": server}},
                "translation": {"engines": ["apertium"], "patience": 5.0},
            },
            discover=False,
        )
    )


BODY = (
    "Wash your hands before you eat. Go to {place} and stay there.\n"
    'Read <a href="https://www.scst.cn/a?b=1">this page</a>. Call %s, or 119.'
)


def task_of(hub, language, **fields):
    first = hub.bootstrap(organization="四川省科学技术协会", region="510000")
    me, system = hub.as_(first.id), hub.as_system(reason="test")
    second = system.accounts.create(organization=first.organization)
    system.accounts.grant(second.id, ["read", "approve"], kinds=["*"], region="510000")
    given = {"title": "Clean hands", "body": BODY, "language": "en"} | fields
    draft = me.resources.create(organization=first.organization, **given)
    me.resources.submit(draft.id)
    hub.as_(second.id).resources.approve(draft.id)
    return me, me.translations.begin(draft.id, language)


def test_a_content_is_drafted_sentence_by_sentence(hub):
    me, task = task_of(hub, "es")
    task = me.translations.draft(task.id)
    said = [one.target for one in task.segments]
    assert {one.state.value for one in task.segments} == {"machine_draft"}
    assert {one.origin for one in task.segments} == {"apertium"}
    assert len(said) == 3
    assert "manos" in said[0].lower()
    assert "manos" in said[1]
    for one in task.segments:
        kept = re.findall(r"\{\w+\}|<[^>]*>|%s", one.source)
        assert re.findall(r"\{\w+\}|<[^>]*>|%s", one.target) == kept
    codes = {problem.code for problem in me.translations.problems(task.id)}
    assert not codes & {"check.placeholder", "check.markup", "check.url", "check.phone"}
    health, *_ = me.translations.health()
    assert (health.engine, health.asked, health.failed) == ("apertium", 3, 0)


def test_a_text_over_its_limits_is_whole_again(hub):
    sentences = [f"The dog number {n} drinks water." for n in range(400)]
    me, task = task_of(hub, "es", body="\n".join(sentences))
    task = me.translations.draft(task.id)
    said = [one.target for one in task.segments[1:]]
    assert [re.findall(r"\d+", one) for one in said] == [[str(n)] for n in range(400)]
    assert all("perro" in one for one in said)


def test_a_pair_that_is_not_installed_is_said_so(hub):
    me, task = task_of(hub, "eu")
    with pytest.raises(Exception, match=r"translation\.unsupported"):
        me.translations.draft(task.id)
