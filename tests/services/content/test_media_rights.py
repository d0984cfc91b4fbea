"""Who may read the bytes of a medium: what `get` of a content denies, `media.open` denies."""

import random
from datetime import timedelta

import attrs
import pytest

from tianfu_sdk.core.rows.kinds import MEDIA_USE
from tianfu_sdk.errors import Denied, Invalid, NotFound
from tianfu_sdk.model.media import Media, MediaForm
from tianfu_sdk.model.storage import Query

ALL = ["read", "create", "edit", "submit"]


def picture(number):
    return b"\x89PNG\r\n\x1a\n" + number.to_bytes(4)


def opens(hub, digest):
    try:
        with hub.media.open(digest) as stream:
            return bool(stream.read())
    except NotFound as error:
        # The same words as for a digest that nobody ever added: no oracle.
        assert (error.code, error.path, error.values) == ("blob.unknown", "digest", {})
        return False


def added(hub, number=1):
    return hub.media.use(hub.media.add(picture(number)), alt="躲避示意图")


def rows(world):
    read = world.hub._tools.store.run
    return read(lambda tx: tx.find(MEDIA_USE.name, Query(limit=1000)), write=False)


def test_an_upload_is_for_who_made_it_and_for_the_system(world):
    info = world.me.media.add(picture(1))
    other = world.as_(world.person(["*"], region="510000"))
    assert opens(world.me, info.sha256)
    assert opens(world.hub.as_system(reason="look"), info.sha256)
    assert not opens(other, info.sha256)
    assert not opens(world.nobody, info.sha256)


def test_the_bytes_of_a_draft_are_for_those_who_may_read_the_draft(world):
    medium = added(world.me)
    world.me.resources.create(title="x", organization=world.org, region="510104", media=[medium])
    near = world.as_(world.person(["read"], region="510104"))
    far = world.as_(world.person(["read"], region="510300"))
    other_kind = world.person([])
    world.hub.as_(world.chief).accounts.grant(
        other_kind, ["read"], kinds=["activity"], region="510104"
    )
    assert opens(near, medium.sha256)
    assert not opens(far, medium.sha256)
    assert not opens(world.as_(other_kind), medium.sha256)
    assert not opens(world.nobody, medium.sha256)


def test_a_grant_by_organization_opens_what_its_organization_uses(world):
    medium = added(world.me)
    world.me.resources.create(title="x", organization=world.county, media=[medium])
    account = world.person([])
    world.hub.as_(world.chief).accounts.grant(account, ["read"], organization=world.county)
    assert opens(world.as_(account), medium.sha256)


def test_what_is_published_is_for_everybody_until_it_is_withdrawn(world):
    medium = added(world.me)
    made = world.published(media=[medium])
    assert opens(world.nobody, medium.sha256)
    world.me.resources.withdraw(made.id, "有误")
    assert not opens(world.nobody, medium.sha256)
    assert opens(world.me, medium.sha256)


@pytest.mark.parametrize("verb", ["retract", "archive"])
def test_what_is_taken_back_is_for_its_keepers_only(world, verb):
    medium = added(world.me)
    made = world.published(media=[medium])
    getattr(world.me.resources, verb)(made.id, *(["有误"] if verb == "retract" else []))
    assert not opens(world.nobody, medium.sha256)
    assert opens(world.as_(world.person(["read"])), medium.sha256)


def test_what_has_expired_is_for_its_keepers_only(world, clock):
    medium = added(world.me)
    day = (clock.now() + timedelta(days=2)).date()
    world.published(media=[medium], expires_on=day)
    assert opens(world.nobody, medium.sha256)
    clock.tick(timedelta(days=3))
    assert not opens(world.nobody, medium.sha256)
    assert opens(world.as_(world.person(["read"])), medium.sha256)


def test_what_is_scheduled_is_public_in_the_moment_it_is_published(world, clock):
    medium = added(world.me)
    id_ = world.approved(media=[medium])
    world.me.resources.schedule(id_, clock.now() + timedelta(hours=1))
    assert not opens(world.nobody, medium.sha256)
    clock.tick(timedelta(hours=2))
    world.hub.as_system(reason="worker").resources.publish_due()
    assert opens(world.nobody, medium.sha256)


def test_a_medium_of_an_unpublished_revision_alone_is_not_public(world):
    old, new = added(world.me, 1), added(world.me, 2)
    made = world.published(media=[old])
    world.me.resources.edit(made.id, media=[old, new])
    assert opens(world.nobody, old.sha256)
    assert not opens(world.nobody, new.sha256)
    reader = world.as_(world.person(["read"]))
    assert opens(reader, new.sha256)
    world.me.resources.submit(made.id)
    world.as_(world.reviewer).resources.approve(made.id)
    assert not opens(world.nobody, new.sha256)
    world.me.resources.publish(made.id)
    assert opens(world.nobody, new.sha256)


