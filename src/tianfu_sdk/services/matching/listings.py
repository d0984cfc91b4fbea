"""The desk of supply and demand: services, achievements, projects, needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

import attrs

from tianfu_sdk.core.rows.keying import NounKind, day_key
from tianfu_sdk.core.rows.kinds import CONTACT_PERSON, LISTING, STUDIO
from tianfu_sdk.core.steps import illegal
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.base import Quantity
from tianfu_sdk.model.content import State
from tianfu_sdk.model.interest import Interest
from tianfu_sdk.model.listing import (
    Cooperation,
    Delivery,
    IpStatus,
    Listing,
    ListingKind,
    ListingProgress,
)
from tianfu_sdk.model.media import Media, MediaForm
from tianfu_sdk.model.storage import Group, Where
from tianfu_sdk.services.content.content import ContentDesk, state_is
from tianfu_sdk.services.desk.again import until_done
from tianfu_sdk.services.desk.narrowing import narrowed_page
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.matching.interests import Interests, awaited, settle_listing

__all__ = ["Listings"]


@attrs.frozen
class Listings(ContentDesk[Listing]):
    """Supply and demand: services, achievements, projects, needs."""

    _shelf: NounKind[Listing] = LISTING

    def create(
        self,
        *,
        title: str,
        organization: str,
        kind: ListingKind | str,
        body: str = "",
        summary: str = "",
        region: str | None = None,
        language: str = "zh-Hans",
        topics: Sequence[str] = (),
        keywords: Sequence[str] = (),
        audience: Sequence[str] = (),
        settings: Sequence[str] = (),
        regions: Sequence[str] = (),
        media: Sequence[Media] = (),
        licence: str = "",
        source: str = "",
        reviewer: str = "",
        review_date: date | None = None,
        expires_on: date | None = None,
        disclaimer: str = "",
        external_key: str = "",
        deadline: date | None = None,
        capacity: int | None = None,
        terms: str = "",
        cooperation: Sequence[Cooperation | str] = (),
        budget: Quantity | int | None = None,
        budget_most: int | None = None,
        contact: str = "",
        studio: str = "",
        delivery: Delivery | str | None = None,
        maturity: int | None = None,
        ip_status: IpStatus | str | None = None,
        ip_numbers: Sequence[str] = (),
        starts_on: date | None = None,
        ends_on: date | None = None,
        requirements: str = "",
        wanted_media: Sequence[MediaForm | str] = (),
    ) -> Listing:
        """Create a listing, as a draft.

        Args:
            title: What it is called, 1 to 200 characters.
            organization: Id of the organization that owns it.
            kind: `service`, `achievement`, `project` or `need`.
            body: The text.
            summary: One or two sentences.
            region: Where it belongs, GB/T 2260; None: where its organization is at home.
            language: Of title and body, BCP 47.
            topics: Codes of the vocabulary `topic`.
            keywords: Words by which it is looked for.
            audience: Codes of the vocabulary `audience`.
            settings: Codes of the vocabulary `setting` (科普六进 …).
            regions: Regions whose people it is for; empty: those of `region`.
            media: What `hub.media.use` gave.
            licence: SPDX id, or `public`; empty: not known, so not to be shared.
            source: Where the knowledge is from, as a reader can check it.
            reviewer: Who vouches for it: a post or body.
            review_date: When it was reviewed.
            expires_on: First day on which it must not be shown as current.
            disclaimer: Said wherever it is shown.
            external_key: The owner's own key; unique by kind and organization.
            deadline: Last day on which it can be taken up.
            capacity: With how many it can be concluded; 0: full; None: a need with one, an
                offer with any.
            terms: On what terms; public.
            cooperation: As what the two sides may work together, such as `licence`.
            budget: What it costs or may cost, yuan, a whole number exactly; None: to be
                negotiated.
            budget_most: Upper end where the budget is a range, yuan.
            contact: Id of a contact person of the same organization (`hub.contacts`); who that
                is, the other side learns once both agreed to talk.
            studio: Of an offer: id of the studio of the same organization it belongs to.
            delivery: Of a service: `on_site`, `remote` or `at_provider`.
            maturity: Of an achievement: technology readiness level, 1 to 9.
            ip_status: Of an achievement: `granted`, `pending`, `registered`, `secret`, `none`.
            ip_numbers: Of an achievement: numbers of patents and registrations.
            starts_on: Of a project: first day.
            ends_on: Of a project: last day.
            requirements: Of a need or project: what has to be reached.
            wanted_media: Of a need: forms of media that what answers it had better have, such as
                `video`.

        Returns:
            The draft.

        Raises:
            Invalid: With the path of the field; `listing.unfit_field`, one that this kind has
                not; `listing.no_budget`; `listing.foreign`, a studio or contact person of
                another organization.
            Denied: `grant.missing`, no grant to create there; `account.required`.
            NotFound: `organization.unknown`, `region.unknown`, `term.unknown`; `noun.unknown`,
                no such studio or contact person.
            Conflict: `unique.taken`, the external key is another's.
        """
        fields = {
            "title": title,
            "organization": organization,
            "kind": kind,
            "body": body,
            "summary": summary,
            "region": region,
            "language": language,
            "topics": topics,
            "keywords": keywords,
            "audience": audience,
            "settings": settings,
            "regions": regions,
            "media": media,
            "licence": licence,
            "source": source,
            "reviewer": reviewer,
            "review_date": review_date,
            "expires_on": expires_on,
            "disclaimer": disclaimer,
            "external_key": external_key,
            "deadline": deadline,
            "capacity": capacity,
            "terms": terms,
            "cooperation": cooperation,
            "budget": Quantity(budget) if type(budget) is int else budget,
            "budget_most": budget_most,
            "contact": contact,
            "studio": studio,
            "delivery": delivery,
            "maturity": maturity,
            "ip_status": ip_status,
            "ip_numbers": ip_numbers,
            "starts_on": starts_on,
            "ends_on": ends_on,
            "requirements": requirements,
            "wanted_media": wanted_media,
        }
        return self.add({k: v for k, v in fields.items() if v is not None})

    def find(
        self,
        *,
        kind: ListingKind | str | None = None,
        studio: str | None = None,
        progress: ListingProgress | str | None = None,
        state: State | str | None = None,
        region: str | None = None,
        organization: str | None = None,
        topic: str | None = None,
        language: str | None = None,
        newest_first: bool = True,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[Listing]:
        """Find listings that this account may see.

        Args:
            kind: Only `service`, `achievement`, `project` or `need`.
            studio: Only those of this studio.
            progress: Only those that are so far, such as `open`; one that nobody took up before
                its deadline is `closed`.
            state: Only those that stand so.
            region: Only those that belong to this region or one below it.
            organization: Only those of this organization or one below it.
            topic: Only those with this topic.
            language: Only those in this language.
            newest_first: By last change.
            after: Cursor of a page.
            limit: Of a page, 1 to 1,000.

        Raises:
            NotFound: `region.unknown`, `organization.unknown`, `term.unknown`.
            Invalid: `text.bad_language`, `page.bad_cursor`, `storage.limit`, `field.choice`.
        """
        where = list(state_is(state))
        if kind is not None:
            where.append(Where("kind", "=", ListingKind.of(kind, "kind").value))
        if studio is not None:
            where.append(Where("studio", "=", studio))
        own = {"kind": kind, "studio": studio, "progress": progress, "state": state}
        return narrowed_page(
            self._read,
            self._shelf,
            self.find,
            own=own | {"newest_first": newest_first},
            more=lambda _: tuple(where),
            any_of=lambda work: None if progress is None else _so_far(progress, work),
            order="updated",
            desc=newest_first,
            after=after,
            limit=limit,
            region=region,
            organization=organization,
            topic=topic,
            language=language,
        )

    def _demand_links(self, work: Work, content: Listing, before: Listing | None) -> None:
        if before is not None and content.kind is not before.kind:
            _demand_kind(work, work.get(LISTING, content.id), content)
        for path, shelf in (("studio", STUDIO), ("contact", CONTACT_PERSON)):
            id_ = getattr(content, path)
            if before is not None and id_ == getattr(before, path):
                continue
            if id_ and work.get_row(shelf, id_, path).keys["organization"] != content.organization:
                raise Invalid("listing.foreign", path=path)

    def _move(
        self,
        work: Work,
        head: Listing,
        verb: str,
        *,
        reason: str = "",
        at: datetime | None = None,
        base: Listing | None = None,
    ) -> Listing:
        if verb in ("schedule", "publish"):
            # Somebody may have become interested since the revision was written.
            _demand_kind(work, head, base or self._working(work, head))
        return super()._move(work, head, verb, reason=reason, at=at, base=base)

    def _due(self, work: Work) -> Iterator[tuple[Listing, Listing]]:
        for head, base in super()._due(work):
            # One that waits for its interests holds up no other.
            if base.kind is head.kind or not awaited(work, head.id):
                yield head, base

    def interest(
        self,
        listing: str,
        *,
        from_: str,
        contact: str = "",
    ) -> Interest:
        """Say that an organization is interested in a listing; as `hub.interests.express`."""
        return Interests(self._tools, self._actor).express(listing, from_=from_, contact=contact)

    def close(self, id: str, reason: str) -> Listing:  # noqa: A002
        """Take no more interests for a listing; what is negotiated goes on.

        Raises:
            NotFound: `noun.unknown`.
            Denied: `grant.missing`, no grant to edit it.
            Invalid: `lifecycle.reason`, none given; `lifecycle.illegal`, it is closed or done.
        """
        return self._standing(id, "close", reason)

    def reopen(self, id: str, reason: str) -> Listing:  # noqa: A002
        """Take interests again for a listing that was closed; errors as `close`."""
        return self._standing(id, "reopen", reason)

    def _standing(self, id_: str, verb: str, reason: str) -> Listing:
        if not reason.strip():
            raise Invalid("lifecycle.reason", path="reason", verb=verb)

        def write(work: Work) -> Listing:
            known = work.noun(LISTING, work.visible(LISTING, id_, Action.EDIT))
            if known.closed is (verb == "close"):
                other = "reopen" if known.closed else "close"
                raise illegal(known.progress, verb, (other,), path="progress")
            stored = settle_listing(work, known, closed=not known.closed)
            work.note(stored, "closed" if verb == "close" else "reopened", reason=reason)
            return stored

        return until_done(lambda: self._write(write))


def _demand_kind(work: Work, head: Listing, content: Listing) -> None:
    """Demand that nobody counts on the kind that a listing had (`listing.kind_kept`)."""
    if content.kind is not head.kind and awaited(work, head.id):
        raise Invalid("listing.kind_kept", path="kind", kind=head.kind.value)


def _so_far(progress: ListingProgress | str, work: Work) -> tuple[Group, ...]:
    wanted = ListingProgress.of(progress, "progress")
    today = day_key(work.today)
    so = Where("progress", "=", wanted.value)
    if wanted is ListingProgress.OPEN:
        return ((so, Where("deadline", ">=", today)),)
    if wanted is ListingProgress.CLOSED:
        missed = (Where("progress", "=", ListingProgress.OPEN.value), Where("deadline", "<", today))
        return (so,), missed
    return ((so,),)
