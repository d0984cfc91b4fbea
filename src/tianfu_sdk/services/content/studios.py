"""The desk of studios (科创工作室)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import attrs

from tianfu_sdk.core.rows.keying import NounKind
from tianfu_sdk.core.rows.kinds import EXPERT, STUDIO
from tianfu_sdk.model.listing import Studio
from tianfu_sdk.model.media import Media
from tianfu_sdk.services.content.content import ContentDesk
from tianfu_sdk.services.desk.work import Work

__all__ = ["Studios"]


@attrs.frozen
class Studios(ContentDesk[Studio]):
    """Create, review, publish and find studios (科创工作室)."""

    _shelf: NounKind[Studio] = STUDIO

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
        experts: Sequence[str] = (),
        address: str = "",
    ) -> Studio:
        """Create a studio, as a draft.

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
            experts: Ids of experts who work in it.
            address: Where it is; public.

        Returns:
            The draft.

        Raises:
            Invalid: With the path of the field.
            Denied: `grant.missing`, no grant to create there; `account.required`.
            NotFound: `organization.unknown`, `region.unknown`, `term.unknown`; `noun.unknown`,
                there is no such expert.
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
            "experts": experts,
            "address": address,
        }
        return self.add({k: v for k, v in fields.items() if v is not None})

    def _demand_links(self, work: Work, content: Studio, before: Studio | None) -> None:
        named = before.experts if before else ()
        for index, expert in enumerate(content.experts):
            if expert not in named:
                work.get(EXPERT, expert, f"experts[{index}]")
