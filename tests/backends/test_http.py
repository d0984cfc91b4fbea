"""The network, against a server on loopback."""

import contextlib
import functools
import logging
import os
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tianfu_sdk.backends.http import HttpxTransport
from tianfu_sdk.errors import Ambiguous, Unavailable
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.testing import Loopback
from tianfu_sdk.testing.certificate import self_signed


class Server(ThreadingHTTPServer):
    connections = 0

    def get_request(self):
        self.connections += 1
        return super().get_request()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path.startswith("/silent"):
            self.server.heard.append(body)
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        if self.path.startswith("/slow"):
            self.server.release.wait(5)
        if self.path.startswith("/drip"):
            self.drip()
            return
        status = 302 if self.path.startswith("/moved") else 200
        self.send_response(status)
        self.send_header("X-Answer", "s3cret-header")
        self.send_header("Location", "http://127.0.0.1:1/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def drip(self):
        """A byte at a time: often enough for any wait, and never done."""
        head = b"HTTP/1.1 200 OK\r\n"
        if self.path.endswith("body"):
            head += b"Content-Length: 1000\r\n\r\n"
        elif self.path.endswith("end"):
            head += b"Connection: close\r\n\r\n"
        else:
            head += b"X-Long: "
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.wfile.write(head)
            while not self.server.release.wait(0.02):
                self.wfile.write(b"x")

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.heard, server.release = [], threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield server
    server.release.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def transport():
    transport = HttpxTransport()
    yield transport
    transport.close()


def post(url, body=b"hello"):
    return HttpRequest(method="POST", url=url, headers={"X-Token": "t0ken"}, body=body)


def test_a_request_goes_out_and_its_response_comes_back(server, transport):
    answer = transport.send(post(server.url + "/echo"), timeout=5)
    assert (answer.status, answer.body) == (200, b"hello")
    assert answer.headers["x-answer"] == "s3cret-header"


def test_a_redirect_is_not_followed(server, transport):
    assert transport.send(post(server.url + "/moved"), timeout=5).status == 302


def test_what_never_left_is_safe_to_send_again(transport):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unavailable) as caught:
        transport.send(post(f"http://127.0.0.1:{port}/"), timeout=2)
    assert caught.value.code == "http.not_sent"
    assert caught.value.retryable


def test_what_left_and_was_not_answered_is_ambiguous(server, transport):
    with pytest.raises(Ambiguous) as caught:
        transport.send(post(server.url + "/silent"), timeout=5)
    assert caught.value.code == "http.no_answer"
    assert not caught.value.retryable
    assert server.heard == [b"hello"]


def test_an_answer_that_is_too_late_is_ambiguous(server, transport):
    with pytest.raises(Ambiguous) as caught:
        transport.send(post(server.url + "/slow"), timeout=0.2)
    assert caught.value.values["why"] in ("too late", "ReadTimeout")


@pytest.mark.parametrize("where", ["head", "body", "end"])
def test_a_server_that_drips_does_not_hold_a_call(server, transport, where):
    started = time.monotonic()
    with pytest.raises(Ambiguous) as caught:
        transport.send(post(f"{server.url}/drip-{where}"), timeout=0.3)
    assert caught.value.values["why"] == "too late"
    assert time.monotonic() - started < 3
    # The next one has a connection of its own.
    assert transport.send(post(server.url + "/echo"), timeout=5).status == 200


def test_a_call_that_is_late_before_anything_left_is_safe_to_send_again(
    server, transport, monkeypatch
):
    connect = socket.create_connection

    def slow(*args, **options):
        time.sleep(0.3)
        return connect(*args, **options)

    monkeypatch.setattr(socket, "create_connection", slow)
    with pytest.raises(Unavailable) as caught:
        transport.send(post(server.url + "/silent"), timeout=0.1)
    assert caught.value.code == "http.not_sent"
    assert server.heard == []


def test_connections_are_used_again_and_not_more_are_kept_than_needed(server, transport):
    for _ in range(3):
        transport.send(post(server.url + "/echo"), timeout=5)
    assert server.connections == 1
    with ThreadPoolExecutor(4) as pool:
        send = functools.partial(transport.send, timeout=5)
        answers = list(pool.map(send, [post(server.url + "/echo")] * 8))
    assert {answer.status for answer in answers} == {200}
    assert server.connections <= 5


