"""The desk of all content: the same states and verbs for every kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Generic, TypeVar

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.content import lifecycle, revisions
from tianfu_sdk.core.content.media import digests_of
from tianfu_sdk.core.content.publishing import demand_shareable, search_doc
from tianfu_sdk.core.rows.keying import NounKind, day_key, moment_key
from tianfu_sdk.core.rows.kinds import REVISION
from tianfu_sdk.core.steps import illegal
from tianfu_sdk.errors import Conflict, Invalid, NotFound
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.base import SHANGHAI
from tianfu_sdk.model.checks import demand_type
from tianfu_sdk.model.content import Change, Content, NearDuplicate, State, View
from tianfu_sdk.model.storage import Group, Query, Row, Where
from tianfu_sdk.services.content.copies import Copies
from tianfu_sdk.services.content.media_uses import demand_readable, forget_dropped, settle_uses
from tianfu_sdk.services.content.question_groups import answer_questions
from tianfu_sdk.services.desk.arguments import numbered
from tianfu_sdk.services.desk.indexing import client_index
from tianfu_sdk.services.desk.narrowing import narrowed_page
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.services.desk.vocabularies import demand_terms
from tianfu_sdk.services.desk.work import Desk, Work
from tianfu_sdk.services.languages.translated import settle_translations

__all__ = ["ContentDesk", "state_is"]

T = TypeVar("T", bound=Content)

_LEAVES_PUBLIC = frozenset({State.WITHDRAWN, State.RETRACTED, State.ARCHIVED})


@attrs.frozen
class ContentDesk(Desk, Generic[T]):
    """Create, review, publish and find one kind of content.

    Every verb checks the account's grants, and writes the change, its event, its audit line
    and the search index in one transaction. Safe to share between threads.
    """

    _shelf: NounKind[T]

    # Reading.

    def get(self, id: str, *, revision: int | None = None) -> T:  # noqa: A002 - the field's name
        """Give a content.

        Args:
            id: Such as `res_01…`.
            revision: An old or unfinished revision by number; needs a grant to read, not
                only publication. None: the current one.

        Raises:
            NotFound: `noun.unknown`, no such content, or not for this account to see;
                `content.no_revision`.
            Denied: `account.required`.
        """

        def read(work: Work) -> T:
            row = work.visible(self._shelf, id)
            head = work.noun(self._shelf, row)
            if revision is None or revision == head.revision:
                return head
            _may_see_revisions(work, self._shelf, row)
            return self._revision(work, id, revision)

        return self._read(read)

    def find(
        self,
        *,
        state: State | str | None = None,
        region: str | None = None,
        organization: str | None = None,
        topic: str | None = None,
        language: str | None = None,
        newest_first: bool = True,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[T]:
        """Find contents that this account may see.

        Args:
            state: Only those that stand so.
            region: Only those that belong to this region or one below it.
            organization: Only those of this organization or one below it.
            topic: Only those with this topic.
            language: Only those in this language.
            newest_first: By last change.
            after: Cursor of a page.
            limit: Of a page, 1 to 1,000.

        Returns:
            A page that goes on by itself.

        Raises:
            NotFound: `region.unknown`, `organization.unknown`, `term.unknown`, with what is
                near.
            Invalid: `text.bad_language`, `page.bad_cursor`, `storage.limit`, `field.choice`.
        """
        return narrowed_page(
            self._read,
            self._shelf,
            self.find,
            own={"state": state, "newest_first": newest_first},
            more=lambda _: state_is(state),
            order="updated",
            desc=newest_first,
            after=after,
            limit=limit,
            region=region,
            organization=organization,
            topic=topic,
            language=language,
        )

    def stale(self, on: date, *, after: str | None = None, limit: int = 50) -> Page[T]:
        """Find published contents whose expiry a day has reached (科普法 Art. 35).

        Args:
            on: The day.
            after: Cursor of a page.
            limit: Of a page.

        Raises:
            Invalid: `field.type`, not a day.
        """
        demand_type(on, date, "on")

        def read(work: Work) -> Page[T]:
            return work.page(
                self._shelf,
                where=(
                    Where("state", "=", State.PUBLISHED.value),
                    Where("expires", "<=", day_key(on)),
                ),
                order="expires",
                after=after,
                limit=limit,
                again=lambda cursor: self.stale(on, after=cursor, limit=limit),
            )

        return self._read(read)

    def revisions(self, id: str) -> list[T]:  # noqa: A002
        """Give all revisions of a content, oldest first; needs a grant to read."""

        def read(work: Work) -> list[T]:
            row = work.visible(self._shelf, id)
            _may_see_revisions(work, self._shelf, row)
            found = [work.noun(self._shelf, old) for old in _revision_rows(work, id)]
            found.append(work.noun(self._shelf, row))
            return sorted(found, key=lambda content: content.revision)

        return self._read(read)

    def diff(self, id: str, before: int, after: int) -> list[Change]:  # noqa: A002
        """List the fields that differ between two revisions of a content."""
        found = {content.revision: content for content in self.revisions(id)}
        for number in (before, after):
            if number not in found:
                raise NotFound("content.no_revision", path="revision", revision=number)
        return lifecycle.diff(found[before], found[after])

    def near_duplicates(self, *, least: float = 0.5, limit: int = 1000) -> list[NearDuplicate]:
        """Find contents that look like edited copies of others (近似重复).

        All that this account may read and that is not archived or retracted is compared by
        summary and body: characters swapped, sentences put in or taken out, another title or
        script make no difference. Reads everything once: 100,000 contents take about half a
        minute.

        Args:
            least: Share that both texts have in common, above 0 to 1; a text of which 80 %
                stand in another one counts as well, or this share, where it is more.
            limit: Pairs at most, the most alike first.

        Raises:
            Invalid: `field.value`, `storage.limit`, `field.type`.
            Denied: `account.required`.
        """
        return Copies(self._tools, self._actor).within(self._shelf, least, limit)

    def export(self, id: str) -> dict[str, Any]:  # noqa: A002
        """Give a published content as plain values, for others to use.

        Raises:
            NotFound: `noun.unknown`.
            Invalid: `lifecycle.illegal`, it is not published; `lifecycle.expired`.
            Denied: `licence.not_shareable`, its licence does not let it be shared.
        """
        content = self.get(id)
        if content.state is not State.PUBLISHED:
            raise illegal(content.state, "export", lifecycle.steps(content.state))
        if lifecycle.stale(content, self._tools.clock.now().astimezone(SHANGHAI).date()):
            raise Invalid("lifecycle.expired", path="expires_on")
        demand_shareable(content)
        plain: dict[str, Any] = codec.to_plain(content)
        return plain

    def view(
        self,
        id: str,  # noqa: A002
        *,
        region: str = "",
        channel: str = "",
        language: str = "",
        seconds: float | None = None,
        client: str = "",
    ) -> None:
        """Count one view of a published content; anybody may.

        Args:
            id: Of the content.
            region: Where it was read, GB/T 2260.
            channel: Through which channel or app.
            language: In which language.
            seconds: How long it was open.
            client: What tells clients apart, such as a device id; only its keyed hash is kept.

        Raises:
            NotFound: `noun.unknown`, `region.unknown`.
            Invalid: `field.too_long`, `field.characters`, `field.too_small`, `field.too_large`.
        """
        viewed = {"channel": channel, "language": language, "seconds": seconds}
        codec.structure(View, {name: value for name, value in viewed.items() if value is not None})

        def write(work: Work) -> None:
            if region:
                work.regions().level_of(region)
            content = work.noun(self._shelf, work.get_row(self._shelf, id))
            today = work.today
            if content.state is not State.PUBLISHED or lifecycle.stale(content, today):
                raise NotFound("noun.unknown", path="id", kind=self._shelf.name, id=id[:64])
            hashed = client_index(work, client) if client else ""
            work.tell(
                f"{self._shelf.name}.viewed",
                kind=self._shelf.name,
                subject=id,
                organization=content.organization,
                region=content.region,
                data={
                    "from": region,
                    "channel": channel,
                    "language": language,
                    "seconds": seconds,
                    "client": hashed,
                },
            )

        self._write(write)

    # Writing.

    def add(self, fields: Mapping[str, Any]) -> T:
        """Create a content of plain fields; `create` is the same with named arguments.

        Args:
            fields: By name; `organization` at least, and what the noun demands.

        Raises:
            Invalid: With the path of the field.
            Denied: `grant.missing`.
            NotFound: `organization.unknown`, `region.unknown`, `term.unknown`; `blob.unknown`,
                a medium that is not kept, or not for this account to read.
            Conflict: `unique.taken`, the external key is another's.
        """
        return self._write(lambda work: self._create(work, [fields], bulk=False)[0])

    def add_many(self, many: Sequence[Mapping[str, Any]]) -> list[T]:
        """Create contents in one transaction, with one audit line; all or none.

        Raises:
            Invalid: As `add`; the path begins with the content, such as `many[3].title`.
        """
        return self._write(lambda work: self._create(work, many, bulk=True))

    def edit(self, id: str, *, version: int | None = None, **changes: Any) -> T:  # noqa: A002
        """Change fields of a content.

        A draft changes in place. What is approved or published opens a new revision in
        draft; the published one stays until the new one replaces it.

        Args:
            id: Of the content.
            version: The version that the change is based on; None: whatever there is.
            **changes: Fields by name.

        Returns:
            The draft.

        Raises:
            Conflict: `storage.version`, it was changed since.
            Invalid: With the path of the field; `lifecycle.illegal`.
            NotFound: `noun.unknown`; `blob.unknown`, a medium that is not kept, or not for
                this account to read.
        """

        def write(work: Work) -> T:
            row = work.visible(self._shelf, id, Action.EDIT)
            head = work.noun(self._shelf, row)
            revisions.demand_open(head, "edit")
            base = self._working(work, head)
            if version is not None and version != base.version:
                raise Conflict("storage.version", path="version", ids=(id,), kind=self._shelf.name)
            stored = self._edited(work, head, base, changes)
            work.note(stored, "edited", revision=stored.revision)
            return stored

        return self._write(write)

    def submit(self, id: str) -> T:  # noqa: A002
        """Hand a draft in for review."""
        return self._step(id, "submit")

    def return_(self, id: str, comment: str) -> T:  # noqa: A002
        """Give a submitted content back to its author, and say why."""
        return self._step(id, "return", reason=comment)

    def approve(self, id: str, comment: str = "") -> T:  # noqa: A002
        """Approve a submitted content; who wrote it may not.

        Raises:
            Denied: `lifecycle.own_work`, `lifecycle.system`, `grant.missing`.
        """
        return self._step(id, "approve", reason=comment)

    def publish(self, id: str) -> T:  # noqa: A002
        """Publish an approved content now; it is found by `ask` in the same moment."""
        return self._step(id, "publish")

    def schedule(self, id: str, at: datetime) -> T:  # noqa: A002
        """Publish an approved content at a moment to come; `publish_due` does it then."""
        return self._step(id, "schedule", at=at)

    def withdraw(self, id: str, reason: str) -> T:  # noqa: A002
        """Take a published content away for now."""
        return self._step(id, "withdraw", reason=reason)

    def retract(self, id: str, reason: str) -> T:  # noqa: A002
        """Take a published content back because it is wrong (科普法 Art. 36)."""
        return self._step(id, "retract", reason=reason)

    def archive(self, id: str) -> T:  # noqa: A002
        """Put a content away for good."""
        return self._step(id, "archive")

    def publish_due(self, limit: int = 100) -> list[T]:
        """Publish what was scheduled for a moment that has come; run by a worker.

        What has expired by then stays as it is: nobody may be shown it.

        Args:
            limit: Contents at most.

        Returns:
            What was published, first versions and new revisions of what is published.

        Raises:
            Denied: `account.required`.
        """

        def write(work: Work) -> list[T]:
            done: list[T] = []
            for head, base in self._due(work):
                if len(done) == limit:
                    break
                done.append(self._move(work, head, "publish", base=base))
            return done

        return self._write(write)

    def _due(self, work: Work) -> Iterator[tuple[T, T]]:
        """Give contents whose moment has come: the head, and the revision to publish."""
        scope = work.scope(Action.PUBLISH, self._shelf.name)
        waiting = (Where("state", "=", State.SCHEDULED.value),)
        for row in _all_rows(work, self._shelf.name, waiting, scope):
            head = work.noun(self._shelf, row)
            if revisions.ripe(head, work.now):
                yield head, head
        due = (
            Where("due", "<=", moment_key(work.now)),
            Where("item", "prefix", f"{self._shelf.prefix}_"),
        )
        for row in _all_rows(work, REVISION.name, due, None):
            base = work.noun(self._shelf, row)
            mine = (Where("id", "=", base.id), Where("state", "=", State.PUBLISHED.value))
            for found in work.rows(self._shelf.name, Query(where=mine), scope):
                if revisions.ripe(base, work.now):
                    yield work.noun(self._shelf, found), base

    # Within a transaction.

    def _create(self, work: Work, many: Sequence[Mapping[str, Any]], *, bulk: bool) -> list[T]:
        stored = self._store_new(work, many, "many" if bulk else "")
        if bulk and stored:
            first = stored[0]
            work.record(
                f"{self._shelf.name}.created",
                kind=self._shelf.name,
                subject=first.id,
                organization=first.organization,
                region=first.region,
                data={"count": len(stored), "last": stored[-1].id},
            )
            for content in stored:
                self._tell_created(work, content)
        for content in stored if not bulk else ():
            work.note(content, "created")
        return stored

    def _store_new(self, work: Work, many: Sequence[Mapping[str, Any]], of: str = "") -> list[T]:
        made = []
        for number, fields in enumerate(many):
            with numbered(of, number):
                content = self._made(work, fields)
                _, placed = work.placed(content.organization, content.region)
                work.allow_for(Action.CREATE, self._shelf.name, content.organization, placed)
            made.append((content, placed))
        contents = [content for content, _ in made]
        demand_terms(work, *contents, of=of)
        for number, content in enumerate(contents):
            with numbered(of, number):
                demand_readable(work, content)
                self._demand_links(work, content, None)
        claims = [
            (f"external_key.{c.organization}", c.external_key, c.id)
            for c in contents
            if c.external_key
        ]
        work.claim_all_unique(self._shelf.name, claims)
        stored = work.put_all(self._shelf, made)
        places = [placed for _, placed in made]
        settle_uses(work, self._shelf.name, zip(stored, places, strict=True), head=True)
        return stored

    def _edited(self, work: Work, head: T, base: T, changes: Mapping[str, Any]) -> T:
        changed = self._changed(work, base, changes)
        draft = lifecycle.revise(base, changed, person=work.person)
        return self._store_draft(work, head, base, draft)

    def _tell_created(self, work: Work, content: T) -> None:
        work.tell(
            f"{self._shelf.name}.created",
            kind=self._shelf.name,
            subject=content.id,
            organization=content.organization,
            region=content.region,
        )

    def _made(self, work: Work, fields: Mapping[str, Any]) -> T:
        home = ""
        if "organization" in fields and not fields.get("region"):
            home = work.placed(str(fields["organization"]))[0].region
        return revisions.made(
            self._shelf.noun,
            fields,
            id_=work.new_id(self._shelf),
            person=work.person,
            region=home,
        )

    def by_key(self, organization: str, external_key: str) -> T | None:
        """Give the content that an owner's own key names, or None."""

        def read(work: Work) -> T | None:
            name = f"external_key.{organization}"
            id_ = work.owner_of(self._shelf.name, name, external_key)
            return None if id_ is None else work.noun(self._shelf, work.visible(self._shelf, id_))

        return self._read(read)

    def _changed(self, work: Work, base: T, changes: Mapping[str, Any]) -> T:
        changed = revisions.changed(base, changes)
        demand_terms(work, changed)
        demand_readable(work, changed, digests_of(base))
        self._demand_links(work, changed, base)
        return changed

    def _demand_links(self, work: Work, content: T, before: T | None) -> None:
        """Demand what this kind names by id; a kind that names something says how.

        What it named before is not looked at: who was erased since leads to nothing, and stands
        in the way of no other change.
        """

    def _working(self, work: Work, head: T) -> T:
        return self._revision(work, head.id, head.pending) if head.pending else head

    def _revision(self, work: Work, id_: str, number: int) -> T:
        rows = work.tx.get(REVISION.name, [revisions.revision_id(id_, number)])
        if not rows:
            raise NotFound("content.no_revision", path="revision", revision=number)
        return work.noun(self._shelf, rows[0])

    def _store_draft(self, work: Work, head: T, base: T, draft: T) -> T:
        forget_dropped(work, base, draft)
        if base.state is State.DRAFT or base.state is State.APPROVED:
            if draft.revision != base.revision:
                self._keep(work, attrs.evolve(base, state=State.SUPERSEDED))
            if head.pending:
                if draft.revision == base.revision:
                    return self._put_revision(work, draft)
                fresh = self._put_revision(work, attrs.evolve(draft, version=0))
                self._put_head(work, attrs.evolve(head, pending=fresh.revision))
                return fresh
            return self._put_head(work, draft)
        # Published, scheduled or withdrawn: what readers see stays as it is.
        fresh = self._put_revision(work, attrs.evolve(draft, version=0, pending=0))
        self._put_head(work, attrs.evolve(head, pending=fresh.revision))
        return fresh

    def _step(self, id_: str, verb: str, *, reason: str = "", at: datetime | None = None) -> T:
        def write(work: Work) -> T:
            row = work.visible(self._shelf, id_, lifecycle.ACTIONS[verb])
            return self._move(work, work.noun(self._shelf, row), verb, reason=reason, at=at)

        return self._write(write)

    def _move(
        self,
        work: Work,
        head: T,
        verb: str,
        *,
        reason: str = "",
        at: datetime | None = None,
        base: T | None = None,
    ) -> T:
        on_head = verb in ("withdraw", "retract", "archive")
        if not on_head:
            revisions.demand_open(head, verb)
        base = base or (head if on_head else self._working(work, head))
        moved = lifecycle.move(
            base,
            verb,
            person=work.person,
            now=work.now,
            reason=reason,
            at=at,
            accessible=work.tools.settings.accessible,
        )
        codec.check(moved)
        if base is head:
            stored = self._put_head(work, moved)
        elif moved.state is State.PUBLISHED:
            # The head's row takes the new revision over; the old one is kept beside it.
            self._keep(work, attrs.evolve(head, state=State.SUPERSEDED, pending=0))
            self._forget_revision(work, moved)
            stored = self._put_head(work, revisions.taken_over(head, moved))
        else:
            stored = self._put_revision(work, moved)
        self._index(work, stored, moved.state)
        data: dict[str, Any] = {"revision": stored.revision}
        attendance = getattr(stored, "attendance", None)
        if attendance is not None:
            data |= {"attendance": attendance.value, "precision": attendance.precision.value}
        work.note(stored, lifecycle.DONE[verb], reason=reason, **data)
        return stored

    def _index(self, work: Work, content: T, state: State) -> None:
        if state is not State.PUBLISHED and state not in _LEAVES_PUBLIC:
            return
        search = work.tx.search
        if search is not None and state is State.PUBLISHED:
            search.index([search_doc(self._shelf.name, content, work.regions())])
        elif search is not None:
            search.remove([content.id])
        if state is State.PUBLISHED:
            answer_questions(work, content)
        settle_translations(work, content)

    def _put_head(self, work: Work, content: T) -> T:
        _, placed = work.placed(content.organization, content.region)
        stored = work.put(self._shelf, content, placed)
        settle_uses(work, self._shelf.name, [(stored, placed)], head=True)
        return stored

    def _put_revision(self, work: Work, content: T) -> T:
        stored = attrs.evolve(content, version=content.version + 1, updated_at=work.now)
        self._put_beside(work, stored)
        return stored

    def _keep(self, work: Work, content: T) -> None:
        rows = work.tx.get(REVISION.name, [revisions.revision_id(content.id, content.revision)])
        version = rows[0].version if rows else 0
        self._put_beside(work, attrs.evolve(content, version=version + 1))

    def _put_beside(self, work: Work, stored: T) -> None:
        id_ = revisions.revision_id(stored.id, stored.revision)
        keys = revisions.revision_keys(stored)
        work.tx.put(REVISION.name, [Row(id_, stored.version - 1, codec.dumps(stored), keys)])
        _, placed = work.placed(stored.organization, stored.region)
        settle_uses(work, self._shelf.name, [(stored, placed)], head=False)

    def _forget_revision(self, work: Work, content: T) -> None:
        id_ = revisions.revision_id(content.id, content.revision)
        rows = work.tx.get(REVISION.name, [id_])
        work.tx.delete(REVISION.name, [(id_, row.version) for row in rows])


def state_is(state: State | str | None) -> Group:
    """Give the condition that a content stands so; None: none."""
    return () if state is None else (Where("state", "=", State.of(state, "state").value),)


def _may_see_revisions(work: Work, shelf: NounKind[Any], row: Row) -> None:
    # Publication alone shows the current revision only.
    work.allow(Action.READ, shelf.name, {**row.keys, "state": ""}, row.id)


def _all_rows(
    work: Work, kind: str, where: Group, scope: tuple[Group, ...] | None
) -> Iterator[Row]:
    query = Query(where=where, limit=500)
    while True:
        rows = work.rows(kind, query, scope)
        yield from rows
        if len(rows) < query.limit:
            return
        query = attrs.evolve(query, after=(rows[-1].id, rows[-1].id))


def _revision_rows(work: Work, item: str) -> list[Row]:
    group: Group = (Where("item", "=", item),)
    return work.tx.find(REVISION.name, Query(where=group, order="number", limit=1000))
