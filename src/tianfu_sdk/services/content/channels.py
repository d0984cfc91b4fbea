"""The desk of channels (科普频道): published content of one region in one language."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.content.lifecycle import stale
from tianfu_sdk.core.languages.translating import current, own_script
from tianfu_sdk.core.rows.border import check_page
from tianfu_sdk.core.rows.kinds import CHANNEL, CONTENT, RESOURCE, TRANSLATION
from tianfu_sdk.errors import Conflict
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.channel import Channel, ChannelItem
from tianfu_sdk.model.checks import demand_list
from tianfu_sdk.model.content import Content, State
from tianfu_sdk.model.storage import Group, Query, Row, Where
from tianfu_sdk.model.translation import Translation, TranslationState
from tianfu_sdk.services.desk.narrowing import narrowed_page
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.services.desk.vocabularies import demand_term
from tianfu_sdk.services.desk.work import Desk, Work, read_place, write_cursor
from tianfu_sdk.services.languages.translated import demand_kind, source_of
from tianfu_sdk.text import canonical_language

__all__ = ["Channels"]

_KINDS = ("resource", "activity", "notice", "news", "clarification")


class Channels(Desk):
    """Make and read channels. Anybody may read; safe to share between threads."""

    def create(
        self,
        *,
        name: str,
        organization: str,
        language: str,
        region: str | None = None,
        kinds: Sequence[str] = _KINDS,
        topics: Sequence[str] = (),
    ) -> Channel:
        """Create a channel.

        Args:
            name: 1 to 100 characters.
            organization: Id of the organization that runs it.
            language: The one language that appears, BCP 47; kept in canonical form.
            region: Content for people of this region, and of those above it, appears; GB/T
                2260. None: where the organization is at home.
            kinds: Kinds of content that appear.
            topics: Codes of the vocabulary `topic`; empty: all.

        Raises:
            Denied: `account.required`; `grant.missing`, no grant to `manage` there.
            Invalid: `content.bad_kind`, `text.bad_language`, or with the path of the field.
            NotFound: `organization.unknown`, `region.unknown`, `term.unknown`.
        """

        def write(work: Work) -> Channel:
            owner, placed = work.placed(organization, region)
            work.allow_for(Action.MANAGE, CHANNEL.name, organization, placed)
            channel = codec.structure(
                Channel,
                {
                    "id": work.new_id(CHANNEL),
                    "name": name,
                    "organization": organization,
                    "region": region or owner.region,
                    "language": canonical_language(language),
                    "kinds": demand_list(kinds, "kinds"),
                    "topics": demand_list(topics, "topics"),
                },
            )
            _demand_known(work, channel)
            stored = work.put(CHANNEL, channel, placed)
            work.note(stored, "created", language=stored.language)
            return stored

        return self._write(write)

    def edit(
        self,
        id: str,  # noqa: A002 - the field's name
        *,
        name: str | None = None,
        kinds: Sequence[str] | None = None,
        topics: Sequence[str] | None = None,
        version: int | None = None,
    ) -> Channel:
        """Change a channel; its language, region and organization stay.

        Args:
            id: Of the channel.
            name: New name; None: as it is.
            kinds: Kinds of content that appear; None: as they are.
            topics: Only these topics, empty: all; None: as they are.
            version: The version that the change is based on; None: whatever there is.

        Raises:
            Conflict: `storage.version`, it was changed since.
            Denied: `account.required`, `grant.missing`.
            Invalid: As `create`.
            NotFound: `noun.unknown`, `term.unknown`.
        """

        def write(work: Work) -> Channel:
            before = work.noun(CHANNEL, work.visible(CHANNEL, id, Action.MANAGE))
            if version is not None and version != before.version:
                raise Conflict("storage.version", path="version", ids=(id,), kind=CHANNEL.name)
            changed = attrs.evolve(
                before,
                name=before.name if name is None else name,
                kinds=before.kinds if kinds is None else demand_list(kinds, "kinds"),
                topics=before.topics if topics is None else demand_list(topics, "topics"),
            )
            codec.check(changed)
            _demand_known(work, changed)
            _, placed = work.placed(changed.organization, changed.region)
            stored = work.put(CHANNEL, changed, placed)
            work.note(stored, "edited")
            return stored

        return self._write(write)

    def get(self, id: str) -> Channel:  # noqa: A002
        """Give a channel; raises `NotFound` (`noun.unknown`)."""
        return self._read(lambda work: work.noun(CHANNEL, work.visible(CHANNEL, id)))

    def find(
        self,
        *,
        language: str | None = None,
        region: str | None = None,
        organization: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[Channel]:
        """Find channels, the oldest first.

        Args:
            language: Only those in this language, BCP 47.
            region: Only those of this region or one below it.
            organization: Only those of this organization or one below it.
            after: Cursor of a page.
            limit: Of a page, 1 to 1,000.

        Raises:
            NotFound: `region.unknown`, `organization.unknown`.
            Invalid: `text.bad_language`, `page.bad_cursor`, `storage.limit`.
        """
        return narrowed_page(
            self._read,
            CHANNEL,
            self.find,
            after=after,
            limit=limit,
            language=language,
            region=region,
            organization=organization,
        )

    def items(
        self,
        id: str,  # noqa: A002
        *,
        after: str | None = None,
        limit: int = 20,
    ) -> Page[ChannelItem]:
        """Read what a channel shows: originals in its language and approved translations.

        Newest first by the original's publication. A translation that is not approved or
        outdated does not appear, nor does what was withdrawn or has expired.

        Args:
            id: Of the channel.
            after: Cursor of a page.
            limit: Of a page, 1 to 1,000.

        Raises:
            NotFound: `noun.unknown`.
            Invalid: `page.bad_cursor`, `storage.limit`.
        """

        def read(work: Work) -> Page[ChannelItem]:
            channel = work.noun(CHANNEL, work.visible(CHANNEL, id))
            check_page(limit)
            place = read_place(after, RESOURCE.kind, "published")
            shown = list(islice(_shown(work, channel, place, limit), limit))
            cursor = None
            if len(shown) == limit:
                last, _ = shown[-1]
                cursor = write_cursor(last.keys["published"], last.id)
            return Page(
                [item for _, item in shown],
                cursor,
                lambda cursor: self.items(id, after=cursor, limit=limit),
            )

        return self._read(read)


def _demand_known(work: Work, channel: Channel) -> None:
    for index, kind in enumerate(channel.kinds):
        demand_kind(kind, f"kinds[{index}]")
    for index, topic in enumerate(channel.topics):
        demand_term(work, "topic", topic, f"topics[{index}]")


def _shown(
    work: Work, channel: Channel, after: tuple[int, str] | None, limit: int
) -> Iterator[tuple[Row, ChannelItem]]:
    """Give what comes after a place, newest first, as far as it is asked for."""
    above = work.regions().levels(channel.region).codes
    people = tuple((Where("addressed", "has", code),) for code in above)
    topics: tuple[Group, ...] | None = None
    if channel.topics:
        topics = tuple((Where("topic", "has", topic),) for topic in channel.topics)
    today = work.today

    def newest(kind: str, *where: Where) -> Iterator[tuple[str, Row]]:
        query = Query(
            where=(Where("language", "=", channel.language), *where),
            any_of=people,
            order="published",
            desc=True,
            after=after,
            limit=limit,
        )
        return ((kind, row) for row in work.in_order(kind, query, topics))

    found = [
        newest(kind, Where("state", "=", State.PUBLISHED.value))
        for kind in dict.fromkeys(channel.kinds)
    ]
    found.append(
        newest(
            TRANSLATION.name,
            Where("state", "=", TranslationState.APPROVED.value),
            # 0 is a source that is not published.
            Where("published", ">", 0),
            Where("source_kind", "in", channel.kinds),
        )
    )
    merged = heapq.merge(
        *found, key=lambda pair: (pair[1].keys["published"], pair[1].id), reverse=True
    )
    for kind, row in merged:
        item = _item(work, kind, row, today)
        if item is not None:
            yield row, item


def _item(work: Work, kind: str, row: Row, today: date) -> ChannelItem | None:
    # Expiry is not a condition of the query, since few have expired and it would cost the
    # index by publication; and a store whose writers do not queue may have approved a
    # translation while its source moved. So what is shown is held against the source.
    translation: Translation | None = None
    source: Content
    if kind == TRANSLATION.name:
        translation = work.noun(TRANSLATION, row)
        source = source_of(work, translation)
        if source.state is not State.PUBLISHED or not current(translation, source):
            return None
    else:
        source = work.noun(CONTENT[kind], row)
    if stale(source, today):
        return None
    return ChannelItem(
        kind=translation.kind if translation else kind,
        id=source.id,
        title=(translation or source).title,
        body=translation.body if translation else source.body or source.summary,
        language=(translation or source).language,
        translated=translation is not None,
        reviewed_by_native=translation.native_reviewed if translation else None,
        disclaimer=source.disclaimer,
        # What was published before this was demanded, or came from another store.
        wrong_script=translation is None and not own_script(source),
        published_at=source.published_at,
    )
