"""Channels: one region, one language, nothing that is not public."""

from datetime import date, timedelta
from html.parser import HTMLParser

import attrs
import pytest

from tianfu_sdk import display
from tianfu_sdk.errors import TianfuError
from tianfu_sdk.model.channel import ChannelItem
from tianfu_sdk.testing import FrozenClock

BO, II = "བོད་སྐད་", "ꆈꌠꉙ"


class Cast:
    def __init__(self, way):
        self.clock = FrozenClock()
        self.hub = way.open(clock=self.clock)
        account = self.hub.bootstrap(organization="四川省科学技术协会", region="510000")
        self.root = account.organization
        self.admin = self.hub.as_(account.id)
        second = self.admin.accounts.create(organization=self.root)
        self.admin.accounts.grant(second.id, ["*"], region="510000")
        self.other = self.hub.as_(second.id)

    def published(self, title="题", desk="resources", **fields):
        body = BO if fields.get("language") == "bo" else "正文"
        given = {"title": title, "organization": self.root, "body": body} | fields
        contents = getattr(self.admin, desk)
        draft = contents.create(**given)
        contents.submit(draft.id)
        getattr(self.other, desk).approve(draft.id)
        self.clock.tick()
        return contents.publish(draft.id)

    def translated(self, source, language="bo", title=BO, **more):
        draft = self.admin.translations.create(
            source.id, language=language, title=title, body=title, **more
        )
        return self.other.translations.approve(draft.id)

    def channel(self, **fields):
        given = {"name": "频道", "organization": self.root, "language": "bo"} | fields
        return self.admin.channels.create(**given)

    def titles(self, channel, **more):
        return [item.title for item in self.hub.channels.items(channel.id, **more)]


@pytest.fixture
def cast(way):
    return Cast(way)


def code(call, *args, **kwargs):
    with pytest.raises(TianfuError) as caught:
        call(*args, **kwargs)
    return caught.value.code


def test_it_shows_originals_and_approved_translations_of_its_language_newest_first(cast):
    channel = cast.channel(language="bo-CN")
    assert channel.language == "bo"
    first = cast.published("一", disclaimer="示例", summary="要点")
    original = cast.published(BO * 2, language="bo")
    third = cast.published("三", "notices")
    cast.published("四")
    cast.translated(third, title=BO * 3)
    cast.translated(first, title=BO)
    cast.translated(first, "ii", II)
    items = list(cast.hub.channels.items(channel.id))
    assert [(i.kind, i.id, i.title) for i in items] == [
        ("notice", third.id, BO * 3),
        ("resource", original.id, BO * 2),
        ("resource", first.id, BO),
    ]
    assert [(i.language, i.translated, i.reviewed_by_native) for i in items] == [
        ("bo", True, False),
        ("bo", False, None),
        ("bo", True, False),
    ]
    assert [i.published_at for i in items] == [
        third.published_at,
        original.published_at,
        first.published_at,
    ]
    assert items[2].disclaimer == "示例"
    yi = cast.channel(language="ii")
    assert cast.titles(yi) == [II]
    assert cast.titles(cast.channel(language="zh")) == ["四", "三", "一"]
    assert cast.titles(cast.channel(language="en")) == []


def test_the_languages_own_text_falls_back_to_the_summary_as_elsewhere(cast):
    cast.published(BO, language="bo", body="", summary=BO * 2)
    (item,) = cast.hub.channels.items(cast.channel().id)
    assert item.body == BO * 2


def test_content_for_its_region_and_for_those_above_appears_and_no_other(cast):
    channel = cast.channel(region="513300")
    for title, fields in {
        "province": {"region": "510000"},
        "prefecture": {"region": "513300"},
        "county": {"region": "513321"},
        "neighbour": {"region": "513400"},
        "addressed": {"region": "510000", "regions": ("513300", "513400")},
        "addressed elsewhere": {"region": "513300", "regions": ("513400",)},
    }.items():
        cast.published(title, language="bo", **fields)
        cast.translated(cast.published("译", **fields), title=BO + title)
    shown = ["addressed", "prefecture", "province"]
    assert cast.titles(channel) == [t for name in shown for t in (BO + name, name)]
    county = cast.channel(region="513321")
    assert [t for t in cast.titles(county) if BO not in t] == [
        "addressed",
        "county",
        "prefecture",
        "province",
    ]


