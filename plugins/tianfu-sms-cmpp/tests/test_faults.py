"""A campaign against a gateway that fails at random: nobody is sent to twice, nobody is lost."""

from __future__ import annotations

import os
import random
import sys
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import tianfu_sms_cmpp

from tianfu_sdk import Hub
from tianfu_sdk.model.subscriber import Consent
from tianfu_sdk.testing import CmppLoopback, CountingIds, FrozenClock

NOON = datetime(2026, 1, 1, 4, 0, tzinfo=UTC)
PEOPLE = 60
# Few and fixed; in CI others each day; `TIANFU_SEED` and `TIANFU_SEEDS` say which and how many.
_CI = os.environ.get("TIANFU_CI") == "1"
_FIRST = int(
    os.environ.get("TIANFU_SEED") or (datetime.now(UTC).date().toordinal() * 50 if _CI else 0)
)
SEEDS = range(_FIRST, _FIRST + int(os.environ.get("TIANFU_SEEDS") or (14 if _CI else 6)))


def composed(hub, text):
    first = hub.bootstrap(organization="自贡市科学技术协会", region="510300")
    chief = hub.as_(first.id)
    editor = chief.accounts.create(organization=first.organization, label="编辑")
    chief.accounts.grant(editor.id, ["*"], organization=first.organization)
    for number in range(PEOPLE):
        chief.subscribers.create(
            phone=f"+86139000{number:05d}",
            organization=first.organization,
            consents=[Consent(at=NOON, evidence="表1", notice="同意")],
        )
    campaign = hub.as_(editor.id).sms.compose(
        title="防汛",
        organization=first.organization,
        texts={"zh-Hans": text},
        signature="自贡科普",
        gateway="cmpp",
    )
    chief.sms.approve(campaign.id)
    chief.sms.send(campaign.id)
    return chief, campaign


@pytest.fixture(scope="module")
def played(pytestconfig):
    """Sum up what the seeds of a run came to, and say it."""
    sums = Counter()
    yield sums
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        said = ", ".join(f"{count} {what}" for what, count in sorted(sums.items()))
        sys.stdout.write(f"\ncmpp: seeds {SEEDS}: {said}\n")


@pytest.mark.parametrize("seed", SEEDS)
def test_nobody_is_sent_to_twice_and_nobody_is_lost(seed, played):
    rng = random.Random(seed)
    clock = FrozenClock(NOON)
    parts = rng.choice((1, 3))
    with CmppLoopback(rng.choice(("2.0", "3.0")), window=rng.choice((2, 64))) as operator:
        table = {
            "host": "127.0.0.1",
            "port": operator.port,
            "source_addr": "900001",
            "secret": "888888",
            "src_id": "10658000",
            "version": operator.version,
            "phones_per_call": 4,
            "timeout": 0.3,
            "window": rng.choice((1, 16)),
        }
        with Hub.open(
            "memory:",
            settings={"backends": {"cmpp": table}},
            plugins=[tianfu_sms_cmpp],
            clock=clock,
            ids=CountingIds(),
            discover=False,
        ) as hub:
            chief, campaign = composed(hub, "汛期请远离河道。" * (1 if parts == 1 else 20))
            gateway = hub._tools.gateway("cmpp")
            for _ in range(12):
                operator.fault = rng.choice(("", "", "silent", "cut", "half", "refused"))
                operator.throttle = rng.choice((0, 0, 2, 9))
                operator.cut_at = rng.choice((None, None, rng.randrange(1, 2000)))
                played["times failing"] += bool(operator.fault or operator.cut_at)
                ender = threading.Timer(rng.random() * 0.05, operator.drop)
                if rng.random() < 0.4:
                    ender.start()
                chief.sms.dispatch(rng.randrange(1, 8))
                ender.cancel()
                clock.tick(timedelta(minutes=16))
                # Its own pause is by the clock of the machine, which does not stand still.
                gateway._not_before = 0.0
            operator.fault, operator.cut_at, operator.throttle = "", None, 0
            for _ in range(40):
                gateway._not_before = 0.0
                chief.sms.dispatch()
                clock.tick(timedelta(minutes=16))
                if hub.sms.health().queued == 0:
                    break
            taken = Counter((p, one.number) for one in operator.submits for p in one.phones)
            assert [what for what, times in taken.items() if times > 1] == []
            states = {str(k): n for k, n in chief.sms.status(campaign.id).items() if n}
            assert sum(states.values()) == PEOPLE
            assert set(states) <= {"accepted", "unknown"}
            whole = Counter(p for p, _ in taken)
            # Nobody, where every submit was cut off on its way.
            total = max((one.total for one in operator.submits), default=0)
            assert states.get("accepted", 0) <= sum(n == total for n in whole.values())
            # Of whom nothing is known, each is listed; of all others all parts were taken.
            listed = [s for one in chief.sms.unknown(campaign.id) for s in one.subscribers]
            assert len(set(listed)) == len(listed) == states.get("unknown", 0)
            played["messages"] += PEOPLE
            played["unknown, all listed"] += len(listed)
    assert operator.problems == []
