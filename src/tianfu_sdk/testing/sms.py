"""The conformance suite of the SMS port.

An author of a gateway subclasses it and overrides one fixture, and says how the vendor
answers:

```python
class TestMine(SmsGatewaySuite):
    @pytest.fixture
    def gateway(self, loopback, clock):
        return MyGateway(url=loopback.url, key=Secret("k"), clock=clock)

    def answer(self, batch, outcome):
        return HttpResponse(status=200, body=…)
```

`answer` is for gateways over HTTP. Where the vendor calls back, `signed_callback` makes
such a call, and `resigned` signs it again; where a session brings receipts, `arrive` lets
them come, and `fail` lets its vendor fail in the ways that `faults` names. What a gateway
cannot do by its `capabilities` is skipped; nothing else is.
"""

from __future__ import annotations

from tianfu_sdk.testing.cases.sms_base import Outcome, SessionFault
from tianfu_sdk.testing.cases.sms_callbacks import CallbackCases
from tianfu_sdk.testing.cases.sms_network import NetworkCases
from tianfu_sdk.testing.cases.sms_privacy import PrivacyCases
from tianfu_sdk.testing.cases.sms_pulls import PullCases
from tianfu_sdk.testing.cases.sms_requests import CapabilityCases, RequestCases
from tianfu_sdk.testing.cases.sms_results import ResultCases
from tianfu_sdk.testing.cases.sms_sessions import SessionCases

__all__ = ["Outcome", "SessionFault", "SmsGatewaySuite"]


class SmsGatewaySuite(
    CapabilityCases,
    RequestCases,
    ResultCases,
    CallbackCases,
    PullCases,
    SessionCases,
    NetworkCases,
    PrivacyCases,
):
    """Holds a gateway to every sentence of `tianfu_sdk.ports.sms`, in either shape.

    Fixtures to override: `gateway`; it may use `loopback` (a vendor on 127.0.0.1), `clock`,
    `ids` and `context` (what a factory is given). Methods to override as the capabilities
    ask for it: `answer`, `query_answer`, `signed_callback`, `resigned`, `forged`,
    `pull_answer`, `carried`, `arrive`, `fail`.
    Attributes: `volatile`, `secrets`, `answers_each`, `callback_size`, `patience`, `faults`.
    """
