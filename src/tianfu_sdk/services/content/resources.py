"""The desk of science resources (科普资源)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import attrs

from tianfu_sdk.core.rows.keying import NounKind
from tianfu_sdk.core.rows.kinds import RESOURCE
from tianfu_sdk.model.content import Resource
from tianfu_sdk.model.media import Media
from tianfu_sdk.services.content.content import ContentDesk

__all__ = ["Resources"]


@attrs.frozen
class Resources(ContentDesk[Resource]):
    """Create, review, publish and find science resources (科普资源)."""

    _shelf: NounKind[Resource] = RESOURCE

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
    ) -> Resource:
        """Create a science resource (科普资源), as a draft.

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
        }
        return self.add({k: v for k, v in fields.items() if v is not None})
