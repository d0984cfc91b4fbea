"""The README's receiver runs, and what it says of the wire is so."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from pathlib import Path

import attrs
import pytest
import tianfu_sms_webhook
from tianfu_sms_webhook import WebhookGateway, signed_headers

from tianfu_sdk import Hub
from tianfu_sdk.model.sms import Recipient, SmsBatch
from tianfu_sdk.testing import CountingIds, FrozenClock

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
SECRET = "example-secret-16b"
BATCH = SmsBatch(
    reference="bat_1",
    signature="科普四川",
    text="ཆུ་ལོག་སྔོན་འགོག",
    recipients=(Recipient("sub_1", "+8613900000001"), Recipient("sub_2", "+8613900000002")),
)


@pytest.fixture
def receiver():
    """Run the README's example as it stands, on a free port."""
    (source,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names = {"__name__": "receiver"}
    exec(compile(source, "README.md", "exec"), names)  # noqa: S102 - our own page
    server = ThreadingHTTPServer(("127.0.0.1", 0), names["Receiver"])
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/", names
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def opened(receiver):
    url, _ = receiver

    def open_(**settings):
        table = {"url": url, "secret": SECRET} | settings
        return Hub.open(
            "memory:",
            settings={"backends": {"webhook": table}},
            plugins=[tianfu_sms_webhook],
            ids=CountingIds(),
            discover=False,
        )

    return open_


def send(hub, batch):
    """Send as the hub's dispatcher does: by name, through the hub's own transport."""
    gateway = hub._tools.gateway("webhook")
    assert isinstance(gateway, WebhookGateway)
    response = hub._tools.transport.send(gateway.request(batch), timeout=5)
    return gateway.result(batch, response)


def test_the_receiver_takes_what_a_hub_sends_and_sends_it_once(opened, receiver):
    sent = []
    receiver[1]["hand_on"] = lambda phone, text: sent.append((phone, text)) or f"msg-{len(sent)}"
    with opened() as hub:
        first = send(hub, BATCH)
        again = send(hub, attrs.evolve(BATCH, attempt=2))
    assert [(one.ref, one.status, one.provider_id) for one in first] == [
        ("sub_1", "accepted", "msg-1"),
        ("sub_2", "accepted", "msg-2"),
    ]
    assert again == first
    assert sent == [(one.phone, f"【科普四川】{BATCH.text}") for one in BATCH.recipients]


def test_the_receiver_refuses_another_secret(opened):
    with opened(secret="another-secret-16b") as hub:
        found = send(hub, BATCH)
    assert {(one.status, one.error.value, one.code) for one in found} == {
        ("rejected", "stop_channel", "signature")
    }


def test_the_test_vector_is_right():
    (vector,) = re.findall(r"`(v1=[0-9a-f]{64})`", README)
    headers = signed_headers(b"{}", secret=SECRET, now=datetime.fromtimestamp(1767256200, UTC))
    assert headers["x-tianfu-signature"] == vector
    assert headers["x-tianfu-timestamp"] == "1767256200"


def test_every_setting_stands_in_the_readme():
    (table,) = re.findall(r"\[backends\.webhook\]\n(.*?)```", README, re.DOTALL)
    named = re.findall(r"^(\w+) =", table, re.MULTILINE)
    assert sorted(named) == sorted(
        field.name for field in attrs.fields(tianfu_sms_webhook.WebhookSettings)
    )


def test_the_plugin_offers_itself():
    with Hub.open(
        "memory:", plugins=[tianfu_sms_webhook], clock=FrozenClock(), discover=False
    ) as hub:
        (info,) = [one for one in hub.plugins if not one.builtin]
    assert (info.name, info.version, info.offers) == (
        "tianfu_sms_webhook",
        "0.1.0",
        ("sms:webhook",),
    )
