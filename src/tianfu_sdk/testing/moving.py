"""The suite of moving a whole store from one kind of store to another.

An author of a store subclasses it and overrides one fixture:

```python
class TestMoving(MovingSuite):
    @pytest.fixture
    def urls(self, server, tmp_path):
        return [f"sqlite:///{tmp_path}/a.db", server.url, f"sqlite:///{tmp_path}/b.db"]
```
"""

from __future__ import annotations

from tianfu_sdk.testing.cases.moving import MovingCases

__all__ = ["MovingSuite"]


class MovingSuite(MovingCases):
    """Holds `dump` and `load` to what they promise, over a way of any number of stores.

    Fixtures to override: `urls`, addresses of empty places, at least two; `plugins`, plugin
    objects that are not installed.
    """