def test_a_medium_of_a_superseded_revision_stays_for_its_keepers(world):
    old, new = added(world.me, 1), added(world.me, 2)
    made = world.published(media=[old])
    world.me.resources.edit(made.id, media=[new])
    world.me.resources.submit(made.id)
    world.as_(world.reviewer).resources.approve(made.id)
    world.me.resources.publish(made.id)
    assert not opens(world.nobody, old.sha256)
    reader = world.as_(world.person(["read"]))
    assert [c.media[0].sha256 for c in reader.resources.revisions(made.id)] == [
        old.sha256,
        new.sha256,
    ]
    assert opens(reader, old.sha256)


def test_two_contents_share_bytes_and_one_published_is_enough(world):
    medium = added(world.me)
    first = world.published(media=[medium])
    second = world.published(media=[medium])
    world.me.resources.withdraw(first.id, "有误")
    assert opens(world.nobody, medium.sha256)
    world.me.resources.withdraw(second.id, "有误")
    assert not opens(world.nobody, medium.sha256)


def test_a_draft_that_lets_a_medium_go_no_longer_opens_it(world):
    medium = added(world.me)
    made = world.me.resources.create(title="x", organization=world.org, media=[medium])
    reader = world.as_(world.person(["read"]))
    assert opens(reader, medium.sha256)
    world.me.resources.edit(made.id, media=[])
    assert not opens(reader, medium.sha256)
    assert [row.keys["kind"] for row in rows(world)] == ["upload"]


def test_who_knows_a_digest_cannot_claim_it_with_a_draft_of_their_own(world):
    secret = added(world.me)
    world.me.resources.create(title="内部", organization=world.org, media=[secret])
    thief = world.as_(world.person(ALL, region="510104", organization=world.county))
    own = thief.resources.create(title="x", organization=world.county)
    unknown = Media(sha256="0" * 64, form=MediaForm.IMAGE, media_type="image/png")
    for medium in (secret, unknown):
        for write in (
            lambda medium=medium: thief.resources.create(
                title="x", organization=world.county, media=[added(thief, 9), medium]
            ),
            lambda medium=medium: thief.resources.edit(own.id, media=[added(thief, 9), medium]),
            lambda medium=medium: thief.resources.add_many(
                [
                    {
                        "title": "x",
                        "organization": world.county,
                        "media": [added(thief, 9), medium],
                    }
                ]
            ),
        ):
            with pytest.raises(NotFound) as caught:
                write()
            assert caught.value.code == "blob.unknown"
            # Of many contents at once it is said of which.
            assert caught.value.path.removeprefix("many[0].") == "media[1].sha256"
    assert not opens(thief, secret.sha256)


def test_whoever_may_read_a_medium_may_use_it_too(world):
    medium = added(world.me)
    world.published(media=[medium])
    other = world.as_(world.person(ALL, region="510104", organization=world.county))
    made = other.resources.create(title="x", organization=world.county, media=[medium])
    assert other.resources.edit(made.id, title="y").media == (medium,)


def test_a_medium_that_a_content_has_already_stays_when_another_field_is_edited(world):
    medium = added(world.me)
    made = world.me.resources.create(title="x", organization=world.org, media=[medium])
    # May edit, but not read: what was there before is not taken for a claim.
    editor = world.person(["edit"])
    edited = world.hub.as_(editor).resources.edit(made.id, title="y", media=[medium])
    assert edited.media == (medium,)


def test_what_an_export_names_can_be_read_by_whoever_may_export(world):
    medium = added(world.me)
    made = world.published(media=[medium], licence="CC-BY-4.0")
    (plain,) = world.nobody.resources.export(made.id)["media"]
    assert opens(world.nobody, plain["sha256"])
    world.me.resources.withdraw(made.id, "有误")
    with pytest.raises(NotFound):
        world.nobody.resources.export(made.id)
    assert not opens(world.nobody, plain["sha256"])


def test_a_whole_unit_is_taken_back_with_the_rights_that_it_gave(world):
    medium = added(world.me)
    id_ = world.approved(media=[medium])

    def publish(unit):
        unit.resources.publish(id_)
        assert opens(unit, medium.sha256)
        raise KeyError

    with pytest.raises(KeyError):
        world.hub.as_(world.chief).unit(publish)
    assert not opens(world.nobody, medium.sha256)


