"""The gateway that writes files: whole batches, once each, without phones."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from tianfu_sdk.backends.outbox_file import OutboxFileGateway
from tianfu_sdk.errors import Unavailable
from tianfu_sdk.model.sms import Recipient, SmsBatch
from tianfu_sdk.ports.sms import HttpSmsGateway, SessionSmsGateway
from tianfu_sdk.testing import FrozenClock

CLOCK = FrozenClock(datetime(2026, 1, 5, 4, 0, tzinfo=UTC))


@pytest.fixture(params=["folder", "memory"])
def gateway(request, tmp_path):
    folder = tmp_path / "sms" / "out" if request.param == "folder" else None
    return OutboxFileGateway(folder, clock=CLOCK)


def batch(reference="bat_1", count=2, text="震后先避险。", first=0):
    recipients = tuple(
        Recipient(f"sub_{n}", f"+8613812340{n:03d}") for n in range(first, first + count)
    )
    return SmsBatch(reference=reference, signature="四川科普", text=text, recipients=recipients)


def all_receipts(gateway):
    found = []
    while some := gateway.poll()[0]:
        found += some
    return found


def test_it_is_a_session_that_reaches_no_telephone(gateway):
    assert isinstance(gateway, SessionSmsGateway)
    assert not isinstance(gateway, HttpSmsGateway)
    capabilities = gateway.capabilities
    assert (capabilities.real, capabilities.dedupes, capabilities.receipts) == (
        False,
        True,
        ("pull",),
    )


def test_a_line_a_message_with_masked_phone_text_and_parts(gateway):
    gateway.connect()
    results = gateway.submit(batch(text="字" * 100))
    assert [(r.ref, r.status) for r in results] == [("sub_0", "accepted"), ("sub_1", "accepted")]
    lines = list(gateway.messages())
    assert [line["ref"] for line in lines] == ["sub_0", "sub_1"]
    assert [line["provider_id"] for line in lines] == [r.provider_id for r in results]
    assert [line["phone"] for line in lines] == ["+86138****0000", "+86138****0001"]
    assert [len(part) for part in lines[0]["parts"]] == [61, 39]
    assert "".join(lines[0]["parts"]) == lines[0]["text"] == "字" * 100
    assert lines[0]["at"] == "2026-01-05T04:00:00+00:00"


def test_a_batch_submitted_twice_is_written_and_reported_once(gateway):
    first = gateway.submit(batch())
    assert gateway.submit(batch()) == first
    assert len(all_receipts(gateway)) == 2
    assert gateway.submit(batch()) == first
    assert all_receipts(gateway) == []
    assert len(list(gateway.messages())) == 2


def test_every_message_is_delivered_once_whatever_the_number_of_batches(gateway):
    for number in range(45):
        gateway.submit(batch(f"bat_{number:03d}", count=3))
    found = all_receipts(gateway)
    assert len(found) == 45 * 3
    assert {(r.reference, r.ref) for r in found} == {
        (f"bat_{number:03d}", f"sub_{n}") for number in range(45) for n in range(3)
    }
    assert {r.state for r in found} == {"delivered"}
    assert gateway.poll() == ([], ())


def test_the_folder_holds_json_lines_without_phones(tmp_path):
    gateway = OutboxFileGateway(tmp_path, clock=CLOCK)
    sent = batch()
    gateway.submit(sent)
    lines = (tmp_path / "bat_1.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["reference"] for line in lines] == ["bat_1", "bat_1"]
    for recipient in sent.recipients:
        assert recipient.phone not in "".join(lines)
        assert recipient.phone[3:] not in "".join(lines)


def test_what_a_process_did_not_hear_of_is_told_to_the_next(tmp_path):
    first = OutboxFileGateway(tmp_path, clock=CLOCK)
    first.submit(batch())
    assert len(first.poll()[0]) == 2
    second = OutboxFileGateway(tmp_path, clock=CLOCK)
    assert len(all_receipts(second)) == 2
    third = OutboxFileGateway(tmp_path, clock=CLOCK)
    assert all_receipts(third) == []
    assert third.submit(batch())[0].status == "accepted"
    assert all_receipts(third) == []


def test_odd_references_are_no_paths(tmp_path):
    gateway = OutboxFileGateway(tmp_path / "out", clock=CLOCK)
    for reference in ("../escape", "a/b", "", "x" * 300, "批"):
        gateway.submit(batch(reference))
    assert {path.name for path in tmp_path.iterdir()} == {"out"}
    assert len(list((tmp_path / "out").iterdir())) == 5
    assert len(all_receipts(gateway)) == 10


def test_a_folder_that_cannot_be_written_takes_nothing(tmp_path):
    (tmp_path / "file").write_text("x")
    gateway = OutboxFileGateway(tmp_path / "file", clock=CLOCK)
    with pytest.raises(Unavailable, match=r"sms\.outbox"):
        gateway.submit(batch())


def test_a_batch_is_there_whole_or_not_at_all(tmp_path, monkeypatch):
    gateway = OutboxFileGateway(tmp_path, clock=CLOCK)

    def full(*_):
        raise OSError(28, "no space")

    with monkeypatch.context() as patch:
        patch.setattr("tianfu_sdk.files.os.fsync", full)
        with pytest.raises(Unavailable):
            gateway.submit(batch())
    assert list(tmp_path.iterdir()) == []
    gateway.submit(batch())
    assert len(list(gateway.messages())) == 2


def test_threads_share_it(gateway):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: gateway.submit(batch(f"bat_{n % 10}")), range(40)))
    assert len(list(gateway.messages())) == 20
