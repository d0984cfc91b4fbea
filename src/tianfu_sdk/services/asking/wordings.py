"""Other words for what is asked, as the store has them: its synonyms and all its glossaries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tianfu_sdk.core.asking.wording import Wording, wordings
from tianfu_sdk.core.languages.glossary import Glossary
from tianfu_sdk.core.languages.synonyms import SYNONYM, concepts
from tianfu_sdk.core.rows.kinds import CONCEPT
from tianfu_sdk.model.storage import Query, Where
from tianfu_sdk.services.desk.stamps import read_stamp
from tianfu_sdk.services.desk.terms import STAMP
from tianfu_sdk.services.desk.vocabularies import terms_of
from tianfu_sdk.services.desk.work import Work

__all__ = ["wordings_of"]

_KEY = "wordings"
_PAGE = 1000


def wordings_of(
    work: Work, text: str, tokens: Iterable[str], languages: Sequence[str], wanted: Iterable[str]
) -> tuple[Wording, ...]:
    """Find other words for what stands in a question.

    Whoever asks, the concepts of all organizations count: what is found by them is public.

    Args:
        work: The transaction.
        text: The question.
        tokens: Of it.
        languages: That it may be in.
        wanted: Languages of other words that are of use; none: all.
    """
    if not work.tools.settings.ask.wording:
        return ()
    stamp = read_stamp(work, STAMP).name
    known = work.tools.kept.get(_KEY)
    if known is None or known[0] != stamp:
        # Made once for as long as no concept and no synonym changes anywhere.
        known = work.tools.kept[_KEY] = stamp, _made(work)
    glossary: Glossary = known[1]
    return wordings(text, tokens, glossary, languages, wanted)


def _made(work: Work) -> Glossary:
    query = Query(where=(Where("active", "=", 1),), limit=_PAGE)
    rows = work.in_order(CONCEPT.name, query, None)
    kept = [work.noun(CONCEPT, row) for row in rows]
    return Glossary([*kept, *concepts(terms_of(work, SYNONYM))])
