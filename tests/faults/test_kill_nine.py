"""Workers are killed with -9 at every step; what reaches phones is counted at the provider."""

import sys
import time
from collections import Counter

import pytest
from outbox_rig.seeds import seeds

LONGEST = 60 + 60 * len(seeds("dedupes"))


@pytest.fixture
def played(place, zygote, provider, tmp_path, capsys):
    """Play seeds; whatever goes wrong names its seed."""
    from outbox_rig.story import Story

    def play(mode, numbers, **more):
        kills, begun = Counter(), time.monotonic()
        for seed in numbers:
            story = Story(place, zygote, provider, mode, seed, tmp_path, **more)
            try:
                told = story.play()
                kills.update(told.kills)
                yield story, told
            except BaseException as error:
                error.add_note(f"again: TIANFU_SEED={seed} TIANFU_SEEDS=1, {mode}")
                raise
            finally:
                story.close()
        with capsys.disabled():
            took = time.monotonic() - begun
            said = ", ".join(f"{step} {count}" for step, count in sorted(kills.items()))
            sys.stdout.write(
                f"\n{mode}: seeds {numbers}, {kills.total()} kills in {took:.1f} s ({said})\n"
            )

    return play


@pytest.mark.timeout(LONGEST)
@pytest.mark.parametrize("mode", ["dedupes", "can_query", "webhook"])
def test_nothing_is_lost_and_nothing_sent_twice(played, mode):
    if mode == "webhook":
        pytest.importorskip(
            "tianfu_sms_webhook", reason="pip install -e plugins/tianfu-sms-webhook"
        )
    for _, told in played(mode, seeds(mode)):
        assert (told.lost, told.twice, told.unknown, told.parked) == ([], [], [], 0)
        assert set(told.states.values()) == {"accepted"}


@pytest.mark.timeout(LONGEST)
@pytest.mark.parametrize("mode", ["neither", "failover"])
def test_what_a_gateway_cannot_tell_waits_for_a_person_and_nothing_is_sent_twice(played, mode):
    # In the mode `failover` that is what ten attempts at a failing gateway said nothing of.
    for story, told in played(mode, seeds(mode)):
        assert (told.lost, told.twice) == ([], [])
        assert mode == "failover" or "rejected" not in told.states.values()
        assert bool(told.unknown) is bool(told.parked)
        after = story.resolve()
        assert (after.lost, after.twice, after.unknown, after.parked) == ([], [], [], 0)


@pytest.mark.ci
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("mode", "mutant", "found"),
    [
        ("dedupes", "acknowledge first", "lost"),
        ("neither", "send again", "twice"),
        ("failover", "carry on", "twice"),
        ("dedupes", "provider", "twice"),
    ],
)
def test_a_design_that_fails_is_found_out(played, mode, mutant, found):
    # `provider`: one that says it dedupes, and does not.
    for _, told in played(mode, range(30), mutant=mutant):
        if getattr(told, found):
            return
    pytest.fail(f"30 seeds found nothing wrong with: {mutant}")
