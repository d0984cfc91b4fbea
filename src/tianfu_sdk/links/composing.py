"""A text as the parts of a short message in UCS-2; pure."""

from __future__ import annotations

from collections.abc import Sequence

from tianfu_sdk.text import sms_parts

__all__ = ["concatenated", "headed_parts", "ucs2_contents"]

_HEADER = b"\x05\x00\x03"


def headed_parts(text: str, signature: str, *, in_text: bool) -> list[str]:
    """Give the parts of a text, cut as it is billed, with the signature put before it once.

    Args:
        text: Without the signature; one that it begins with is taken off.
        signature: Without brackets.
        in_text: It is put before the text; else room is kept for the operator to do so.

    Raises:
        Invalid: `text.lone_surrogate`, `sms.bad_signature`.

    Source: billing rules of the domestic operators: 70 units alone, else 67 a part.
    """
    mark = f"【{signature}】"
    parts = sms_parts(text.removeprefix(mark), signature)
    if in_text:
        parts[0] = mark + parts[0]
    return parts


def concatenated(contents: Sequence[bytes], reference: int) -> list[bytes]:
    """Give contents with the header that joins them, where there are several.

    Args:
        contents: Of the parts.
        reference: 0 to 255, the same for all parts.

    Source: 3GPP TS 23.040, 9.2.3.24.1 (the header 05 00 03).
    """
    if len(contents) == 1:
        return list(contents)
    head = _HEADER + bytes([reference, len(contents)])
    return [head + bytes([number]) + content for number, content in enumerate(contents, 1)]


def ucs2_contents(text: str, signature: str, *, in_text: bool, reference: int) -> list[bytes]:
    """Give the contents of the parts of a text: UTF-16BE, with a header where there are several.

    Args:
        text: As in `headed_parts`.
        signature: As in `headed_parts`.
        in_text: As in `headed_parts`.
        reference: As in `concatenated`.

    Raises:
        Invalid: As `headed_parts`.
    """
    parts = headed_parts(text, signature, in_text=in_text)
    return concatenated([part.encode("utf-16-be") for part in parts], reference)
