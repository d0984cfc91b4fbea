"""One seed: a campaign is queued and sent by processes that are killed, until it is done."""

import contextlib
import random
import time
from collections import Counter
from datetime import timedelta

import attrs

from outbox_rig.child import SETTINGS, Later, plugins
from outbox_rig.gateway import NAME, OTHER, Gateway, Offer
from outbox_rig.places import PEOPLE
from outbox_rig.zygote import end
from tianfu_sdk.core.rows.kinds import MESSAGE
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.sms import CampaignState
from tianfu_sdk.model.storage import JobState, Query
from tianfu_sdk.services.sms.lanes import queue_of

LEASE = 121
HOUR = 3600
DIES = -9
DEDUPE = ("dedupes", "webhook")


@attrs.frozen(kw_only=True)
class Told:
    """What became of one seed."""

    kills: list[str]
    """The steps at which a process was killed."""
    states: dict[str, str]
    """Where the message of each subscriber stands."""
    sent: Counter
    """How often each subscriber got it."""
    parked: int
    """Batches that wait for a person."""

    @property
    def lost(self):
        """Who got nothing, and nobody is told to look after it.

        What is `rejected` was given up after ten attempts, and reports list it.
        """
        told = ("unknown", "rejected")
        return [
            who for who, state in self.states.items() if not self.sent[who] and state not in told
        ]

    @property
    def twice(self):
        """Who got it more than once."""
        return [who for who, count in self.sent.items() if count > 1]

    @property
    def unknown(self):
        """Of whom a person must find out."""
        return [who for who, state in self.states.items() if state == "unknown"]


