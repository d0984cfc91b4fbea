"""The desk of subscriptions (订阅): stored searches of organizations, told of what is new."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.content.publishing import seeks, subscription_doc
from tianfu_sdk.core.matching import matching
from tianfu_sdk.core.rows.keying import unique_id
from tianfu_sdk.core.rows.kinds import CONTENT, LISTING, MARK, SUBSCRIPTION, UNIQUE, kind_of
from tianfu_sdk.core.searching.percolation import sought_words
from tianfu_sdk.errors import Conflict, Denied, Invalid
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.base import EPOCH
from tianfu_sdk.model.checks import demand_changeable
from tianfu_sdk.model.content import State
from tianfu_sdk.model.event import Consumer, Event
from tianfu_sdk.model.listing import Listing, ListingKind
from tianfu_sdk.model.matching import Match
from tianfu_sdk.model.media import MediaForm
from tianfu_sdk.model.storage import Cursor, Row
from tianfu_sdk.model.subscription import Subscription
from tianfu_sdk.services.desk.again import until_done
from tianfu_sdk.services.desk.narrowing import narrowed_page
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.services.desk.vocabularies import demand_term
from tianfu_sdk.services.desk.work import EVENTS, Desk, Work
from tianfu_sdk.services.log import consumers
from tianfu_sdk.services.matching.offers import Gates
from tianfu_sdk.services.matching.percolating import seekers
from tianfu_sdk.services.matching.sides import candidate_of, languages_of
from tianfu_sdk.text import canonical_language, fold

__all__ = ["Subscriptions"]

_CHANGEABLE = frozenset(
    {"name", "text", "topics", "kinds", "language", "audience", "media", "active"}
)
_KINDS = frozenset({*CONTENT, *(kind.value for kind in ListingKind)})
_CONSUMER = f"{consumers.OWN}alerts"
_ONCE = "alerts"
"""What it was called when every name was free to be taken."""
_TOLD = "told"
"""Name of the unique value that says of what a need or subscription was told."""
_BATCH = 100
_READ = 500
_PUBLISHED = frozenset(f"{kind}.published" for kind in CONTENT)


class Subscriptions(Desk):
    """Keep what organizations want to hear of, and tell them once it is published.

    Safe to share between threads.
    """

    def create(
        self,
        *,
        name: str,
        organization: str,
        region: str | None = None,
        text: str = "",
        topics: Sequence[str] = (),
        kinds: Sequence[str] = (),
        language: str = "",
        audience: Sequence[str] = (),
        media: Sequence[str] = (),
    ) -> Subscription:
        """Subscribe to what fits, from now on.

        Args:
            name: 1 to 100 characters.
            organization: Id of the organization that is told.
            region: Where its people are, GB/T 2260; None: where it is at home.
            text: Words that are looked for, up to 2,000 characters.
            topics: Codes of the vocabulary `topic`; text, topics, or both.
            kinds: Only these, such as `resource`, `activity`, `service`, `need`; `listing`:
                services, achievements, projects and needs; empty: all.
            language: That it must be readable in; empty: any.
            audience: Codes of the vocabulary `audience` that it is to be fit for.
            media: Forms of media that it had better have, such as `video`.

        Raises:
            Invalid: `subscription.empty`, `field.choice`, and others with the path of the field.
            Denied: `grant.missing`, no grant to create subscriptions there, or not in this name.
            NotFound: `organization.unknown`, `region.unknown`, `term.unknown`.
        """

        def write(work: Work) -> Subscription:
            owner, placed = work.placed(organization, region)
            work.allow_for(Action.CREATE, SUBSCRIPTION.name, organization, placed)
            fields = {
                "id": work.new_id(SUBSCRIPTION),
                "name": name,
                "organization": organization,
                "region": region or owner.region,
                "text": text,
                "topics": topics,
                "kinds": kinds,
                "language": language,
                "audience": audience,
                "media": media,
            }
            stored = work.put(SUBSCRIPTION, _made(work, fields), placed)
            _index(work, stored)
            work.note(stored, "created")
            return stored

        return self._write(write)

    def get(self, id: str) -> Subscription:  # noqa: A002 - the field's name
        """Give a subscription; raises `NotFound` (`noun.unknown`)."""
        return self._read(lambda work: work.noun(SUBSCRIPTION, work.visible(SUBSCRIPTION, id)))

    def find(
        self, *, organization: str | None = None, after: str | None = None, limit: int = 50
    ) -> Page[Subscription]:
        """Find subscriptions that this account may read.

        Args:
            organization: Of this organization or one below it.
            after: Cursor of a page.
            limit: Of a page, 1 to 1,000.
        """
        return narrowed_page(
            self._read, SUBSCRIPTION, self.find, after=after, limit=limit, organization=organization
        )

    def edit(self, id: str, *, version: int | None = None, **changes: Any) -> Subscription:  # noqa: A002
        """Change a subscription.

        Args:
            id: Of the subscription.
            version: The version that the change is based on; None: whatever there is.
            **changes: Fields by name; `active=False`: nothing is looked for any more.

        Raises:
            Invalid: `content.fixed`, `field.unknown`, and as `create`.
            Denied: `grant.missing`.
            Conflict: `storage.version`.
        """
        demand_changeable(changes, Subscription, _CHANGEABLE)

        def write(work: Work) -> Subscription:
            known = work.noun(SUBSCRIPTION, work.visible(SUBSCRIPTION, id, Action.EDIT))
            if version is not None and version != known.version:
                raise Conflict("storage.version", path="version", ids=(id,), kind=SUBSCRIPTION.name)
            plain = {field.name: getattr(known, field.name) for field in attrs.fields(Subscription)}
            changed = _made(work, plain | changes)
            _, placed = work.placed(changed.organization, changed.region)
            stored = work.put(SUBSCRIPTION, changed, placed)
            _index(work, stored)
            work.note(stored, "edited", fields=",".join(sorted(changes)))
            return stored

        return self._write(write)

    def alert(self, limit: int = 1000) -> int:
        """Tell who seeks what was published since last time; run by a worker, for the system.

        For each need and subscription that something fits (`match.alert` of the settings), of the
        200 each that share most words with it and of all that name one of its topics, there is an
        event `need.matched` or `subscription.matched`: `subject` is the need or subscription,
        `organization` whose it is, `data` has `content`, `kind` and `score`, once however many
        workers there are, and once a content: of a new revision, or of one that is published
        again, only those hear who were not told of it before. Nobody is told of what is its own.
        The first call only notes where the log of events ends.

        Args:
            limit: Events of the log at most.

        Returns:
            How many were told.

        Raises:
            Denied: `account.required`, only for the system (`as_system`).
            Unsupported: `ask.no_search`, the store has no search engine.
        """
        if not self._actor.system:
            raise Denied("account.required")
        told = read = 0
        while read < limit:
            most = min(_BATCH, limit - read)
            handled, matched = until_done(lambda n=most: self._write(lambda w: _alert(w, n)))  # type: ignore[misc]
            told += matched
            read += handled
            if not handled:
                break
        return told


def _alert(work: Work, limit: int) -> tuple[int, int]:
    before = consumers.get(work, _CONSUMER)
    if before.updated_at == EPOCH:
        begun = consumers.get(work, _ONCE).cursor
        _move(work, before, begun or work.tx.last(EVENTS) or "", 0)
        return 0, 0
    entries = work.tx.read(EVENTS, Cursor(before.cursor) if before.cursor else None, limit)
    if not entries:
        return 0, 0
    events = [codec.loads(Event, entry.body) for entry in entries]
    contents = dict.fromkeys(e.subject for e in events if e.type in _PUBLISHED)
    matched = sum(_tell(work, id_) for id_ in contents)
    _move(work, before, entries[-1].cursor, len(entries))
    return len(entries), matched


def _move(work: Work, before: Consumer, cursor: str, handled: int) -> None:
    """Move the mark in the transaction that tells, so that of two workers one tells."""
    if not consumers.move(work, before, cursor, handled):
        raise Conflict("storage.version", ids=(before.name,), kind=MARK.name)


def _tell(work: Work, id_: str) -> int:
    shelf = kind_of(id_)
    rows = work.tx.get(shelf.name, [id_]) if shelf else []
    if shelf is None or not rows or rows[0].keys["state"] != State.PUBLISHED.value:
        return 0
    content = work.noun(shelf, rows[0])
    # Of a need nobody is told but those who subscribed to needs.
    kinds: tuple[str, ...] = ("need", "subscription")
    if isinstance(content, Listing) and content.kind is ListingKind.NEED:
        kinds = ("subscription",)
    offered = candidate_of(work, shelf.name, content, languages_of(work, content))
    match = work.tools.settings.match
    weights = {kind: matching.weights_for(kind, match.weights) for kind in kinds}
    scored = seekers(work, offered, weights, Gates(), kinds=kinds, limit=0, everybodys=True)
    fit = sorted(
        (one for one in scored if one.score >= match.alert), key=lambda one: (-one.score, one.id)
    )
    owners = _owners(work, fit)
    fit = [one for one in fit if owners[one.id] != content.organization]
    fresh = _untold(work, id_, fit)
    for one in fresh:
        work.tell(
            f"{one.kind}.matched",
            kind=_home(one),
            subject=one.id,
            organization=owners[one.id],
            region=content.region,
            data={"content": id_, "kind": offered.kind, "score": round(one.score, 4)},
        )
    return len(fresh)


def _untold(work: Work, content: str, matches: Sequence[Match]) -> list[Match]:
    """Give those who were never told of a content, and note that they are."""
    fresh: list[Match] = []
    for start in range(0, len(matches), _READ):
        some = matches[start : start + _READ]
        notes = {one.id: unique_id(_home(one), _TOLD, f"{one.id}|{content}") for one in some}
        known = {row.id for row in work.tx.get(UNIQUE.name, list(notes.values()))}
        new = [one for one in some if notes[one.id] not in known]
        work.tx.put(UNIQUE.name, [Row(notes[one.id], 0, None, {"owner": one.id}) for one in new])
        fresh += new
    return fresh


def _home(match: Match) -> str:
    return SUBSCRIPTION.name if match.kind == SUBSCRIPTION.name else LISTING.name


def _owners(work: Work, matches: Sequence[Match]) -> dict[str, str]:
    """Give whose the needs and subscriptions are."""
    owners: dict[str, str] = {}
    for kind in (SUBSCRIPTION.name, LISTING.name):
        ids = [one.id for one in matches if _home(one) == kind]
        for start in range(0, len(ids), _READ):
            rows = work.tx.get(kind, ids[start : start + _READ])
            owners |= {row.id: str(row.keys["organization"]) for row in rows}
    return owners


def _index(work: Work, subscription: Subscription) -> None:
    search = work.tx.search
    if search is None:
        return
    if seeks(subscription):
        search.index([subscription_doc(subscription)])
    else:
        search.remove([subscription.id])


def _made(work: Work, fields: dict[str, Any]) -> Subscription:
    made = codec.structure(Subscription, fields)
    if made.language:
        made = attrs.evolve(made, language=canonical_language(made.language))
    codec.check(made)
    if not made.topics and not sought_words(fold(made.text)):
        raise Invalid("subscription.empty", path="text")
    for name, vocabulary in (("topics", "topic"), ("audience", "audience")):
        for place, code in enumerate(getattr(made, name)):
            demand_term(work, vocabulary, code, f"{name}[{place}]")
    for place, kind in enumerate(made.kinds):
        if kind not in _KINDS:
            choices = ", ".join(sorted(_KINDS))
            raise Invalid("field.choice", path=f"kinds[{place}]", value=kind[:40], choices=choices)
    for place, form in enumerate(made.media):
        MediaForm.of(form, f"media[{place}]")
    return made
