"""The conformance suite of the blobs port.

An author of a place for media subclasses it and overrides one fixture:

```python
class TestMine(BlobsSuite):
    @pytest.fixture
    def blobs(self, tmp_path):
        return MyBlobs(tmp_path)
```

A place that outlives its object also gives `reopen`, a maker of further ones on the same
place; and one where an upload that is killed can leave remains gives `tear`, which leaves
some. What is not given is skipped; nothing else is.
"""

from __future__ import annotations

from tianfu_sdk.testing.cases.blobs import KeepingCases, ReadingCases, SharingCases, TornCases

__all__ = ["BlobsSuite"]


class BlobsSuite(KeepingCases, ReadingCases, TornCases, SharingCases):
    """Holds a place for media to every sentence of `tianfu_sdk.ports.blobs`.

    Fixtures to override: `blobs`, on an empty place; where they apply `reopen` and `tear`.
    Attributes: `large`, bytes of a medium that does not fit into one piece of the place's;
    `largest_read`, bytes that one read of a stream may ask for.
    """
