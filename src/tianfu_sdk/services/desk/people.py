"""Personal values of a subject: sealed under the subject's own key."""

from __future__ import annotations

import binascii
from collections.abc import Mapping, Sequence

import attrs

from tianfu_sdk.core.rows.keying import moment_key
from tianfu_sdk.core.rows.kinds import SUBJECT_KEY
from tianfu_sdk.errors import CryptoError, NotFound
from tianfu_sdk.model.storage import Row
from tianfu_sdk.model.subscriber import Consent, Sealed
from tianfu_sdk.services.desk.work import Work

__all__ = [
    "CONTACT",
    "CONTACT_FIELDS",
    "EVIDENCE",
    "NAME",
    "PHONE",
    "REGISTRANT",
    "TEXT",
    "bytes_of",
    "new_subject",
    "new_subjects",
    "open_all",
    "open_bytes",
    "open_proofs",
    "open_sealed",
    "seal",
    "unwrapped",
    "with_proofs",
]

PHONE = "subscriber.phone"
"""What a phone is sealed as."""
EVIDENCE = "subscriber.evidence"
"""What the evidence of a consent is sealed as."""
NAME = "expert.name"
"""What the name of an expert is sealed as."""
TEXT = "question.text"
"""What the text of a question is sealed as."""
CONTACT = "question.contact"
"""What the contact of an asker is sealed as."""
REGISTRANT: Mapping[str, str] = {
    name: f"registration.{name}" for name in ("name", "phone", "note", "answers", "guardian")
}
"""What the fields of a registration are sealed as."""

CONTACT_FIELDS: Mapping[str, str] = {
    name: f"contact_person.{name}" for name in ("name", "phone", "email", "note")
}
"""What the fields of a contact person are sealed as."""


def new_subject(work: Work, subject: str) -> bytes:
    """Make and store the key of a new subject, wrapped by the master key; gives the key."""
    return new_subjects(work, [subject])[subject]


def new_subjects(work: Work, subjects: Sequence[str]) -> dict[str, bytes]:
    """Make and store the keys of new subjects in one call; gives them by subject."""
    keys = work.tools.keys
    master = keys.current()
    suite = next(key.suite for key in keys.known() if key.id == master)
    made = {subject: work.tools.cipher.new_key(suite) for subject in subjects}
    rows = [Row(s, 0, keys.wrap(key, s), {"master": master}) for s, key in made.items()]
    work.tx.put(SUBJECT_KEY.name, rows)
    return made


def _key(work: Work, subject: str) -> bytes:
    rows = work.tx.get(SUBJECT_KEY.name, [subject])
    if not rows:
        raise NotFound("subject.erased", path="id", id=subject)
    return unwrapped(work, rows[0])


def seal(work: Work, subject: str, field: str, text: str, key: bytes | None = None) -> Sealed:
    """Encrypt a personal value of a subject.

    Args:
        work: The open change.
        subject: Random id of the person or thing that it is of.
        field: Such as `subscriber.phone`; the token fits nowhere else.
        text: The value.
        key: What `new_subject` gave; None: the stored one.
    """
    if key is None:
        key = _key(work, subject)
    return Sealed(work.tools.cipher.seal(key, text, f"{field}:{subject}"))


def with_proofs(
    work: Work, subject: str, consents: Sequence[Consent], key: bytes | None = None
) -> tuple[Consent, ...]:
    """Give consents with their evidence sealed; those that are already stay as they are."""
    return tuple(
        attrs.evolve(c, evidence="", proof=seal(work, subject, _evidence(c), c.evidence, key))
        if c.evidence
        else c
        for c in consents
    )


def open_proofs(work: Work, subject: str, consents: Sequence[Consent]) -> list[str]:
    """Give the evidence of consents in plain, empty where there is none."""
    return [
        open_sealed(work, subject, _evidence(c), c.proof) if c.proof else c.evidence
        for c in consents
    ]


def _evidence(consent: Consent) -> str:
    # So that no proof can be shown for another consent than its own.
    return f"{EVIDENCE}:{consent.purpose}:{moment_key(consent.at)}"


def open_sealed(work: Work, subject: str, field: str, sealed: Sealed) -> str:
    """Decrypt a personal value.

    Raises:
        CryptoError: `crypto.wrong`, `keys.wrong`.
        NotFound: `subject.erased`.
    """
    return work.tools.cipher.open(_key(work, subject), sealed.token, f"{field}:{subject}")


def open_all(work: Work, field: str, sealed: Mapping[str, Sealed]) -> dict[str, str]:
    """Decrypt one value each of many subjects; those that were erased are left out.

    Raises:
        CryptoError: As `open_sealed`; `path` is the subject's id, or that of a missing key.
    """
    return open_bytes(work, field, {subject: bytes_of(one) for subject, one in sealed.items()})


def bytes_of(sealed: Sealed) -> bytes:
    """Give the bytes of a token; none where it is no token, which nothing opens."""
    try:
        return binascii.a2b_base64(sealed.token, strict_mode=True)
    except ValueError:
        return b""


def open_bytes(work: Work, field: str, sealed: Mapping[str, bytes]) -> dict[str, str]:
    """Do the same with the bytes of tokens, as narrow rows have them."""
    unwrap, open_ = work.tools.keys.unwrap, work.tools.cipher.open_bytes
    found = {}
    for subject, wrapped in work.tx.columns(SUBJECT_KEY.name, list(sealed), ("doc",)):
        try:
            key = unwrap(wrapped, subject)
            found[subject] = open_(key, sealed[subject], f"{field}:{subject}")
        except CryptoError as error:
            error.path = error.path or subject
            raise
    return found


def unwrapped(work: Work, row: Row) -> bytes:
    """Give the key that a row of `subject_key` holds; a key that does not fit names the row."""
    try:
        return work.tools.keys.unwrap(row.doc or b"", row.id)
    except CryptoError as error:
        error.path = error.path or row.id
        raise
