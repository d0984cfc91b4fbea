"""The desk of segments: saved audiences (受众分组) of science SMS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.rows.kinds import SEGMENT
from tianfu_sdk.errors import Conflict, Invalid
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.checks import demand_changeable, demand_list
from tianfu_sdk.model.segment import Segment
from tianfu_sdk.services.desk.narrowing import narrowed_page
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.services.desk.vocabularies import demand_term
from tianfu_sdk.services.desk.work import Desk, Work
from tianfu_sdk.services.sms.audience import LONGEST_LIST
from tianfu_sdk.text import canonical_language

__all__ = ["Segments", "demand_audience", "demand_segment"]

_EDITABLE = frozenset({"name", "languages", "interests", "settings", "members", "retired"})
_SEVERAL = frozenset({"languages", "interests", "settings", "members"})


class Segments(Desk):
    """Keep named audiences for campaigns. Safe to share between threads."""

    def create(
        self,
        *,
        name: str,
        organization: str,
        region: str | None = None,
        languages: Sequence[str] = (),
        interests: Sequence[str] = (),
        settings: Sequence[str] = (),
        members: Sequence[str] = (),
    ) -> Segment:
        """Save an audience.

        Args:
            name: 1 to 100 characters.
            organization: Id of the organization whose segment it is.
            region: Of its subscribers, GB/T 2260; None: where the organization is at home.
            languages: Only people of these languages, BCP 47; empty: of all.
            interests: Only people who asked for one of these topics; empty: for anything.
            settings: Only people of one of these settings; empty: of all.
            members: Only these subscribers, by id; empty: all that fit the rest.

        Raises:
            Denied: `grant.missing`, no grant to `compose` segments there.
            Invalid: `sms.too_many_members`, `text.bad_language`, or with the path of the field.
            NotFound: `organization.unknown`, `region.unknown`, `term.unknown`.
        """
        # Before the transaction, which may be run twice: what gives each only once is then empty.
        audience = {
            "languages": demand_list(languages, "languages"),
            "interests": demand_list(interests, "interests"),
            "settings": demand_list(settings, "settings"),
            "members": demand_list(members, "members"),
        }

        def write(work: Work) -> Segment:
            owner, placed = work.placed(organization, region)
            work.allow_for(Action.COMPOSE, SEGMENT.name, organization, placed)
            made = _made(
                work,
                {
                    "id": work.new_id(SEGMENT),
                    "name": name,
                    "organization": organization,
                    "region": region or owner.region,
                    **audience,
                },
            )
            stored = work.put(SEGMENT, made, placed)
            work.note(stored, "created")
            return stored

        return self._write(write)

    def get(self, id: str) -> Segment:  # noqa: A002 - the field's name
        """Give a segment; raises `NotFound` (`noun.unknown`)."""
        return self._read(lambda work: work.noun(SEGMENT, work.visible(SEGMENT, id)))

    def find(
        self,
        *,
        organization: str | None = None,
        region: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[Segment]:
        """Find segments that this account may read.

        Args:
            organization: Of this organization or one below it.
            region: Of this region or one below it.
            after: Cursor of a page.
            limit: Of a page, 1 to 1,000.
        """
        return narrowed_page(
            self._read,
            SEGMENT,
            self.find,
            after=after,
            limit=limit,
            organization=organization,
            region=region,
        )

    def edit(self, id: str, *, version: int | None = None, **changes: Any) -> Segment:  # noqa: A002
        """Change a segment; campaigns that were composed with it stay as they are.

        Args:
            id: Of the segment.
            version: The version that the change is based on; None: whatever there is.
            **changes: Fields by name; `retired=True`: no campaign takes it any more.

        Raises:
            Invalid: `content.fixed`, `field.unknown`, and as `create`.
            Denied: `grant.missing`.
            Conflict: `storage.version`.
        """
        demand_changeable(changes, Segment, _EDITABLE)
        given = {k: demand_list(v, k) if k in _SEVERAL else v for k, v in changes.items()}

        def write(work: Work) -> Segment:
            known = work.noun(SEGMENT, work.visible(SEGMENT, id, Action.COMPOSE))
            if version is not None and version != known.version:
                raise Conflict("storage.version", path="version", ids=(id,), kind=SEGMENT.name)
            plain = {field.name: getattr(known, field.name) for field in attrs.fields(Segment)}
            changed = _made(work, plain | given)
            _, placed = work.placed(changed.organization, changed.region)
            stored = work.put(SEGMENT, changed, placed)
            work.note(stored, "edited", fields=",".join(sorted(changes)))
            return stored

        return self._write(write)


def _made(work: Work, fields: dict[str, Any]) -> Segment:
    made = codec.structure(Segment, fields)
    made = attrs.evolve(made, languages=tuple(map(canonical_language, made.languages)))
    codec.check(made)
    demand_audience(work, made)
    return made


def demand_audience(work: Work, made: Any) -> None:
    """Demand that topics and settings of a segment or campaign are known, and its list short."""
    if len(made.members) > LONGEST_LIST:
        raise Invalid("sms.too_many_members", path="members", most=LONGEST_LIST)
    for name, vocabulary in (("interests", "topic"), ("settings", "setting")):
        for place, code in enumerate(getattr(made, name)):
            demand_term(work, vocabulary, code, f"{name}[{place}]")


def demand_segment(work: Work, id_: str) -> Segment:
    """Give a segment that a campaign may be composed with.

    Raises:
        NotFound: `noun.unknown`.
        Invalid: `sms.segment_retired`.
    """
    found = work.noun(SEGMENT, work.visible(SEGMENT, id_))
    if found.retired:
        raise Invalid("sms.segment_retired", path="segment", id=id_)
    return found
