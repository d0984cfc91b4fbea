"""Subscribers (受众) and their consents (同意)."""

from __future__ import annotations

from datetime import datetime

import attrs

from tianfu_sdk.model.base import EPOCH, Noun
from tianfu_sdk.model.checks import aware, both, each, language_tag, region_code, text, unique

__all__ = ["PROFILING", "Consent", "Sealed", "Subscriber"]

PROFILING = "profiling"
"""Purpose of consents about being chosen by what is known of a person (PIPL Art. 24)."""


@attrs.frozen
class Sealed:
    """A personal value, encrypted under its subject's key."""

    token: str = attrs.field(repr=False)
    """Base64 of suite, id of the subject's key, nonce and ciphertext."""

    def __repr__(self) -> str:
        return "Sealed(•••)"

    __str__ = __repr__


@attrs.frozen(kw_only=True)
class Consent:
    """A person's yes or no to one purpose, with what proves it.

    Source:
        个人信息保护法 Art. 13-17; 通信短信息服务管理规定 (consent before sending).
    """

    purpose: str = attrs.field(default="science_sms", metadata=text(64, shortest=1))
    granted: bool = True
    """False is a withdrawal."""
    at: datetime = attrs.field(default=EPOCH, metadata=aware)
    evidence: str = attrs.field(default="", metadata=text(500))
    """How it was given, such as a form's number. It is sealed when it is stored: then this is
    empty, and `proof` holds it."""
    proof: Sealed | None = None
    """The evidence as it is kept; `hub.subscribers.export` opens it."""
    topics: tuple[str, ...] = attrs.field(default=(), metadata=each(text(64)))
    """Only these topics; empty: all."""
    notice: str = attrs.field(default="", metadata=text(2000))
    """The notice that the person was shown (Art. 17)."""
    until: datetime | None = attrs.field(default=None, metadata=aware)
    """First moment at which a consent holds no more; None: until it is withdrawn."""


@attrs.frozen(kw_only=True)
class Subscriber(Noun):
    """A person who gets science messages; known by a random id, never by the phone."""

    region: str = attrs.field(metadata=region_code)
    organization: str
    """Id of the organization that looks after this subscriber."""
    phone: Sealed
    language: str = attrs.field(default="zh-Hans", metadata=language_tag)
    topics: tuple[str, ...] = attrs.field(default=(), metadata=both(each(text(64)), unique))
    """What the person wants to hear of; empty: anything."""
    settings: tuple[str, ...] = attrs.field(default=(), metadata=unique)
    consents: tuple[Consent, ...] = ()
    """Oldest first; the newest of a purpose counts."""
    synthetic: bool = False
    """Made for a demo or a drill; never sent to through a real gateway."""

    @property
    def profiled(self) -> bool:
        """Whether messages may be chosen by what is known of this person; yes until refused.

        Who refused gets what goes to everybody of a region, and what they asked for by topic.

        Source:
            个人信息保护法 Art. 24: an option that does not rest on personal characteristics, or
            an easy way to refuse.
        """
        held = [consent.granted for consent in self.consents if consent.purpose == PROFILING]
        return not held or held[-1]

    def consent(self, purpose: str, at: datetime) -> Consent | None:
        """Give the consent or withdrawal that held for a purpose at a moment.

        Returns:
            The newest entry of that moment; None where there is none, or it had ended.
        """
        held = [c for c in self.consents if c.purpose == purpose and c.at <= at]
        if not held or (held[-1].until is not None and held[-1].until <= at):
            return None
        return held[-1]
