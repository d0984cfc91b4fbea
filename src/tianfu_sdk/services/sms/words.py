"""The desk of lists of words that science SMS may not have in them (敏感词)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.rows.kinds import WORD_LIST
from tianfu_sdk.core.sms.words import Words
from tianfu_sdk.errors import Conflict, Invalid
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.checks import demand_changeable, demand_type
from tianfu_sdk.model.storage import Query, Where
from tianfu_sdk.model.template import Severity, WordHit, WordList
from tianfu_sdk.services.desk.narrowing import narrowed_page
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.services.desk.work import Desk, Work

__all__ = ["WordLists", "words_of"]

_CHANGEABLE = frozenset({"name", "severity", "words", "separated", "active"})
_MOST = 20_000
_LONGEST = 64
_PAGE = 20


class WordLists(Desk):
    """Keep lists of words; a campaign is held against those of its organization and above it.

    To read and to change them are grants on kind `word_list`. Safe to share between threads.
    """

    def add(
        self,
        *,
        name: str,
        organization: str,
        words: Iterable[str],
        severity: Severity | str = Severity.REFUSE,
        region: str | None = None,
        separated: bool = True,
    ) -> WordList:
        """Add a list.

        Args:
            name: What it is called.
            organization: Id of the organization that keeps it; it holds for campaigns of this
                one and of those below it.
            words: 1 to 64 characters each, 20,000 at most; blank ones and doubles are left
                out. Width, case and traditional or simplified writing do not matter.
            severity: `refuse`: no campaign with such a word is approved; `warn`: its plan
                says so.
            region: Whose keepers may change it, GB/T 2260; None: the organization's.
            separated: Also find words between whose characters blanks, dots or the like
                stand.

        Raises:
            Denied: `account.required`; `grant.missing`, no grant to `manage` there.
            Invalid: `words.too_many`, `field.too_long`, `field.choice`; with the path.
            NotFound: `organization.unknown`, `region.unknown`.
        """
        kept = _cleaned(words)

        def write(work: Work) -> WordList:
            owner, placed = work.placed(organization, region)
            work.allow_for(Action.MANAGE, WORD_LIST.name, organization, placed)
            made = codec.structure(
                WordList,
                {
                    "id": work.new_id(WORD_LIST),
                    "name": name,
                    "organization": organization,
                    "region": region or owner.region,
                    "severity": Severity.of(severity, "severity"),
                    "words": kept,
                    "separated": separated,
                },
            )
            stored = work.put(WORD_LIST, made, placed)
            work.note(stored, "added", words=len(kept), severity=stored.severity.value)
            return stored

        return self._write(write)

    def get(self, id: str) -> WordList:  # noqa: A002 - the field's name
        """Give a list with its words; raises `NotFound` (`noun.unknown`)."""
        return self._read(lambda work: work.noun(WORD_LIST, work.visible(WORD_LIST, id)))

    def find(
        self, *, organization: str | None = None, after: str | None = None, limit: int = 50
    ) -> Page[WordList]:
        """Find lists that this account may read.

        Args:
            organization: Only those of this organization or one below it.
            after: Cursor of a page.
            limit: Of a page, 1 to 1,000.

        Raises:
            NotFound: `organization.unknown`.
            Denied: `account.required`.
        """
        return narrowed_page(
            self._read, WORD_LIST, self.find, after=after, limit=limit, organization=organization
        )

    def edit(self, id: str, *, version: int | None = None, **changes: Any) -> WordList:  # noqa: A002
        """Change a list; campaigns that are approved already are not looked at again.

        Args:
            id: Of the list.
            version: The version that the change is based on; None: whatever there is.
            **changes: `name`, `severity`, `words`, `separated`; `active=False`: it holds for
                nothing any more.

        Raises:
            Denied: `grant.missing`.
            Conflict: `storage.version`, it was changed since.
            Invalid: `content.fixed`, `field.unknown`; as `add`.
            NotFound: `noun.unknown`.
        """
        demand_changeable(changes, WordList, _CHANGEABLE)
        if "words" in changes:
            changes["words"] = _cleaned(changes["words"])
        if "severity" in changes:
            changes["severity"] = Severity.of(changes["severity"], "severity")

        def write(work: Work) -> WordList:
            known = work.noun(WORD_LIST, work.visible(WORD_LIST, id, Action.MANAGE))
            if version is not None and version != known.version:
                raise Conflict("storage.version", path="version", ids=(id,), kind=WORD_LIST.name)
            plain = {field.name: getattr(known, field.name) for field in attrs.fields(WordList)}
            changed = codec.structure(WordList, plain | changes)
            _, placed = work.placed(changed.organization, changed.region)
            stored = work.put(WORD_LIST, changed, placed)
            work.note(stored, "edited", fields=",".join(sorted(changes)), words=len(stored.words))
            return stored

        return self._write(write)

    def scan(self, text: str, *, organization: str | None = None) -> list[WordHit]:
        """Find the words of lists in a text.

        Args:
            text: Any text.
            organization: As if a campaign of this one had it; None: the account's own.

        Returns:
            Which list, its severity, and where in the text.

        Raises:
            Denied: `account.required`.
            NotFound: `organization.unknown`.
        """
        demand_type(text, str, "text")

        def read(work: Work) -> Words:
            return words_of(work, organization or work.account.organization)

        return self._read(read).scan(text)


def words_of(work: Work, organization: str) -> Words:
    """Give the lists that hold for an organization, made ready once while they stay as they are."""
    _, placed = work.placed(organization)
    where = (Where("active", "=", 1), Where("organization", "in", placed.org_path))
    rows = list(work.in_order(WORD_LIST.name, Query(where=where, limit=_PAGE), None))
    # By what they say and not by their versions: one of a unit that is undone comes again.
    documents = tuple(row.doc for row in rows)
    known = work.tools.kept.get("words")
    if known is None or known[0] != documents:
        made = Words(work.noun(WORD_LIST, row) for row in rows)
        known = work.tools.kept["words"] = documents, made
    ready: Words = known[1]
    return ready


def _cleaned(words: Iterable[str]) -> tuple[str, ...]:
    kept: dict[str, None] = {}
    for place, word in enumerate(words):
        path = f"words[{place}]"
        demand_type(word, str, path)
        if len(word) > _LONGEST:
            raise Invalid("field.too_long", path=path, length=len(word), longest=_LONGEST)
        if word.strip():
            kept[word.strip()] = None
    if len(kept) > _MOST:
        raise Invalid("words.too_many", path="words", count=len(kept), most=_MOST)
    return tuple(kept)
