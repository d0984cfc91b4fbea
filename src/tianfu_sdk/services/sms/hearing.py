"""What a call says of each of its messages, and who goes on to another gateway by it."""

from __future__ import annotations

from collections.abc import Sequence

from tianfu_sdk.core.sms.messages import MOST_TRIES, state_of
from tianfu_sdk.core.sms.routes import turned_away, unsent
from tianfu_sdk.model.sms import ErrorClass, MessageState, SmsResult
from tianfu_sdk.services.sms.calls import Said
from tianfu_sdk.services.sms.claiming import Call

__all__ = ["states_of", "stopped", "unsent_of"]

_OF_THE_ACCOUNT = frozenset({ErrorClass.THROTTLED, ErrorClass.STOP_CHANNEL})


def states_of(call: Call, said: Said) -> list[MessageState]:
    """Give what a call says of each of its messages."""
    left_out = call.left_out if said.left else {}
    plain = said.results if said.left else {}
    return [
        _heard_of_left_out(stale=call.claim.stale)
        if ref in left_out
        # Nearly all are such.
        else MessageState.ACCEPTED
        if (result := plain.get(ref)) is not None and _is_taken(result)
        else _heard_of(call, said, ref)
        for ref in call.claim.refs
    ]


def _is_taken(result: SmsResult) -> bool:
    return result.status == "accepted" and result.error is ErrorClass.OK


def _heard_of_left_out(*, stale: bool) -> MessageState:
    # Of a batch that is sent again, it may have gone out the first time.
    return MessageState.UNKNOWN if stale else MessageState.DROPPED


def _heard_of(call: Call, said: Said, ref: str) -> MessageState:
    last = call.claim.tries >= MOST_TRIES
    if not said.left:
        if not call.claim.stale:
            return MessageState.QUEUED
        # Asked, or sent to a gateway that drops doubles, once more: that is safe.
        return MessageState.UNKNOWN if last else MessageState.SENDING
    result = said.results.get(ref)
    state = MessageState.UNKNOWN if result is None else state_of(result)
    if call.claim.stale and call.verb == "send" and _tells_nothing(said, result):
        return MessageState.UNKNOWN if last else MessageState.SENDING
    if state is MessageState.UNKNOWN and _can_be_asked(call) and not last:
        return MessageState.SENDING
    return MessageState.REJECTED if last and state is MessageState.DEFERRED else state


def _tells_nothing(said: Said, result: SmsResult | None) -> bool:
    """Tell whether an answer to what is sent again says nothing of the time before.

    A gateway that drops doubles by their reference does not look at it when it has no room, or
    wants nothing of this account any more.
    """
    return said.refused or (result is not None and result.error in _OF_THE_ACCOUNT)


def unsent_of(call: Call, said: Said) -> tuple[Sequence[str], str, bool]:
    """Give who goes on to another gateway, why, and whether there is nothing left to try here."""
    claim = call.claim
    stale, tries = claim.stale, claim.tries
    last = tries >= MOST_TRIES
    if not said.left:
        goes = turned_away(stale=stale, tries=tries, reason=said.reason, wait=said.wait)
        why = said.reason or "sms.unavailable"
        return (claim.refs if goes else ()), why, last or bool(said.reason)
    found = {
        ref: said.results[ref]
        for ref in claim.refs
        if ref in said.results
        and ref not in call.left_out
        and unsent(said.results[ref], stale=stale, tries=tries, refused=said.refused)
    }
    if not found:
        return (), "", False
    first = next(iter(found.values()))
    stopped = any(one.error is ErrorClass.STOP_CHANNEL for one in found.values())
    return tuple(found), first.code or first.error.value, last or said.refused or stopped


def stopped(said: Said, refs: Sequence[str]) -> bool:
    """Tell whether the account of all of a batch is stopped."""
    found = [said.results[ref].error for ref in refs if ref in said.results]
    return len(found) == len(refs) and set(found) == {ErrorClass.STOP_CHANNEL}


def _can_be_asked(call: Call) -> bool:
    """Tell whether the gateway can be asked what became of what it was just sent."""
    capabilities = call.claim.gateway.capabilities
    return call.verb == "send" and capabilities.can_query and not capabilities.dedupes
