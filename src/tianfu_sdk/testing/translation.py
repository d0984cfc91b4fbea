"""The conformance suite of the translation port.

An author of an engine subclasses it and overrides one fixture, and `transport` as well
where the engine is spoken to over HTTP:

```python
class TestMine(TranslatorSuite):
    @pytest.fixture
    def translator(self):
        return MyTranslator(url="http://127.0.0.1:8000", key="k")

    @pytest.fixture
    def transport(self, loopback):
        return loopback
```
"""

from __future__ import annotations

from tianfu_sdk.testing.cases.translation import TranslationCases

__all__ = ["TranslatorSuite"]


class TranslatorSuite(TranslationCases):
    """Holds an engine to every sentence of `tianfu_sdk.ports.translation`.

    Fixtures to override: `translator`; over HTTP `transport`, which answers for the
    vendor; `texts`, where the suite has no sample of a source language. Quality is not
    judged. What an engine cannot do by its `capabilities` is not asked of it, except to
    see that it says so.
    """