@pytest.mark.parametrize("url", ["ftp://x/", "x", "http://", "http://[::1", "http://a b/"])
def test_an_address_that_cannot_be_called_is_told_without_being_shown(transport, url):
    with pytest.raises(Unavailable) as caught:
        transport.send(post(url), timeout=1)
    assert caught.value.code in ("http.bad_url", "http.not_sent")
    assert "t0ken" not in str(caught.value)


def test_an_answer_without_end_is_not_kept(server, transport, monkeypatch):
    monkeypatch.setattr("tianfu_sdk.backends.http._LARGEST", 3)
    with pytest.raises(Ambiguous) as caught:
        transport.send(post(server.url + "/echo"), timeout=5)
    assert caught.value.values["why"] == "response too large"


def test_no_log_shows_what_was_sent_or_answered(server, transport, caplog):
    with caplog.at_level(logging.DEBUG):
        transport.send(post(server.url + "/echo?phone=13800138000"), timeout=5)
    for shown in ("13800138000", "t0ken", "s3cret-header"):
        assert shown not in caplog.text


def test_the_embedding_programs_own_requests_are_logged_as_ever(server, transport, caplog):
    import httpx

    transport.send(post(server.url + "/echo"), timeout=5)
    with caplog.at_level(logging.DEBUG), httpx.Client() as client:
        client.post(server.url + "/echo?mine=1", content=b"x")
    assert "mine=1" in caplog.text
    assert any(record.name.startswith("httpcore.") for record in caplog.records)


def test_reprs_of_requests_show_nothing_personal():
    request = post("http://h/?phone=13800138000", b"13800138000")
    assert "138" not in repr(request)
    assert "t0ken" not in repr(request)
    assert "138" not in repr(HttpResponse(status=200, headers={"a": "138"}, body=b"138"))


def test_a_transport_may_be_closed_twice_and_used_again(server, transport):
    transport.send(post(server.url + "/echo"), timeout=5)
    transport.close()
    transport.close()
    assert transport.send(post(server.url + "/echo"), timeout=5).status == 200


def test_a_client_that_was_given_is_left_open():
    class Client:
        closed = False

        def close(self):
            self.closed = True

    client = Client()
    HttpxTransport(client).close()
    assert not client.closed


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_child_speaks_on_connections_of_its_own(server, transport):
    transport.send(post(server.url + "/echo"), timeout=5)
    child = os.fork()
    if child == 0:
        fine = transport.send(post(server.url + "/echo"), timeout=5).status == 200
        os._exit(0 if fine else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert server.connections == 2
    transport.send(post(server.url + "/echo"), timeout=5)
    assert server.connections == 2


@pytest.fixture
def tls_vendor(tmp_path):
    def open_(address="127.0.0.1"):
        path = self_signed(tmp_path, address)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(path)
        vendor = stack.enter_context(Loopback(tls))
        return vendor, path

    with contextlib.ExitStack() as stack:
        yield open_


def called(vendor):
    with contextlib.closing(HttpxTransport()) as transport:
        return transport.send(HttpRequest(method="POST", url=vendor.url + "/x"), timeout=5)


def test_an_authority_of_ones_own_is_trusted_where_it_is_named(tls_vendor, monkeypatch):
    vendor, path = tls_vendor()
    with pytest.raises(Unavailable) as raised:
        called(vendor)
    assert raised.value.code == "http.untrusted"
    assert raised.value.values["why"].startswith("self")
    assert vendor.requests == []
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    assert called(vendor).status == 200


def test_a_certificate_of_another_host_is_not_trusted_and_no_host_is_named(tls_vendor, monkeypatch):
    vendor, path = tls_vendor("127.0.0.2")
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with pytest.raises(Unavailable) as raised:
        called(vendor)
    assert raised.value.code == "http.untrusted"
    assert "127.0.0" not in str(raised.value)
    assert vendor.requests == []