def test_only_its_kinds_and_topics_appear(cast):
    health, space = ("healthy_life",), ("astronomy_geography",)
    cast.published("健康", language="bo", topics=health)
    cast.published("天文", language="bo", topics=space)
    cast.published("公告", "notices", language="bo", topics=health)
    cast.translated(cast.published("译", topics=health), title=BO)
    cast.translated(cast.published("译", "notices", topics=space), title=BO * 2)
    only = cast.channel(kinds=["resource"], topics=health)
    assert cast.titles(only) == [BO, "健康"]
    wider = cast.admin.channels.edit(only.id, topics=[*health, *space], version=only.version)
    assert wider.topics == (*health, *space)
    assert cast.titles(only) == [BO, "天文", "健康"]
    cast.admin.channels.edit(only.id, kinds=["notice"], topics=())
    assert cast.titles(only) == [BO * 2, "公告"]
    cast.admin.channels.edit(only.id, kinds=[])
    assert cast.titles(only) == []


def test_nothing_that_is_not_public_ever_appears(cast):
    channel = cast.channel()
    source = cast.published("题")
    draft = cast.admin.translations.create(source.id, language="bo", title=BO, body=BO)
    cast.admin.resources.create(title=BO, organization=cast.root, language="bo")
    assert cast.titles(channel) == []
    cast.other.translations.approve(draft.id)
    assert cast.titles(channel) == [BO]
    cast.admin.translations.edit(draft.id, note="x")
    assert cast.titles(channel) == []
    cast.other.translations.approve(draft.id)
    cast.admin.resources.edit(source.id, body="新")
    assert cast.titles(channel) == [BO]
    cast.admin.resources.submit(source.id)
    cast.other.resources.approve(source.id)
    cast.admin.resources.publish(source.id)
    assert cast.titles(channel) == []


def test_what_has_expired_is_gone_on_the_day(cast):
    channel = cast.channel()
    cast.published(BO, language="bo", expires_on=date(2026, 1, 3))
    cast.translated(cast.published("题", expires_on=date(2026, 1, 3)), title=BO * 2)
    assert cast.titles(channel) == [BO * 2, BO]
    cast.clock.tick(timedelta(days=1))
    assert cast.titles(channel) == [BO * 2, BO]
    cast.clock.tick(timedelta(hours=8))
    assert cast.titles(channel) == []


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 100])
def test_pages_go_on_over_all_kinds_without_loss_or_repetition(cast, limit):
    channel = cast.channel()
    wanted = []
    for n in range(8):
        desk = ("resources", "notices", "news")[n % 3]
        # Several at one moment: the id decides.
        if n % 2:
            wanted.append(cast.translated(cast.published(f"{n}", desk), title=f"{BO}{n}").title)
        else:
            wanted.append(cast.published(f"{n}", desk, language="bo").title)
        cast.clock.tick(timedelta(seconds=-(n % 3 == 2)))
    found = cast.titles(channel, limit=limit)
    assert sorted(found) == sorted(wanted)
    assert found == cast.titles(channel, limit=50)
    assert len(cast.hub.channels.items(channel.id, limit=limit).items) == min(limit, 8)


def test_cursors_and_limits_are_checked(cast):
    channel = cast.channel()
    items = cast.hub.channels.items
    for after in ("x", "[1]", '["a","b"]', '{"a":1}', "null"):
        assert code(items, channel.id, after=after) == "page.bad_cursor"
    for limit in (0, 1001):
        assert code(items, channel.id, limit=limit) == "storage.limit"
    assert code(items, "chn_1") == "noun.unknown"