class Story:
    """Plays one seed on a store.

    Args:
        place: Where stores come from.
        zygote: Starts workers.
        provider: In this process.
        mode: `dedupes`, `can_query`, `neither`, `webhook`, the installed gateway, or `failover`,
            two gateways of which the first often finds nobody, or its account stopped.
        seed: From which all follows, but for where random kills hit.
    """

    def __init__(self, place, zygote, provider, mode, seed, folder, *, mutant=""):
        self.random = random.Random(f"{mode}:{seed}")
        self.place, self.zygote, self.provider = place, zygote, provider
        failover = mode == "failover"
        dedupes = mode in DEDUPE or (failover and self.random.random() < 0.5)
        self.gateways = [
            {
                "url": provider.url,
                "phones": self.random.choice([1, 2, 3]),
                "dedupes": dedupes,
                "can_query": mode == "can_query" or (failover and not dedupes),
                "webhook": mode == "webhook",
            }
        ]
        if failover:
            other = {**self.gateways[0], "name": OTHER, "phones": self.random.choice([1, 2, 3])}
            self.gateways[0] |= {"fails": 40, "stops": True, "seed": seed}
            self.gateways.append(other | {"fails": 10, "seed": seed})
        self.mutant = mutant
        self.note = folder / "steps"
        self.note.write_text("")
        provider.begin(seed=seed, dedupes=dedupes and mutant != "provider")
        self.url = place.fresh()
        self.campaign = place.several if failover else place.campaign
        self.ahead = 0
        self.at_random = 0
        self._clock, self._hub = Later(0), None

    def play(self):
        """Kill workers until this seed has none left to kill; then let one finish."""
        self._round("send", self.random.choice([None, *range(1, 25)]))
        for _ in range(self.random.randint(1, 4)):
            self._worker_that_dies()
        with self.hub() as hub:
            campaign = hub.as_system(reason="look").sms.get(self.campaign)
        if campaign.state is CampaignState.APPROVED:
            # Nothing of it was stored: whoever sent it was never told that it is on its way.
            self._round("send", None)
        for _ in range(20):
            if self._round("turn", None) == [0] and self._over():
                break
        else:
            raise AssertionError("not finished after 20 rounds")
        return self.told()

    def _worker_that_dies(self):
        how = self.random.choice(["step", "step", "step", "call", "call", "time", "two"])
        if how == "step":
            self._round("turn", self._some_step())
        elif how == "call":
            at = self.provider.calls + self.random.randint(1, 4)
            self.provider.kill = {at: self.random.choice(["before", "after"])}
            self._round("turn", None)
            self.provider.kill = {}
        elif how == "time":
            self.at_random += 1
            self._round("serve", None, seconds=self.random.uniform(0.005, 0.15))
        else:
            self._round("turn", self._some_step(), self._some_step())

    def _some_step(self):
        # Sending comes first in a turn, and is what this is about.
        return min(self.random.randint(1, 30), self.random.randint(1, 30))

    def _round(self, task, *deaths, seconds=None):
        """Start processes together and wait for their end; gives their exit codes."""
        self.ahead += LEASE
        pids = [self.zygote.start(self._spec(task, die_at)) for die_at in deaths]
        self.provider.pids = set(pids)
        if seconds is not None:
            time.sleep(seconds)
            for pid in pids:
                end(pid)
        codes = [self.zygote.wait(pid) for pid in pids]
        self.provider.pids = set()
        self.provider.quiet()
        self.place.time_passes()
        assert set(codes) <= {0, DIES}, codes
        return codes

    def _spec(self, task, die_at):
        return {
            "url": self.url,
            "key_file": self.place.key_file,
            "gateways": self.gateways,
            "task": task,
            "die_at": die_at,
            "note": str(self.note),
            "mutant": "" if self.mutant == "provider" else self.mutant,
            "ahead": self.ahead,
            "account": self.place.account,
            "campaign": self.campaign,
        }

    @contextlib.contextmanager
    def hub(self):
        """Give the store as this process sees it, at the time of the story."""
        self._clock.ahead = timedelta(seconds=self.ahead)
        if self._hub is None:
            key_file = self.place.key_file
            self._hub = Hub.open(
                self.url,
                settings={**SETTINGS, "key_file": key_file, "erasures": key_file + ".log"},
                plugins=[Offer(*(Gateway(**one) for one in self.gateways)), *plugins(self.url)],
                clock=self._clock,
                discover=False,
            )
        yield self._hub

    def close(self):
        """Leave the store."""
        if self._hub is not None:
            self._hub.close()

    def _over(self):
        # What was deferred is due within minutes; nothing waits longer than that.
        self.ahead += HOUR
        with self.hub() as hub:
            system = hub.as_system(reason="look")
            campaign = system.sms.get(self.campaign)
            untried = [job for job in self._parked(system) if job.reason != "sms.unknown"]
            if len(self.gateways) > 1 and untried:
                # What was at both, and both were away: a person has it tried again.
                hub.as_(self.place.account).sms.resume(self.campaign)
            waiting = [
                job
                for state in (JobState.QUEUED, JobState.LEASED)
                for name in (NAME, OTHER)
                for job in system.jobs.list(queue_of(name), state=state)
            ]
        return campaign.queued is not None and not waiting

    def resolve(self):
        """Say, as a person who asked the operator, what became of each unknown batch."""
        known = {(ref, reference) for ref, _, reference in self.provider.delivered}
        with self.hub() as hub:
            me = hub.as_(self.place.account)
            for one in me.sms.unknown(self.campaign):
                for who in one.subscribers:
                    me.sms.resolve(
                        self.campaign,
                        one.batch,
                        sent=(who, one.batch) in known,
                        reason="asked",
                        only=[who],
                    )
        for _ in range(20):
            self._round("turn", None)
            if self._over():
                return self.told()
        raise AssertionError("not finished after 20 rounds")

    def _parked(self, system):
        return [
            job
            for name in (NAME, OTHER)
            for job in system.jobs.list(queue_of(name), state=JobState.PARKED)
        ]

    def told(self):
        """Look at the store and at the provider."""
        with self.hub() as hub:
            system = hub.as_system(reason="look")
            rows = hub._tools.store.run(
                lambda tx: tx.find(MESSAGE.name, Query(limit=1000)), write=False
            )
            parked = self._parked(system)
            assert [f for f in system.doctor() if f.severity == "error"] == []
            everybody = [one.id for one in system.subscribers.find(limit=1000)]
        assert len(everybody) == PEOPLE
        assert len(rows) <= PEOPLE
        states = dict.fromkeys(everybody, "no row")
        noted = self.note.read_text().splitlines()
        return Told(
            kills=[*noted, *self.provider.killed, *["at random"] * self.at_random],
            states=states | {row.keys["subscriber"]: row.keys["state"] for row in rows},
            sent=Counter(ref for ref, _, _ in self.provider.delivered),
            parked=len(parked),
        )
