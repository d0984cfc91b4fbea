"""What cannot be read in a language yet: the list, and the figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from tianfu_sdk.core import policy
from tianfu_sdk.core.languages import translating
from tianfu_sdk.core.rows.border import check_page
from tianfu_sdk.core.rows.keying import day_key
from tianfu_sdk.core.rows.kinds import CHANNEL, CONTENT, TRANSLATION
from tianfu_sdk.errors import Denied, Invalid
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.content import Content, State
from tianfu_sdk.model.storage import Group, Query, Row, Where
from tianfu_sdk.model.translation import Coverage, Missing, Translation
from tianfu_sdk.services.desk.work import Work, read_cursor, write_cursor
from tianfu_sdk.services.languages.translated import demand_kind
from tianfu_sdk.text import canonical_language

__all__ = ["coverage_of", "missing_page"]

_ALWAYS = ("bo", "ii")
"""Languages that Sichuan's autonomous areas read."""
_READ = 100
"""Contents at a time, with their texts."""


def _today(work: Work) -> int:
    return day_key(work.today)


def _foreign(work: Work, language: str, region: str | None) -> Group:
    """Give the condition of published contents in other languages, expired ones included."""
    published = Where("state", "=", State.PUBLISHED.value)
    where = (published, Where("language", "!=", language))
    if region is None:
        return where
    level = work.regions().level_of(region).value
    return (*where, Where(level, "=", region))


def missing_page(
    work: Work,
    language: str,
    *,
    region: str | None,
    kind: str | None,
    after: str | None,
    limit: int,
) -> tuple[list[Missing], str | None]:
    """Read one page; see `Translations.missing`.

    Args:
        work: The transaction.
        language: Canonical.
        region: As there.
        kind: As there.
        after: As there.
        limit: As there.

    Returns:
        The items, and the cursor after them; None: there are no more.
    """
    scope = work.scope(Action.READ, TRANSLATION.name)
    if work.actor.account is None and scope is not None:
        raise Denied("account.required")
    if scope is not None:
        # What everybody may read of translations is no grant to read their to-do list.
        everybodys = policy.public(TRANSLATION.name, work.now)
        scope = tuple(group for group in scope if group != everybodys)
    check_page(limit)
    if kind is not None:
        demand_kind(kind, "kind")
    kinds = [kind] if kind is not None else list(CONTENT)
    start, place = _read_place(after, kinds)
    where = _foreign(work, language, region)
    found: list[Missing] = []
    for name in kinds[start:]:
        query = Query(where=where, order="published", desc=True, after=place, limit=_READ)
        place = None
        for row, translation in _with_translations(work, name, query, scope, language):
            content: Content = work.noun(CONTENT[name], row)
            reason = translating.gap(translation, content)
            if not reason:
                continue
            found.append(Missing(name, row.id, content.title, language, reason))
            if len(found) == limit:
                return found, write_cursor([name, row.keys["published"]], row.id)
    return found, None


def _read_place(after: str | None, kinds: Sequence[str]) -> tuple[int, tuple[int, str] | None]:
    read = read_cursor(after)
    if read is None:
        return 0, None
    value, id_ = read
    match value:
        case [str(kind), int(published)] if kind in kinds:
            return kinds.index(kind), (published, id_)
    raise Invalid("page.bad_cursor", path="after")


def _with_translations(
    work: Work, kind: str, query: Query, scope: tuple[Group, ...] | None, language: str
) -> Iterator[tuple[Row, Translation | None]]:
    today = _today(work)
    # Few rows have expired: a condition on it would cost the index by publication.
    rows = (r for r in work.in_order(kind, query, scope) if r.keys["expires"] > today)
    while some := list(islice(rows, _READ)):
        by_source = _by_source(work, [row.id for row in some], language)
        yield from ((row, by_source.get(row.id)) for row in some)


def _by_source(work: Work, ids: Sequence[str], language: str) -> dict[str, Translation]:
    if not ids:
        return {}
    where = (Where("source", "in", tuple(ids)), Where("language", "=", language))
    rows = work.tx.find(TRANSLATION.name, Query(where=where, limit=_READ))
    return {str(row.keys["source"]): work.noun(TRANSLATION, row) for row in rows}


def coverage_of(
    work: Work, languages: Sequence[str] | None, region: str | None
) -> tuple[Coverage, ...]:
    """Count; see `Translations.coverage`.

    Args:
        work: The transaction.
        languages: As there.
        region: As there.
    """
    scope = work.scope(Action.READ, TRANSLATION.name)
    if work.actor.account is None and scope is not None:
        raise Denied("account.required")
    if scope is not None and set(scope) <= {policy.public(TRANSLATION.name, work.now)}:
        raise Denied("grant.missing", action=Action.READ.value, kind=TRANSLATION.name)
    if languages is None:
        rows = work.each(CHANNEL.name, Query(fields="keys"))
        wanted = [*_ALWAYS, *sorted(str(row.keys["language"]) for row in rows)]
    else:
        wanted = [canonical_language(tag) for tag in languages]
    return tuple(_count(work, tag, region) for tag in dict.fromkeys(wanted))


def _count(work: Work, language: str, region: str | None) -> Coverage:
    where = (*_foreign(work, language, region), Where("expires", ">", _today(work)))
    published = sum(work.tx.count(kind, Query(where=where)) for kind in CONTENT)
    counts: Counter[str] = Counter()
    for name, shelf in CONTENT.items():
        ours = (Where("language", "=", language), Where("source_kind", "=", name))
        held: list[Translation] = []
        for row in work.each(TRANSLATION.name, Query(where=ours)):
            held.append(work.noun(TRANSLATION, row))
            if len(held) == _READ:
                counts += _gaps(work, shelf.name, held, where)
                held = []
        counts += _gaps(work, shelf.name, held, where)
    return Coverage(
        language=language,
        published=published,
        approved=counts[""],
        draft=counts["draft"],
        outdated=counts["outdated"],
        missing=published - counts.total(),
    )


def _gaps(work: Work, kind: str, held: Sequence[Translation], where: Group) -> Counter[str]:
    if not held:
        return Counter()
    ids = Where("id", "in", tuple(t.source for t in held))
    rows = work.tx.find(kind, Query(where=(*where, ids), limit=_READ))
    sources = {row.id: work.noun(CONTENT[kind], row) for row in rows}
    return Counter(translating.gap(t, sources[t.source]) for t in held if t.source in sources)
