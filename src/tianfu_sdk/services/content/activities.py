"""The desk of science activities (科普活动)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import attrs

from tianfu_sdk.core.rows.keying import NounKind
from tianfu_sdk.core.rows.kinds import ACTIVITY
from tianfu_sdk.model.base import Quantity, When
from tianfu_sdk.model.content import Activity, Measure, Role, State
from tianfu_sdk.model.media import Media
from tianfu_sdk.services.content.content import ContentDesk
from tianfu_sdk.services.content.enrolment import move_up
from tianfu_sdk.services.desk.work import Work

__all__ = ["Activities"]


@attrs.frozen
class Activities(ContentDesk[Activity]):
    """Create, review, publish and find science activities (科普活动)."""

    _shelf: NounKind[Activity] = ACTIVITY

    def create(
        self,
        *,
        title: str,
        organization: str,
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
        when: When | None = None,
        place: str = "",
        roles: Sequence[Role] = (),
        attendance: Quantity | None = None,
        capacity: int | None = None,
        registration: bool = False,
        registration_opens: datetime | None = None,
        registration_closes: datetime | None = None,
        waitlist: bool = True,
        largest_party: int = 5,
        measures: Sequence[Measure] = (),
    ) -> Activity:
        """Create a science activity (科普活动), as a draft.

        Args:
            title: What it is called, 1 to 200 characters.
            organization: Id of the organization that owns it.
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
            when: When it is held, as exact as is known.
            place: Where, in words.
            roles: Who hosts, undertakes, supports.
            attendance: Persons who came; None: not reported.
            capacity: Places; None: as many as come.
            registration: Whether people sign up for it (报名), by `hub.registrations`.
            registration_opens: First moment at which one may; None: once it is published.
            registration_closes: First moment at which one may no more; None: when it is over.
            waitlist: Whether who finds no place waits for one.
            largest_party: Persons of one registration at most.
            measures: Other counted things.

        Returns:
            The draft.

        Raises:
            Invalid: With the path of the field.
            Denied: `grant.missing`, no grant to create there; `account.required`.
            NotFound: `organization.unknown`, `region.unknown`, `term.unknown`.
            Conflict: `unique.taken`, the external key is another's.
        """
        fields = {
            "title": title,
            "organization": organization,
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
            "when": when,
            "place": place,
            "roles": roles,
            "attendance": attendance,
            "capacity": capacity,
            "registration": registration,
            "registration_opens": registration_opens,
            "registration_closes": registration_closes,
            "waitlist": waitlist,
            "largest_party": largest_party,
            "measures": measures,
        }
        return self.add({k: v for k, v in fields.items() if v is not None})

    def _move(
        self,
        work: Work,
        head: Activity,
        verb: str,
        *,
        reason: str = "",
        at: datetime | None = None,
        base: Activity | None = None,
    ) -> Activity:
        stored = super()._move(work, head, verb, reason=reason, at=at, base=base)
        if stored.state is State.PUBLISHED:
            # The new revision may have more places.
            move_up(work, stored)
        return stored
