"""The desk of experts (专家)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.kinds import EXPERT
from tianfu_sdk.errors import Conflict, Invalid
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.listing import Expert
from tianfu_sdk.services.narrowing import narrowed
from tianfu_sdk.services.page import Page
from tianfu_sdk.services.people import NAME, new_subject, open_sealed, seal
from tianfu_sdk.services.personal import PersonDesk
from tianfu_sdk.services.vocabularies import demand_term
from tianfu_sdk.services.work import Work
from tianfu_sdk.text import fold

__all__ = ["Experts", "public_text"]

_LONGEST_NAME = 100
_TELLING_NAME = 2
_CHANGEABLE = frozenset({"title", "profile", "topics", "keywords", "languages", "capacity"})


class Experts(PersonDesk):
    """Keep experts (专家): the profile is public, the name is sealed under a key of its own.

    Any account may read profiles; to read a name is a grant of its own, and audited. Safe
    to share between threads.
    """

    _about = EXPERT.name

    def create(
        self,
        *,
        name: str,
        organization: str,
        title: str = "",
        profile: str = "",
        region: str | None = None,
        topics: Sequence[str] = (),
        keywords: Sequence[str] = (),
        languages: Sequence[str] = ("zh-Hans",),
        capacity: int = 1,
    ) -> Expert:
        """Create an expert.

        Args:
            name: Personal name, 1 to 100 characters; sealed, never shown with the profile.
            organization: Id of the organization that the expert belongs to.
            title: Post or degree, such as 高级农艺师; public.
            profile: What the expert knows, without the name; public.
            region: Where the expert works, GB/T 2260; None: where the organization is.
            topics: Codes of the vocabulary `topic`.
            keywords: Words by which the expert is looked for.
            languages: In which the expert answers, BCP 47.
            capacity: Questions or projects at a time; 0: takes none now.

        Returns:
            The expert; its repr shows no name.

        Raises:
            Denied: `grant.missing`, no grant to create experts there; `account.required`.
            Invalid: With the path of the field; `expert.name_public`, the name stands in
                what everybody may read.
            NotFound: `organization.unknown`, `region.unknown`, `term.unknown`.
        """

        def write(work: Work) -> Expert:
            owner, placed = work.placed(organization, region)
            work.allow_at(Action.CREATE, EXPERT.name, organization, placed)
            id_ = work.new_id(EXPERT)
            _demand_name(name)
            key = new_subject(work, id_)
            made = codec.structure(
                Expert,
                {
                    "id": id_,
                    "name": seal(work, id_, NAME, name.strip(), key),
                    "title": title,
                    "profile": profile,
                    "organization": organization,
                    "region": region or owner.region,
                    "topics": tuple(topics),
                    "keywords": tuple(keywords),
                    "languages": tuple(languages),
                    "capacity": capacity,
                },
            )
            _demand_private(made, name)
            _demand_topics(work, made.topics)
            stored = work.put(EXPERT, made, placed)
            work.note(stored, "created")
            return stored

        return self._write(write)

    def get(self, id: str) -> Expert:  # noqa: A002 - the field's name
        """Give an expert's profile; the name stays sealed. Any account may.

        Raises:
            NotFound: `noun.unknown`.
            Denied: `account.required`.
        """

        def read(work: Work) -> Expert:
            _demand_somebody(work)
            return work.get(EXPERT, id)

        return self._read(read)

    def find(
        self,
        *,
        topic: str | None = None,
        region: str | None = None,
        organization: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[Expert]:
        """Find experts; any account may.

        Args:
            topic: Only those with this topic.
            region: Only those in this region or one below it.
            organization: Only those of this organization or one below it.
            after: Cursor of a page.
            limit: Of a page, 1 to 1,000.

        Raises:
            NotFound: `region.unknown`.
            Denied: `account.required`.
        """

        def read(work: Work) -> Page[Expert]:
            _demand_somebody(work)
            where = narrowed(work, topic=topic, region=region, organization=organization)
            # Profiles are public: whoever is somebody sees all of them.
            everybody = attrs.evolve(work.actor, system="list", account=None)
            return Work(work.tools, everybody, work.tx).page(
                EXPERT,
                where=tuple(where),
                after=after,
                limit=limit,
                again=lambda cursor: self.find(
                    topic=topic,
                    region=region,
                    organization=organization,
                    after=cursor,
                    limit=limit,
                ),
            )

        return self._read(read)

    def edit(
        self,
        id: str,  # noqa: A002
        *,
        version: int | None = None,
        name: str | None = None,
        **changes: Any,
    ) -> Expert:
        """Change the name or the profile of an expert.

        Args:
            id: Of the expert.
            version: The version that the change is based on; None: whatever there is.
            name: Another name, sealed in place of the old one; None: it stays.
            **changes: `title`, `profile`, `topics`, `keywords`, `languages`, `capacity`.

        Raises:
            Denied: `grant.missing`.
            Conflict: `storage.version`, it was changed since.
            Invalid: `content.fixed`, organization and region do not change;
                `expert.name_public`; with the path of the field.
        """

        def write(work: Work) -> Expert:
            known = self._known(work, id, Action.EDIT)
            if version is not None and version != known.version:
                raise Conflict("storage.version", path="version", ids=(id,), kind=EXPERT.name)
            odd = sorted(changes.keys() - _CHANGEABLE)
            if odd:
                raise Invalid("content.fixed", path=odd[0])
            plain = {field.name: getattr(known, field.name) for field in attrs.fields(Expert)}
            changed = codec.structure(Expert, plain | changes)
            if name is not None:
                _demand_name(name)
                sealed = seal(work, id, NAME, name.strip())
                changed = attrs.evolve(changed, name=sealed)
            _demand_private(changed, name or open_sealed(work, id, NAME, known.name))
            _demand_topics(work, changed.topics)
            _, placed = work.placed(changed.organization, changed.region)
            stored = work.put(EXPERT, changed, placed)
            work.note(stored, "edited")
            return stored

        return self._write(write)

    def reveal(self, id: str) -> str:  # noqa: A002
        """Give the name of an expert in plain; the look is written to the audit.

        Args:
            id: Of the expert.

        Raises:
            Denied: `grant.missing`, no grant `reveal` on kind `expert` there.
            NotFound: `noun.unknown`; `subject.erased`.
        """

        def write(work: Work) -> str:
            known = self._known(work, id, Action.REVEAL)
            name = open_sealed(work, id, NAME, known.name)
            work.record(
                "expert.revealed",
                kind=EXPERT.name,
                subject=id,
                organization=known.organization,
                region=known.region,
            )
            return name

        return self._write(write)

    def _known(self, work: Work, id_: str, action: Action) -> Expert:
        _demand_somebody(work)
        row = work.get_row(EXPERT, id_)
        work.allow(action, EXPERT.name, row.keys, id_)
        return work.noun(EXPERT, row)


def public_text(expert: Expert) -> str:
    """Give the text by which an expert is found and matched: the public profile only."""
    return "\n".join(part for part in (expert.title, expert.profile, *expert.keywords) if part)


def _demand_somebody(work: Work) -> None:
    if not work.actor.system:
        _ = work.account


def _demand_name(name: str) -> None:
    if not name.strip():
        raise Invalid("field.too_short", path="name", shortest=1)
    if len(name) > _LONGEST_NAME:
        raise Invalid("field.too_long", path="name", length=len(name), longest=_LONGEST_NAME)


def _demand_private(expert: Expert, name: str) -> None:
    """Refuse a name that also stands where everybody can read it."""
    folded = fold(name.strip())
    # One character is a word of its own too often to say that it is the name.
    if len(folded) < _TELLING_NAME:
        return
    for path, texts in _public_fields(expert):
        if any(folded in fold(text) for text in texts):
            raise Invalid("expert.name_public", path=path)


def _public_fields(expert: Expert) -> Iterable[tuple[str, Sequence[str]]]:
    yield "title", (expert.title,)
    yield "profile", (expert.profile,)
    yield "keywords", expert.keywords


def _demand_topics(work: Work, topics: Sequence[str]) -> None:
    for index, topic in enumerate(topics):
        demand_term(work, "topic", topic, f"topics[{index}]")
