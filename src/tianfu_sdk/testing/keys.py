"""The conformance suite of the keys port.

An author of a holder of master keys, such as a hardware module, subclasses it and overrides
three fixtures, and `rotated` where a newer key can be added:

```python
class TestMine(KeysSuite):
    @pytest.fixture
    def keys(self):
        return MyKeys(slot=1)

    @pytest.fixture
    def again(self):
        return lambda: MyKeys(slot=1)

    @pytest.fixture
    def elsewhere(self):
        return MyKeys(slot=2)
```
"""

from __future__ import annotations

from tianfu_sdk.testing.cases.keys import KeysCases

__all__ = ["KeysSuite"]


class KeysSuite(KeysCases):
    """Holds a holder of keys to every sentence of `tianfu_sdk.ports.keys`.

    Fixtures to override: `keys`, the holder; `again`, a callable that gives another one of the
    same keys; `elsewhere`, one of other keys; `rotated`, one that has a newer key as well.
    """
