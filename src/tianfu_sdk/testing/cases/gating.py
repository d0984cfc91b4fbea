"""Cases of a follower behind a hub: whatever it still has, nothing is shown that may not be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from tianfu_sdk.hookspecs import Register, hookimpl
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.base import SHANGHAI, When
from tianfu_sdk.ports.search import FollowerSearch
from tianfu_sdk.testing.cases.following import FollowerEngine
from tianfu_sdk.testing.clock import CountingIds, FrozenClock

__all__ = ["GatingCases"]

_REGION = "510300"


class _Plugin:
    """Offers the engine under test."""

    tianfu_api = 1

    def __init__(self, engine: FollowerSearch) -> None:
        self._engine = engine

    @hookimpl
    def tianfu_register_search(self, register: Register[FollowerSearch]) -> None:
        """Offer it."""
        register("under-test", lambda _: self._engine)


class GatingCases(FollowerEngine):
    """`ask` is answered by the engine, and by what is published now."""

    @pytest.fixture
    def clock(self) -> FrozenClock:
        """Give the hub's clock."""
        return FrozenClock()

    @pytest.fixture
    def hub(self, db: FollowerSearch, clock: FrozenClock) -> Iterator[Hub]:
        """Give a hub that asks the engine."""
        settings = {"ask": {"engine": "under-test"}}
        with Hub.open(
            "memory:",
            settings=settings,
            plugins=[_Plugin(db)],
            clock=clock,
            ids=CountingIds(),
            discover=False,
        ) as hub:
            hub.bootstrap(organization="自贡市科协", region="510000")
            yield hub

    @pytest.fixture
    def system(self, hub: Hub) -> Any:
        """Give the hub for the system."""
        return hub.as_system(reason="test")

    @pytest.fixture
    def publish(self, hub: Hub, system: Any) -> Callable[..., Any]:
        """Give what publishes a resource with a title, or another content, by its desk."""
        one = hub.as_(system.accounts.find().items[0].id)
        home = one.organizations.find().items[0].id
        second = one.accounts.create(organization=home)
        one.accounts.grant(second.id, ["*"], region="510000")
        other = hub.as_(second.id)

        def make(title: str, to: str = "resources", **fields: Any) -> Any:
            mine, others = getattr(one, to), getattr(other, to)
            made = mine.create(title=title, body=f"{title}。正文", organization=home, **fields)
            mine.submit(made.id)
            others.approve(made.id)
            return others.publish(made.id)

        return make

    def titles(self, hub: Hub, text: str, **options: Any) -> list[str]:
        """Ask, and give the titles of the answers."""
        return [answer.title for answer in hub.ask(text, **options)]

    def test_what_is_published_is_answered_once_it_followed(
        self, hub: Hub, system: Any, publish: Any
    ) -> None:
        publish("花椒采收时节")
        # Before it was ever fed, the store's own engine answers.
        assert hub.ask("花椒采收").fallback is not None
        system.follow_index()
        assert self.titles(hub, "花椒采收") == ["花椒采收时节"]
        assert hub.ask("花椒采收").fallback is None
        publish("柑橘溃疡病防治")
        assert system.follow_index() > 0
        assert self.titles(hub, "柑橘溃疡病") == ["柑橘溃疡病防治"]

    @pytest.mark.parametrize("step", ["withdraw", "retract"])
    def test_what_was_withdrawn_is_not_shown_while_it_lags(
        self, hub: Hub, system: Any, publish: Any, db: FollowerSearch, step: str
    ) -> None:
        made = publish("花椒采收时节")
        system.follow_index()
        getattr(system.resources, step)(made.id, reason="错误")
        assert db.size() == 1
        assert self.titles(hub, "花椒采收") == []
        system.follow_index()
        assert db.size() == 0
        assert self.titles(hub, "花椒采收") == []

    def test_what_is_behind_many_that_were_withdrawn_is_answered(
        self, hub: Hub, system: Any, publish: Any, db: FollowerSearch
    ) -> None:
        publish("花椒采收时节")
        gone = [publish(f"花椒采收花椒采收{number:02d}") for number in range(25)]
        system.follow_index()
        for made in gone:
            system.resources.withdraw(made.id, reason="错误")
        assert db.size() == 26
        assert self.titles(hub, "花椒采收") == ["花椒采收时节"]

    def test_what_expires_is_not_shown_any_more(
        self, hub: Hub, system: Any, publish: Any, clock: FrozenClock
    ) -> None:
        publish("花椒采收时节", expires_on=(clock.now() + timedelta(days=2)).date())
        system.follow_index()
        assert self.titles(hub, "花椒采收") == ["花椒采收时节"]
        clock.tick(timedelta(days=5))
        assert self.titles(hub, "花椒采收") == []

    def test_a_region_is_asked_with_all_below_it(self, hub: Hub, system: Any, publish: Any) -> None:
        publish("自贡花椒采收", regions=["510300"])
        publish("成都花椒采收", regions=["510100"])
        publish("四川花椒采收", regions=["510000"])
        system.follow_index()
        found = {
            region: sorted(self.titles(hub, "花椒采收", region=region))
            for region in ("510000", "510300", "510302", "510100")
        }
        assert found == {
            "510000": ["四川花椒采收", "成都花椒采收", "自贡花椒采收"],
            "510300": ["四川花椒采收", "自贡花椒采收"],
            "510302": ["四川花椒采收", "自贡花椒采收"],
            "510100": ["四川花椒采收", "成都花椒采收"],
        }

    def test_kinds_and_languages_are_exact(self, hub: Hub, system: Any, publish: Any) -> None:
        publish("花椒采收时节")
        publish("花椒採收時節", language="zh-Hant")
        system.follow_index()
        assert self.titles(hub, "花椒采收", language="zh-Hant") == ["花椒採收時節"]
        assert self.titles(hub, "花椒采收", language="bo") == []
        assert len(self.titles(hub, "花椒采收", kinds=["resource"])) == 2
        assert self.titles(hub, "花椒采收", kinds=["notice"]) == []

    def test_a_time_is_asked_of_what_takes_place_and_of_what_was_published(
        self, hub: Hub, system: Any, publish: Any, clock: FrozenClock
    ) -> None:
        day = clock.now().astimezone(SHANGHAI).date()
        far = day + timedelta(days=40)
        publish("花椒采收时节")
        publish("花椒采收观摩", to="activities", when=When.day(far, far + timedelta(days=2)))
        publish("花椒采收座谈", to="activities")
        system.follow_index()
        tomorrow = day + timedelta(days=1)
        asked = {
            (day, tomorrow): ["花椒采收座谈", "花椒采收时节"],
            (tomorrow, far): [],
            (far + timedelta(days=2), None): ["花椒采收观摩"],
            (far + timedelta(days=3), None): [],
            (None, far + timedelta(days=1)): ["花椒采收座谈", "花椒采收时节", "花椒采收观摩"],
        }
        for (since, until), expected in asked.items():
            assert sorted(self.titles(hub, "花椒采收", since=since, until=until)) == expected

    def test_how_far_it_is_behind_is_told(self, system: Any, publish: Any) -> None:
        publish("花椒采收时节")
        system.follow_index()
        publish("柑橘溃疡病防治")
        said = [finding for finding in system.doctor() if finding.check == "search"]
        assert any("behind" in finding.message for finding in said)
        system.follow_index()
        said = [finding for finding in system.doctor() if finding.check == "search"]
        assert not any("behind" in finding.message for finding in said)

    def test_what_was_followed_equals_a_rebuilding(
        self, hub: Hub, system: Any, publish: Any, db: FollowerSearch
    ) -> None:
        made = [publish(f"花椒采收第{number}讲") for number in range(6)]
        system.follow_index()
        system.resources.withdraw(made[0].id, reason="错误")
        publish("花椒采收补讲")
        system.follow_index()
        followed = [(a.id, a.score) for a in hub.ask("花椒采收")]
        assert len(followed) == 6
        system.rebuild_index()
        assert [(a.id, a.score) for a in hub.ask("花椒采收")] == followed
        assert system.follow_index() <= 1
        assert db.size() == 6
