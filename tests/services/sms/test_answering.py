"""What a vendor is answered, whatever becomes of its call."""

from __future__ import annotations

import pytest

import tianfu_sdk as tf
from tianfu_sdk.model.http import LARGEST_CALLBACK, HttpRequest, HttpResponse, address_of, caller_of
from tianfu_sdk.model.sms import CallbackResult, SmsCapabilities
from tianfu_sdk.services.sms.answering import answered, demand_from, networks_of


def call(client="203.0.113.7", body=b"{}"):
    return HttpRequest(method="POST", url="https://hub.test/", body=body, client=client)


def failing(error):
    def take():
        raise error

    return take


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (tf.Denied("sms.callback_forged"), 403),
        (tf.Invalid("sms.callback_malformed"), 400),
        (tf.Unsupported("sms.no_callback"), 404),
        (tf.PluginError("plugin.unknown"), 404),
        (tf.PluginError("plugin.broken"), 503),
        (tf.StorageBusy("storage.busy"), 503),
        (tf.StorageFull("storage.full"), 500),
        (KeyError("+8613987650000"), 500),
    ],
)
def test_every_error_is_a_status(error, status):
    answer = answered(call(), failing(error))
    assert (answer.status, answer.body) == (status, b"")
    assert ("retry-after" in answer.headers) == (status == 503)


def test_what_ends_the_program_is_not_held_up():
    with pytest.raises(KeyboardInterrupt):
        answered(call(), failing(KeyboardInterrupt()))


def test_only_who_is_listed_is_heard():
    listed = ("203.0.113.0/24", "2001:db8::/32")
    for client in ("203.0.113.7", "::ffff:203.0.113.7", "2001:db8::1"):
        demand_from(client, networks_of(listed))
    demand_from("", networks_of([]))
    for client in ("203.0.114.1", "", "unknown", "203.0.113.7:80"):
        with pytest.raises(tf.Denied, match="elsewhere"):
            demand_from(client, networks_of(listed))
    with pytest.raises(tf.Invalid) as raised:
        networks_of(["not a network"])
    assert (raised.value.code, raised.value.path) == ("field.value", "networks")


class Vendor:
    """A gateway that is called back."""

    tianfu_api = 1
    capabilities = SmsCapabilities(name="vendor", shape="http", phones_per_call=1)

    @tf.hookimpl
    def tianfu_register_sms(self, register):
        register("vendor", lambda _: self)

    def request(self, batch):
        raise NotImplementedError

    def result(self, batch, response):
        raise NotImplementedError

    def callback(self, _):
        return CallbackResult(response=HttpResponse(status=200))


def test_networks_of_the_settings_count_and_those_of_a_call_win(caplog):
    settings = {"gateways": {"vendor": {"networks": ["198.51.100.0/24"]}}}
    caplog.set_level("INFO", "tianfu_sdk.sms")
    with tf.Hub.open("memory:", settings=settings, plugins=[Vendor()], discover=False) as hub:
        assert hub.sms.answer("vendor", call("198.51.100.9")).status == 200
        assert hub.sms.answer("vendor", call()).status == 403
        assert "sms.callback_elsewhere" in caplog.text
        assert hub.sms.answer("vendor", call(), networks=["203.0.113.7"]).status == 200
        assert hub.sms.answer("vendor", call(), networks=()).status == 200
        assert hub.sms.answer("vendor", call("198.51.100.9"), networks=["10.0.0.0/8"]).status == 403
        with pytest.raises(tf.Denied) as raised:
            hub.sms.callback("vendor", call())
        assert (raised.value.code, raised.value.path) == ("sms.callback_elsewhere", "client")
        with pytest.raises(tf.Invalid):
            hub.sms.answer("vendor", call(), networks=["203.0.113.7/24"])


def test_what_is_too_large_is_not_looked_at():
    looked = []
    for size in (LARGEST_CALLBACK, LARGEST_CALLBACK + 1):
        answered(
            call(body=b"x" * size), lambda n=size: looked.append(n) or HttpResponse(status=200)
        )
    assert looked == [LARGEST_CALLBACK]


@pytest.mark.parametrize(
    ("peer", "forwarded", "caller"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, 10.9.9.9,::ffff:10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.2, 10.0.0.3", "10.0.0.2"),
        ("10.0.0.1", "198.51.100.1, unknown", "unknown"),
        ("", "198.51.100.1", ""),
    ],
)
def test_a_header_is_believed_as_far_as_own_proxies_wrote_it(peer, forwarded, caller):
    assert caller_of(peer, forwarded, ["10.0.0.0/8"]) == caller


def test_no_address_is_none():
    assert address_of("nowhere") is None
    assert str(address_of(" ::ffff:192.0.2.1 ")) == "192.0.2.1"
