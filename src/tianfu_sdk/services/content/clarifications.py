"""The desk of clarifications (辟谣)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import attrs

from tianfu_sdk.core.rows.keying import NounKind
from tianfu_sdk.core.rows.kinds import CLARIFICATION
from tianfu_sdk.model.content import Clarification, Repeated, Verdict
from tianfu_sdk.model.media import Media
from tianfu_sdk.services.content.content import ContentDesk
from tianfu_sdk.services.content.rumours import Rumours

__all__ = ["Clarifications"]


@attrs.frozen
class Clarifications(ContentDesk[Clarification]):
    """Create, review, publish and find clarifications (辟谣)."""

    _shelf: NounKind[Clarification] = CLARIFICATION

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
        rumour: str,
        verdict: Verdict | str,
        variants: Sequence[str] = (),
        evidence: Sequence[str] = (),
    ) -> Clarification:
        """Create a clarification (辟谣), as a draft.

        Args:
            title: What it is called, 1 to 200 characters.
            organization: Id of the organization that owns it.
            body: What is right, and why.
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
            rumour: The claim as it goes round, in its own words, up to 5,000 characters.
            verdict: `false` 不实, `misleading` 误导, `unproven` 尚无定论 or `partly_true`
                部分属实.
            variants: The same claim in other words, such as another message that goes round.
            evidence: What the verdict rests on, piece by piece, as a reader can check it.

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
            "rumour": rumour,
            "verdict": verdict,
            "variants": variants,
            "evidence": evidence,
        }
        return self.add({k: v for k, v in fields.items() if v is not None})

    def check(self, text: str, *, limit: int = 10) -> list[Repeated]:
        """Tell which known rumours a text repeats: as they are, edited, or among other words.

        Anybody may. Only published clarifications are looked at, and their current
        translations. Nothing of the text is kept.

        Args:
            text: Such as a whole chat message, up to 20,000 characters.
            limit: Rumours at most, 1 to 100.

        Returns:
            The best first, ties by id; empty: it repeats none that is known.

        Raises:
            Invalid: `ask.empty`, `field.too_long`, `field.characters`, `field.type`,
                `storage.limit`.
            Unsupported: `ask.no_search`, the store has no search engine.
        """
        return Rumours(self._tools, self._actor).check(text, limit)
