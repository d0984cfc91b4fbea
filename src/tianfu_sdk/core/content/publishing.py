"""What publication means: the text that is searched, and the licence to share."""

from __future__ import annotations

from datetime import date, timedelta

from tianfu_sdk.core.places.regions import RegionTree
from tianfu_sdk.core.rows.keying import moment_key
from tianfu_sdk.errors import Denied, NotFound
from tianfu_sdk.model.content import Activity, Clarification, Content
from tianfu_sdk.model.listing import Listing, ListingKind
from tianfu_sdk.model.search import SearchDoc
from tianfu_sdk.model.subscription import Subscription
from tianfu_sdk.model.translation import Translation
from tianfu_sdk.text import fold

__all__ = [
    "SHAREABLE",
    "demand_shareable",
    "moments_of",
    "region_tags",
    "search_doc",
    "searched_text",
    "seeks",
    "subscription_doc",
    "tags_of",
    "translation_doc",
]

SHAREABLE = frozenset(
    {"CC0-1.0", "CC-BY-4.0", "CC-BY-3.0", "CC-BY-SA-4.0", "CC-BY-SA-3.0", "CC-BY-NC-4.0"}
    | {"CC-BY-ND-4.0", "CC-BY-NC-SA-4.0", "PDM-1.0", "public"}
)
"""Licences under which a content may be handed on; SPDX ids and `public`."""


_TICK = timedelta(microseconds=1)


def demand_shareable(content: Content) -> None:
    """Demand that a content's licence lets it be shared.

    Raises:
        Denied: `licence.not_shareable`; a licence that is not known shares nothing.
    """
    if content.licence not in SHAREABLE:
        raise Denied("licence.not_shareable", path="licence", licence=content.licence or "-")


def region_tags(codes: tuple[str, ...], regions: RegionTree) -> frozenset[str]:
    """Give the tags by which an engine filters a content's regions.

    Args:
        codes: Regions whose people it is for.
        regions: The tree.

    Returns:
        `at:` of each region, and `in:` of it and of all above it.
    """
    tags = set()
    for code in codes:
        tags.add(f"at:{code}")
        tags.update(f"in:{above}" for above in regions.levels(code).codes)
    return frozenset(tags)


def tags_of(region: str, regions: RegionTree, on: date) -> frozenset[str]:
    """Give the tags of which a content that concerns a region has at least one.

    Content concerns a region that is for it, for a region below it, or for one above it, under
    whatever code they stood when it was written.

    Raises:
        NotFound: `region.unknown`.
    """
    if not regions.knows(region):
        raise NotFound("region.unknown", path="region", value=region[:20])
    places = regions.places((region,), on)
    above = dict.fromkeys(code for place in places for code in place.codes)
    below = regions.known_as(region, on) | regions.ended_in(region, on)
    tags = {f"in:{code}" for code in below}
    return frozenset(
        tags.union(f"at:{one}" for code in above for one in regions.known_as(code, on))
    )


def searched_text(content: Content) -> str:
    """Give the text by which a content is found."""
    parts = [content.title, content.summary, content.body, " ".join(content.keywords)]
    if isinstance(content, Clarification):
        # Who asks has the words of the rumour, not those of its explanation.
        parts += content.wordings
    parts += [f"{medium.title} {medium.alt} {medium.transcript}" for medium in content.media]
    return "\n".join(part for part in parts if part.strip())


def moments_of(content: Content) -> tuple[int | None, int | None]:
    """Give the time that a published content is of, as questions with a time are answered by it.

    Args:
        content: As it is published.

    Returns:
        First and last moment, microseconds since 1970: of an activity those at which it takes
        place, as far as they are told; of all else that of its publication, twice. None for
        what was never published.
    """
    first = last = None
    if isinstance(content, Activity):
        start, end = content.when.start, content.when.end
        last = end - _TICK if end else start
        first = start or last
    if first is None or last is None:
        first = last = content.published_at
    if first is None or last is None:
        return None, None
    return moment_key(first), moment_key(last)


def search_doc(kind: str, content: Content, regions: RegionTree) -> SearchDoc:
    """Make what an engine keeps of a published content."""
    tags = region_tags(content.regions or (content.region,), regions)
    first, last = moments_of(content)
    if isinstance(content, Listing):
        tags |= {f"is:{content.kind.value}"}
    return SearchDoc(
        id=content.id,
        kind=kind,
        language=content.language,
        text=fold(searched_text(content)),
        tags=tags | {f"topic:{topic}" for topic in content.topics},
        first=first,
        last=last,
        sought=isinstance(content, Listing) and content.kind is ListingKind.NEED,
    )


def translation_doc(translation: Translation, source: Content, regions: RegionTree) -> SearchDoc:
    """Make what an engine keeps of an approved translation of a published content."""
    tags = region_tags(source.regions or (source.region,), regions)
    first, last = moments_of(source)
    return SearchDoc(
        id=translation.id,
        kind=translation.kind,
        language=translation.language,
        text=fold("\n".join((translation.title, translation.body, *translation.texts.values()))),
        tags=tags | {f"topic:{topic}" for topic in source.topics},
        first=first,
        last=last,
    )


def seeks(subscription: Subscription) -> bool:
    """Tell whether a subscription is looked for by words; one to topics alone has none."""
    return subscription.active and bool(subscription.text.strip())


def subscription_doc(subscription: Subscription) -> SearchDoc:
    """Make what an engine keeps of a subscription: no question finds it, documents do."""
    return SearchDoc(
        id=subscription.id,
        kind="subscription",
        language=subscription.language or "und",
        text=fold(subscription.text),
        shown=False,
        sought=True,
    )