def test_who_is_out_of_service_reads_nothing(world):
    account = world.person(ALL)
    hub = world.as_(account)
    info = hub.media.add(picture(1))
    world.me.accounts.deactivate(account)
    with pytest.raises(Denied) as caught:
        hub.media.open(info.sha256)
    assert caught.value.code == "account.inactive"


def test_an_upload_is_on_the_record(world):
    info = world.me.media.add(picture(1))
    lines = [line for line in world.me.audit.find() if line.action == "media.added"]
    assert [(line.actor, line.subject, line.organization) for line in lines] == [
        (world.chief, info.sha256, world.org)
    ]


def test_content_without_media_costs_no_row(world):
    world.published()
    assert rows(world) == []


# Whatever is done to contents: the bytes follow what `get` and `revisions` show.


@attrs.define
class Walk:
    """A random walk of several people over contents that share a few media."""

    world: object
    chance: random.Random
    media: list
    ids: list = attrs.field(factory=list)
    reviewer: str = ""

    def __attrs_post_init__(self):
        self.reviewer = self.world.reviewer

    def step(self):
        world, chance = self.world, self.chance
        me, reviewer = world.hub.as_(world.chief), world.hub.as_(self.reviewer)
        verb = chance.choice(
            [
                "create",
                "edit",
                "edit",
                "submit",
                "approve",
                "publish",
                "through",
                "schedule",
                "return",
                "withdraw",
                "retract",
                "archive",
                "due",
                "wait",
            ]
        )
        some = chance.sample(self.media, chance.randint(0, 3))
        if verb == "create" or not self.ids:
            organization, region = chance.choice(
                [(world.org, "510000"), (world.org, "510104"), (world.county, "510104")]
            )
            desk = chance.choice(["resources", "notices"])
            day = (world.clock.now() + timedelta(days=chance.choice([1, 3, 300]))).date()
            made = getattr(me, desk).create(
                title="x", organization=organization, region=region, media=some, expires_on=day
            )
            self.ids.append((desk, made.id))
            return
        desk, id_ = chance.choice(self.ids)
        mine, theirs = getattr(me, desk), getattr(reviewer, desk)
        at = world.clock.now() + timedelta(hours=1)
        calls = {
            "edit": lambda: mine.edit(id_, media=some),
            "submit": lambda: mine.submit(id_),
            "approve": lambda: theirs.approve(id_),
            "return": lambda: theirs.return_(id_, "改"),
            "publish": lambda: mine.publish(id_),
            "through": lambda: (mine.submit(id_), theirs.approve(id_), mine.publish(id_)),
            "schedule": lambda: mine.schedule(id_, at),
            "withdraw": lambda: mine.withdraw(id_, "有误"),
            "retract": lambda: mine.retract(id_, "有误"),
            "archive": lambda: mine.archive(id_),
            "due": lambda: getattr(world.hub.as_system(reason="x"), desk).publish_due(),
            "wait": lambda: world.clock.tick(timedelta(hours=20)),
        }
        try:
            calls[verb]()
        except Invalid as error:
            assert error.code.startswith("lifecycle.")

    def shown(self, hub):
        """Give the digests of all revisions that a reader is shown."""
        found = set()
        for desk, id_ in self.ids:
            try:
                found |= {m.sha256 for m in getattr(hub, desk).get(id_).media}
                for revision in getattr(hub, desk).revisions(id_):
                    found |= {m.sha256 for m in revision.media}
            except (NotFound, Denied):
                continue
        return found


@pytest.mark.parametrize("seed", range(3))
def test_bytes_can_be_read_exactly_where_a_content_that_uses_them_is_shown(world, seed):
    world.hub = world.hub.with_options(accessible=False)
    media = [added(world.me, number) for number in range(4)]
    walk = Walk(world, random.Random(seed), media)
    kinds = world.person([])
    world.me.accounts.grant(kinds, ["read"], kinds=["notice"], region="510000")
    readers = [
        world.nobody,
        world.as_(world.person([])),
        world.as_(world.person(["read"], region="510104")),
        world.as_(world.person(["read"], region="510300")),
        world.as_(kinds),
        world.as_(walk.reviewer),
    ]
    public = set()
    for _ in range(90):
        walk.step()
        for reader in readers:
            shown = walk.shown(reader)
            assert {m.sha256 for m in media if opens(reader, m.sha256)} == shown
        public.add(len(walk.shown(world.nobody)))
    assert len(public) > 1, "nothing was ever published: this walk shows nothing"
