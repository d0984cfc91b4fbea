"""Uploads in parts that were begun and never ended: find them, and let them go.

Their parts are seen by nobody and paid for by somebody. The driver ends what it knows to have
failed; what is left is by processes that were killed. It has no call to list them, so these
two requests are made here.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import attrs

from tianfu_blobs_s3.faults import refused, unreachable
from tianfu_blobs_s3.signing import encoded, encoded_path, signed_headers
from tianfu_sdk import Secret, StorageError
from tianfu_sdk.ports.clock import Clock

__all__ = ["Remains"]

_LONGEST = 8 << 20
_SERVERS = 500
_MISSING = 404


@attrs.frozen(kw_only=True)
class Remains:
    """The unfinished uploads of a bucket."""

    base: str
    """URL of the bucket, without a slash at its end."""
    place: str
    """Of the bucket, for errors."""
    region: str
    key_id: str
    secret: Secret
    token: Secret | None
    clock: Clock
    timeout: float

    def abort(self, prefix: str, older: timedelta) -> int:
        """Let go of what was begun under a prefix before a while; gives how many.

        Args:
            prefix: Of the keys.
            older: By the server's own clock.

        Raises:
            StorageUnavailable: `s3.unreachable`.
            StorageError: `s3.refused`.
        """
        aborted = 0
        for key, upload in list(self._begun(prefix, older)):
            aborted += self._end(key, upload)
        return aborted

    def _begun(self, prefix: str, older: timedelta) -> Iterator[tuple[str, str]]:
        marks: dict[str, str] = {}
        while True:
            body, now = self._call("GET", "", {"uploads": "", "prefix": prefix} | marks)
            root = _parse(body, self.place)
            for upload in root.iterfind("{*}Upload"):
                begun = _moment(_text(upload, "Initiated"))
                if begun is not None and now - begun >= older:
                    yield _text(upload, "Key"), _text(upload, "UploadId")
            found = {
                "key-marker": _text(root, "NextKeyMarker"),
                "upload-id-marker": _text(root, "NextUploadIdMarker"),
            }
            found = {name: value for name, value in found.items() if value}
            if _text(root, "IsTruncated") != "true" or not found or found == marks:
                return
            marks = found

    def _end(self, key: str, upload: str) -> bool:
        try:
            self._call("DELETE", f"/{key}", {"uploadId": upload})
        except StorageError as error:
            if error.values.get("status") == _MISSING:
                return False  # it has ended by itself, or another has ended it
            raise
        return True

    def _call(self, method: str, path: str, query: Mapping[str, str]) -> tuple[bytes, datetime]:
        parts = urlsplit(self.base)
        headers = signed_headers(
            method,
            parts.netloc,
            f"{parts.path}{path}" or "/",
            query,
            region=self.region,
            key_id=self.key_id,
            secret=self.secret.reveal(),
            token=self.token.reveal() if self.token else "",
            now=self.clock.now(),
        )
        url = f"{self.base}{encoded_path(path)}?{encoded(query)}"
        request = urllib.request.Request(url, method=method, headers=headers)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as answer:  # noqa: S310
                return answer.read(_LONGEST), _date(answer.headers["Date"], self.clock)
        except urllib.error.HTTPError as error:
            error.close()
            make = unreachable if error.code >= _SERVERS else refused
            raise make(self.place, error.code, "") from None
        except (OSError, ValueError):
            raise unreachable(self.place, 0, "") from None


def _date(text: str | None, clock: Clock) -> datetime:
    # The time at which an upload began is by the server's clock as well.
    return parsedate_to_datetime(text).astimezone(UTC) if text else clock.now()


def _moment(text: str) -> datetime | None:
    # Some servers leave it out. What may have begun just now is left alone.
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return None


def _parse(body: bytes, place: str) -> ET.Element:
    try:
        return ET.fromstring(body)  # noqa: S314 - of the bucket that is trusted with all
    except ET.ParseError:
        raise unreachable(place, 0, "") from None


def _text(element: ET.Element, name: str) -> str:
    return element.findtext(f"{{*}}{name}") or ""
