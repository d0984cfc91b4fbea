"""Message centres made by others: smpp34 (PyPI), smpp (npm), and Kannel's drive_smpp."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

HERE = Path(__file__).parent
LONG = "科普之城，汛期防范😀：" * 20
DRIVE = "/usr/lib/kannel/test/drive_smpp"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Server:
    """A server as a process; its lines of JSON are kept."""

    def __init__(self, *command, port, env=None):
        self.port, self.said = port, []
        self._process = subprocess.Popen(
            [*command, str(port)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env
        )
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self):
        for line in self._process.stdout:
            with contextlib.suppress(ValueError):
                self.said.append(json.loads(line))

    def wait(self, until, seconds=20.0):
        end = time.monotonic() + seconds
        while not until():
            if time.monotonic() > end:
                return False
            time.sleep(0.01)
        return True

    def close(self):
        self._process.kill()
        self._process.wait()
        self._thread.join()
        self._process.stdout.close()


@contextlib.contextmanager
def running(*command, env=None):
    server = Server(*command, port=free_port(), env=env)
    try:
        assert server.wait(lambda: {"ready": True} in server.said), "it did not start"
        yield server
    finally:
        server.close()


@pytest.fixture
def smpp34():
    pytest.importorskip("smpp34", reason="smpp34 is not installed: pip install smpp34")
    with running(sys.executable, str(HERE / "smpp34_server.py")) as server:
        yield server


@pytest.fixture
def npm():
    node, packer = shutil.which("node"), shutil.which("npm")
    if node is None or packer is None:
        pytest.skip("node is not here: apt-get install nodejs npm; npm install -g smpp")
    root = subprocess.run([packer, "root", "-g"], capture_output=True, text=True, check=True)
    env = os.environ | {"NODE_PATH": root.stdout.strip()}
    found = subprocess.run(
        [node, "-e", "require('smpp')"], env=env, capture_output=True, check=False
    )
    if found.returncode:
        pytest.skip("npm's smpp is not here: npm install -g smpp")
    with running(node, str(HERE / "npm_server.js"), env=env) as server:
        yield server


def talk(server, opened, batch, stored, **settings):
    """Send short and long ones, and get receipts and inbound messages back."""
    gateway = opened(server.port, **settings)
    gateway.connect()
    results = gateway.submit(batch(20))
    assert [one.status for one in results] == ["accepted"] * 20
    assert len({one.provider_id for one in results}) == 20
    receipts, inbound = stored(gateway, 40, 15.0)
    assert sorted(one.provider_id for one in receipts) == sorted(o.provider_id for o in results)
    assert {one.state for one in receipts} == {"delivered"}
    assert [one.text for one in inbound] == ["退订"] * 20
    assert {one.phone for one in inbound} == {one.phone for one in batch(20).recipients}
    (full,) = gateway.submit(batch(1, first=99))
    assert (full.status, full.error.value) == ("deferred", "throttled")
    (long,) = gateway.submit(batch(1, LONG, first=50))
    told = set()
    while told != set(long.part_ids or (long.provider_id,)):
        receipts, inbound = stored(gateway, 1)
        assert receipts or inbound
        told |= {one.provider_id for one in receipts}
    return gateway


class TestSmpp34:
    @pytest.mark.parametrize("bind", ["transceiver", "pair"])
    def test_it_understands_us_and_we_understand_it(self, smpp34, opened, batch, stored, bind):
        talk(smpp34, opened, batch, stored, bind=bind)
        told = [one for one in smpp34.said if "to" in one]
        # It reads its window in no order.
        assert sorted(one["to"] for one in told[:20]) == [
            one.phone[1:] for one in batch(20).recipients
        ]
        texts = {bytes.fromhex(one["data"]).decode("utf-16-be") for one in told[:20]}
        assert texts == {"【科普四川】汛期防范提示"}
        parts = sorted(bytes.fromhex(one["data"]) for one in told[20:])
        assert b"".join(part[6:] for part in parts).decode("utf-16-be") == f"【科普四川】{LONG}"


@pytest.mark.server
@pytest.mark.ci
class TestNpm:
    @pytest.mark.parametrize("bind", ["transceiver", "pair"])
    @pytest.mark.parametrize("long", ["udh", "payload"])
    def test_it_understands_us_and_we_understand_it(self, npm, opened, batch, stored, bind, long):
        gateway = talk(npm, opened, batch, stored, bind=bind, long_messages=long)
        told = [one for one in npm.said if "to" in one]
        assert told[0]["text"] == "【科普四川】汛期防范提示"
        assert "".join(one["text"] for one in told[20:]) == f"【科普四川】{LONG}"
        assert gateway.status("n1").state == "delivered"

    def test_a_wrong_password_is_refused(self, npm, opened):
        from tianfu_sdk import Unavailable

        with pytest.raises(Unavailable) as raised:
            opened(npm.port, password="wrong").connect()
        assert raised.value.values["status"] == "0xe"


BEARERBOX = """
group = core
admin-port = {admin}
smsbox-port = 13001
admin-password = bar
box-deny-ip = "*.*.*.*"
box-allow-ip = "127.0.0.1"

group = smsc
smsc = fake
smsc-id = fake
port = {fake}
connect-allow-ip = 127.0.0.1
"""


@pytest.mark.server
@pytest.mark.ci
@pytest.mark.skipif(
    shutil.which("bearerbox", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is None
    or not Path(DRIVE).exists(),
    reason="Kannel is not here: apt-get install kannel kannel-extras",
)
def test_kannel_understands_us_and_we_understand_it(tmp_path, opened, batch, stored):
    """Its drive_smpp is a centre without a transceiver, and wants a bearerbox beside it."""
    config = tmp_path / "kannel.conf"
    config.write_text(BEARERBOX.format(admin=free_port(), fake=free_port()), "utf-8")
    box = shutil.which("bearerbox", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    port = free_port()
    log = tmp_path / "drive.log"
    with contextlib.ExitStack() as stack:
        out = stack.enter_context(log.open("wb"))
        for command in (
            [box, "-v", "4", str(config)],
            [DRIVE, "-p", str(port), "-m", "20", "-v", "0"],
        ):
            process = subprocess.Popen(command, stdout=out, stderr=out, cwd=tmp_path)
            stack.callback(process.wait)
            stack.callback(process.kill)
        end = time.monotonic() + 20
        while True:
            # It listens for one client only, so it must not be asked by a look.
            if b"accept_thread" in log.read_bytes() or time.monotonic() > end:
                break
            time.sleep(0.05)
        gateway = opened(port, bind="pair")
        gateway.connect()
        results = gateway.submit(batch(20))
        assert {one.status for one in results} == {"accepted"}
        _, inbound = stored(gateway, 20, 15.0)
        assert sorted(int(one.text) for one in inbound) == list(range(1, 21))
        gateway.close()
    said = log.read_text("utf-8", "replace")
    assert said.count("Handling SMPP PDU of type submit_sm") == 20
    assert said.count("Handling SMPP PDU of type deliver_sm_resp") == 20
    # It stops with the first of them.
    assert said.count("Handling SMPP PDU of type unbind") >= 1
    assert "Unhandled" not in said
