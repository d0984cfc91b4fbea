"""What was erased stays erased, also after an old copy is put back."""

import pytest

from tianfu_sdk.core.rows.kinds import SUBJECT_KEY
from tianfu_sdk.errors import Denied
from tianfu_sdk.model.storage import Row
from tianfu_sdk.services.desk.work import Actor
from tianfu_sdk.services.people.erasures import Erasures


@pytest.fixture
def tools(world):
    rows = [Row(f"sub_{n}", 0, b"wrapped", {"master": "m"}) for n in range(250)]
    tools = world.hub._tools
    tools.store.run(lambda tx: tx.put(SUBJECT_KEY.name, rows), write=True)
    return tools


def left(tools):
    return {
        row.id
        for row in tools.store.run(
            lambda tx: tx.get(SUBJECT_KEY.name, [f"sub_{n}" for n in range(250)]), write=False
        )
    }


def test_every_subject_of_the_log_is_erased_again(tools):
    log = [f"sub_{n}" for n in range(220)]
    tools.erasures.append([*log, "sub_gone", "sub_3"], tools.clock.now())
    looked = []
    system = Erasures(tools, Actor(system="restore"))
    assert system.replay(looked.append) == 220
    assert looked == [100, 200, 221]
    assert left(tools) == {f"sub_{n}" for n in range(220, 250)}
    assert system.replay() == 0


def test_only_the_system_replays(tools, world):
    with pytest.raises(Denied):
        Erasures(tools, Actor(account=world.me._actor.account)).replay()
    assert len(left(tools)) == 250