def test_anybody_reads_channels_and_who_may_manage_makes_them(cast):
    local = cast.admin.accounts.create(organization=cast.root)
    cast.admin.accounts.grant(local.id, ["manage"], kinds=["channel"], region="513300")
    me = cast.hub.as_(local.id)
    ganzi = cast.admin.organizations.create(name="甘孜州科协", region="513300").id
    given = {"name": "甘孜藏文", "organization": ganzi, "language": "bo"}
    made = me.channels.create(**given, region="513300")
    assert code(me.channels.create, **given | {"organization": cast.root}) == "grant.missing"
    assert code(cast.hub.channels.create, **given) == "account.required"
    assert code(cast.hub.channels.edit, made.id, name="x") == "account.required"
    far = cast.channel(region="513400", language="ii")
    assert code(me.channels.edit, far.id, name="x") == "grant.missing"
    assert cast.hub.channels.get(made.id) == made
    assert [c.id for c in cast.hub.channels.find()] == [made.id, far.id]
    assert [c.id for c in me.channels.find(limit=1)] == [made.id, far.id]
    assert [c.id for c in cast.hub.channels.find(language="bo-CN")] == [made.id]
    assert [c.id for c in cast.hub.channels.find(region="513400")] == [far.id]
    assert me.channels.edit(made.id, name="甘孜").name == "甘孜"
    assert code(me.channels.edit, made.id, name="x", version=1) == "storage.version"
    assert code(cast.hub.channels.get, "chn_1") == "noun.unknown"


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"name": ""}, "field.too_short"),
        ({"language": "bo_CN"}, "text.bad_language"),
        ({"kinds": ["resource", "account"]}, "content.bad_kind"),
        ({"kinds": "resource"}, "field.type"),
        ({"topics": "healthy_life"}, "field.type"),
        ({"topics": ["nothing"]}, "term.unknown"),
        ({"region": "999999"}, "region.unknown"),
        ({"organization": "org_1"}, "organization.unknown"),
    ],
)
def test_a_bad_channel_is_refused(cast, change, wanted):
    assert code(cast.channel, **change) == wanted


class Languages(HTMLParser):
    """Collects each text with the nearest `lang` above it."""

    def __init__(self):
        super().__init__()
        self.open = []
        self.texts = {}

    def handle_starttag(self, tag, attrs):
        self.open.append(dict(attrs).get("lang") or (self.open[-1] if self.open else ""))

    def handle_endtag(self, tag):
        self.open.pop()

    def handle_data(self, data):
        self.texts[data] = self.open[-1]


def test_html_has_each_text_in_its_language_and_escapes_all(cast):
    source = cast.published("题", disclaimer="<b>示例</b>")
    cast.translated(source, title="བོད་<script>")
    html = display.channel_html(cast.hub.channels.items(cast.channel().id))
    reader = Languages()
    reader.feed(html)
    assert reader.texts["བོད་<script>"] == "bo"
    assert reader.texts["2026 ཟླ་བ་དང་པོའི་ཚེས་1"] == "bo"
    assert reader.texts["译文，未经母语读者审阅"] == "zh-Hans"
    assert reader.texts["<b>示例</b>"] == "zh-Hans"
    assert "<script>" not in html
    assert "'Noto Serif Tibetan'" in html
    assert ":lang(bo){font-size:1.15em;line-height:1.9}" in html


def test_html_of_an_original_has_no_note_on_review():
    item = ChannelItem(
        kind="notice",
        id="ntc_1",
        title="通知",
        body="甲\n\n乙",
        language="zh-Hans",
        translated=False,
    )
    html = display.channel_html([item])
    assert "<p>甲</p><p>乙</p>" in html
    assert 'class="note"' not in html


def test_a_row_that_fell_behind_its_source_is_not_shown(cast):
    # What two writers that do not queue could leave behind in a store of another kind.
    source = cast.published("题")
    made = cast.translated(source)
    channel = cast.channel()
    assert cast.titles(channel) == [BO]

    def fall_behind(tx):
        (row,) = tx.get("translation", [made.id])
        doc = row.doc.replace(b'"source_revision":1', b'"source_revision":7')
        assert doc != row.doc
        tx.put("translation", [attrs.evolve(row, doc=doc)])

    cast.hub._tools.store.run(fall_behind, write=True)
    assert cast.titles(channel) == []
