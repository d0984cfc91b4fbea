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

An engine over HTTP is held against a vendor that fails as well:

```python
class TestFaults(TranslatorFaultSuite):
    @pytest.fixture
    def translator(self, loopback):
        return MyTranslator(url=loopback.url, key="k")

    def answer(self, request, say):
        said = say(json.loads(request.body)["texts"])
        body = json.dumps({"translations": [text for _, text in said]}).encode()
        return HttpResponse(status=200, body=body)
```
"""

from __future__ import annotations

from tianfu_sdk.testing.cases.engine_faults import EngineFaultCases
from tianfu_sdk.testing.cases.translation import TranslationCases

__all__ = ["TranslatorFaultSuite", "TranslatorSuite"]


class TranslatorSuite(TranslationCases):
    """Holds an engine to every sentence of `tianfu_sdk.ports.translation`.

    Fixtures to override: `translator`; over HTTP `transport`, which answers for the
    vendor; `texts`, where the suite has no sample of a source language. Quality is not
    judged. What an engine cannot do by its `capabilities` is not asked of it, except to
    see that it says so.
    """


class TranslatorFaultSuite(EngineFaultCases):
    """Holds an engine over HTTP to its word while its vendor fails.

    The vendor is a server on 127.0.0.1 that answers an error under status 200, 401, 402, 403,
    429 and 503 with and without `Retry-After`, a body that was cut, another number of texts,
    texts in another order or twice, a login page, empty texts, the source itself, a text
    without its placeholder, or nothing. Every text has to come back as `Ok` or `Failed`, none
    beside another's translation, and no more often asked for than is of use.

    After these cases, one by one, it does any of them by seeds: 3 of them, 50 where `TIANFU_CI=1`,
    or as many as `TIANFU_SEEDS` says, from `TIANFU_SEED` on.

    To override: the fixture `translator` and the method `answer`, which speaks the vendor's
    form; `refusal` and `vendor_error`, where its errors under status 200 look otherwise;
    `positional`, where its form does not name texts.
    """
