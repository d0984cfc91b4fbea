"""One call to a gateway, of either shape, and what it certainly did or may have done."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

import attrs

from tianfu_sdk.errors import Ambiguous, RateLimited, TianfuError, Unavailable, Unsupported
from tianfu_sdk.model.sms import ErrorClass, SmsBatch, SmsReceipt, SmsResult
from tianfu_sdk.ports.http import Transport
from tianfu_sdk.ports.sms import HttpSmsGateway, QueryingSmsGateway, SmsGateway

__all__ = ["Said", "ask", "send"]

_log = logging.getLogger("tianfu_sdk.sms")


@attrs.frozen(kw_only=True)
class Said:
    """What came of a call."""

    results: Mapping[str, SmsResult] = attrs.field(factory=dict)
    """By recipient; one who is missing may have been sent to."""
    receipts: tuple[SmsReceipt, ...] = ()
    """What the gateway said beyond, when it was asked."""
    left: bool = True
    """False: nothing of the batch left, so it may be sent again."""
    wait: float | None = None
    """Seconds that the gateway asked for."""
    reason: str = ""
    """Why it must wait for a person; a code."""
    why: str = ""
    """Why nothing left, where time may mend it; a code."""
    refused: bool = False
    """The gateway was not asked at all, so nothing is known of how it does."""


def send(gateway: SmsGateway, batch: SmsBatch, transport: Transport, timeout: float) -> Said:
    """Send a batch; every failure is told as what is known, none is raised.

    Args:
        gateway: Of either shape.
        batch: One text, many phones.
        transport: For the HTTP shape.
        timeout: Seconds at most, for the HTTP shape.
    """
    try:
        submit = _ready(gateway, batch, transport, timeout)
    except Unsupported as error:
        return _refused(batch, error)
    except Exception as error:  # noqa: BLE001 - a guest may raise anything
        # Building a request and opening a session send nothing.
        return _not_left(error)
    try:
        return _said(submit())
    except Unsupported as error:
        return _refused(batch, error)
    except (Unavailable, RateLimited) as error:
        return _not_left(error)
    except Exception as error:  # noqa: BLE001 - a guest may raise anything
        return _unknown(error)


def _ready(
    gateway: SmsGateway, batch: SmsBatch, transport: Transport, timeout: float
) -> Callable[[], Sequence[SmsResult]]:
    """Do all that sends nothing yet, and give what sends."""
    if isinstance(gateway, HttpSmsGateway):
        request = gateway.request(batch)
        return lambda: gateway.result(batch, transport.send(request, timeout=timeout))
    gateway.connect()
    return lambda: gateway.submit(batch)


def ask(gateway: SmsGateway, batch: SmsBatch, transport: Transport, timeout: float) -> Said:
    """Ask a gateway what became of a batch; what it cannot say stays unknown.

    Args:
        gateway: Of either shape; one that cannot be asked says nothing.
        batch: As it was sent; asked for in as many questions as the gateway needs.
        transport: For the questions.
        timeout: Seconds that one question may take.
    """
    if not isinstance(gateway, QueryingSmsGateway):
        return Said(refused=True)
    each = max(gateway.capabilities.phones_per_query, 1)
    said = Said()
    for start in range(0, len(batch.recipients), each):
        some = attrs.evolve(batch, recipients=batch.recipients[start : start + each])
        answered = _asked(gateway, some, transport, timeout)
        if not answered.results:
            # What others were told stands; of the rest nobody was asked.
            return said if said.results else answered
        said = attrs.evolve(
            said,
            results={**said.results, **answered.results},
            receipts=(*said.receipts, *answered.receipts),
        )
    return said


def _asked(
    gateway: QueryingSmsGateway, batch: SmsBatch, transport: Transport, timeout: float
) -> Said:
    try:
        request = gateway.query(batch)
        answer = gateway.answer(batch, transport.send(request, timeout=timeout))
    except Unavailable as error:
        return _not_left(error)
    except Exception as error:  # noqa: BLE001 - a guest may raise anything
        return _unknown(error)
    return attrs.evolve(_said(answer.results), receipts=tuple(answer.receipts))


def _said(results: Sequence[SmsResult]) -> Said:
    return Said(results={result.ref: result for result in results})


def _refused(batch: SmsBatch, error: Unsupported) -> Said:
    results = {
        recipient.ref: SmsResult(
            ref=recipient.ref,
            status="rejected",
            error=ErrorClass.BAD_CONTENT,
            code=error.code,
        )
        for recipient in batch.recipients
    }
    return Said(results=results, refused=True)


def _not_left(error: Exception) -> Said:
    _note("nothing left", error)
    wait = error.retry_after if isinstance(error, RateLimited) else None
    known = isinstance(error, TianfuError) and error.retryable
    name = _name(error)
    return Said(left=False, wait=wait, reason="" if known else name, why=name if known else "")


def _unknown(error: Exception) -> Said:
    if not isinstance(error, Ambiguous):
        _note("nobody knows what left", error)
    return Said()


def _note(what: str, error: Exception) -> None:
    # The name only: a guest's message may hold phones or keys.
    _log.warning("a batch: %s: %s", what, _name(error))


def _name(error: Exception) -> str:
    return error.code if isinstance(error, TianfuError) else type(error).__name__
