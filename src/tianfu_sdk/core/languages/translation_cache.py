"""What an engine said before: under which key it is kept, in which row, and what the row holds.

A row is one of a fixed number of places, so that the cache never grows beyond it, whatever
comes in; what falls on a taken place replaces what was there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from tianfu_sdk.core.languages.engine_runs import protected
from tianfu_sdk.model.storage import Row
from tianfu_sdk.model.translation import Ok, TranslationCapabilities, TranslationResult

__all__ = ["kept", "key_of", "place_of", "read_kept", "worth_keeping"]

_FORM = "1"
"""Of key and document; another one finds nothing of this."""


def key_of(
    can: TranslationCapabilities,
    text: str,
    *,
    source: str,
    target: str,
    terms: Iterable[tuple[str, str]] = (),
) -> str:
    """Give the key of what an engine says to a text; no text can be read out of it.

    Args:
        can: Of the engine: its name and version count.
        text: With its placeholders, tags and addresses: they count as codes.
        source: Language that the engine is asked for, BCP 47.
        target: The same, into which.
        terms: Those of the text that the engine gets, in any order.

    Returns:
        SHA-256 in hex.
    """
    runs = [part if isinstance(part, str) else [part.data] for part in protected(text)]
    said = [_FORM, can.name, can.version, source, target, runs, sorted(set(terms))]
    # Half a surrogate pair may stand in a text and is no UTF-8; JSON escapes it.
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def place_of(key: str, places: int) -> str:
    """Give the id of the row that a key falls on.

    Args:
        key: As of `key_of`.
        places: How many rows there are at most.
    """
    return str(int(key[:15], 16) % places)


def worth_keeping(result: TranslationResult) -> bool:
    """Tell whether a result may be given again: translations that lost nothing, and no others.

    What was copied is not worth a row.
    """
    return isinstance(result, Ok) and not result.damaged and result.origin != "copied"


def kept(key: str, place: str, version: int, *, engine: str, result: Ok, until: int) -> Row:
    """Write the row of a result.

    Args:
        key: As of `key_of`.
        place: Id of the row.
        version: Of the row that it replaces; 0: of none.
        engine: Its name.
        result: Worth keeping.
        until: When it lapses, as of `keying.moment_key`.
    """
    document = json.dumps({"key": key, "text": result.text, "origin": result.origin})
    return Row(place, version, document.encode(), {"engine": engine, "until": until})


def read_kept(row: Row, key: str, now: int) -> Ok | None:
    """Read what a row holds for a key.

    Args:
        row: As the store gives it.
        key: Which is asked for.
        now: As of `keying.moment_key`.

    Returns:
        None where it holds another key's, or what has lapsed.
    """
    found = json.loads(row.doc or b"{}")
    if found.get("key") != key or row.keys["until"] <= now:
        return None
    return Ok(id="", text=found["text"], origin=found["origin"])
