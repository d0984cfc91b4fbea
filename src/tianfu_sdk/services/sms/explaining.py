"""Who may do the next step of a campaign, and what stands in its way."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tianfu_sdk import catalogue
from tianfu_sdk.core import policy
from tianfu_sdk.core.rows.keying import Placed, place_keys
from tianfu_sdk.core.rows.kinds import ACCOUNT, CAMPAIGN
from tianfu_sdk.core.sms.quotas import demand_room
from tianfu_sdk.core.sms.routes import legs_of
from tianfu_sdk.core.sms.text_approvals import demand_awaited
from tianfu_sdk.core.sms.texts import demand_none
from tianfu_sdk.errors import Denied, Invalid, NotFound, QuotaExceeded, TianfuError
from tianfu_sdk.model.account import Account, Action
from tianfu_sdk.model.next_step import Blocker, CampaignExplanation, Doer, LegState
from tianfu_sdk.model.sms import Campaign, CampaignState
from tianfu_sdk.model.storage import Query, Row, Where
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.sms.drafts import demand_no_drill, demand_translations, not_before
from tianfu_sdk.services.sms.lanes import working
from tianfu_sdk.services.sms.quotas import lines
from tianfu_sdk.services.sms.routes import Carriers, demand_sendable, ways_of
from tianfu_sdk.services.sms.text_approvals import demand_may_approve

__all__ = ["explained"]

_MOST = 200
"""Accounts that are looked at; more would be no answer to who may do it."""


def explained(work: Work, campaign: Campaign, row: Row, carriers: Carriers) -> CampaignExplanation:
    """Say who may do the next step of a campaign and why; see `Sms.explain`."""
    step, action = _next(campaign)
    blockers = tuple(_blockers(work, campaign, carriers, step))
    who: tuple[Doer, ...] = ()
    yours: tuple[Blocker, ...] = ()
    if action is not None:
        accounts = _accounts(work, campaign)
        found = (_doer(work, account, campaign, row, action) for account in accounts)
        who = tuple(doer for doer in found if doer.reason != "grant.missing")
        yours = tuple(_of_actor(work, campaign, row, action))
    due = None
    if step in ("approve", "send"):
        try:
            due = not_before(work, campaign, carriers)
        except Invalid:
            # It stands among the blockers.
            due = None
    return CampaignExplanation(
        campaign=campaign.id,
        state=campaign.state,
        step=step,
        ready=bool(step) and not blockers,
        blockers=blockers,
        yours=yours,
        who=who,
        not_before=due,
        gateways=_gateways(work, campaign, carriers) if step else (),
    )


def _gateways(work: Work, campaign: Campaign, carriers: Carriers) -> tuple[LegState, ...]:
    """Say of each gateway whether it works, and which texts it takes."""
    able = ways_of(work, campaign, carriers).able
    works = working(work, list(carriers))
    return tuple(
        LegState(
            gateway=leg.gateway,
            weight=leg.weight,
            works=leg.gateway in works,
            languages=tuple(tag for tag, names in able.items() if leg.gateway in names),
        )
        for leg in legs_of(campaign)
    )


def _next(campaign: Campaign) -> tuple[str, Action | None]:
    if campaign.state is CampaignState.DRAFT:
        return "approve", Action.APPROVE
    if campaign.state is CampaignState.APPROVED:
        return "send", Action.SEND
    if campaign.state is CampaignState.SENDING:
        # What died half-way is gone on with by `send`, and by any worker.
        return ("send" if campaign.queued is None else "dispatch"), Action.SEND
    return "", None


def _blockers(work: Work, campaign: Campaign, carriers: Carriers, step: str) -> Iterator[Blocker]:
    demands: list[Callable[[], object]] = []
    if step == "approve":
        demands.append(lambda: demand_none(ways_of(work, campaign, carriers).problems))
    if step in ("approve", "send"):
        demands += [
            lambda: demand_no_drill(work, campaign, carriers),
            lambda: demand_translations(work, campaign),
            lambda: not_before(work, campaign, carriers),
        ]
    if step == "approve":
        demands.append(lambda: _demand_texts(work, campaign))
    if step == "send":
        demands.append(lambda: demand_awaited(campaign))
        demands.append(lambda: demand_sendable(work, campaign, carriers))
    if campaign.state is CampaignState.APPROVED:
        demands.append(lambda: _demand_quota(work, campaign, carriers))
    for demand in demands:
        try:
            demand()
        except (Invalid, NotFound, QuotaExceeded) as error:
            yield _blocker(error)


def _demand_texts(work: Work, campaign: Campaign) -> None:
    """Demand that texts are approved, or that this account may approve them with the campaign."""
    try:
        demand_may_approve(work, campaign)
    except Denied:
        demand_awaited(campaign)


def _demand_quota(work: Work, campaign: Campaign, carriers: Carriers) -> None:
    owner, _ = work.placed(campaign.organization)
    due = not_before(work, campaign, carriers)
    demand_room(lines(work, owner.path, due), campaign.parts)


def _blocker(error: TianfuError) -> Blocker:
    return Blocker(
        code=error.code,
        path=error.path or "",
        message=error.message,
        message_zh=catalogue.render(error.code, "zh", error.values),
        hint=error.hint or "",
        hint_zh=catalogue.render_hint(error.code, "zh", error.values) or "",
    )


def _accounts(work: Work, campaign: Campaign) -> Iterator[Account]:
    owner, _ = work.placed(campaign.organization)
    where = (Where("organization", "in", owner.path), Where("active", "=", 1))
    for row in work.tx.find(ACCOUNT.name, Query(where=where, limit=_MOST)):
        yield work.noun(ACCOUNT, row)


def _doer(work: Work, account: Account, campaign: Campaign, row: Row, action: Action) -> Doer:
    chains = work.chains(account.id)
    now, regions = work.now, work.regions()
    found = policy.explain(chains, action, CAMPAIGN.name, row.keys, now=now, regions=regions)
    reason = "" if found.allowed else "grant.missing"
    if not reason and campaign.whole_region:
        _, placed = work.placed(campaign.organization, campaign.region)
        keys = place_keys("", Placed(placed.levels)) | {"state": ""}
        whole = policy.explain(chains, action, CAMPAIGN.name, keys, now=now, regions=regions)
        reason = "" if whole.allowed else "grant.missing"
    if not reason and action is Action.APPROVE and _wrote(campaign, account.person):
        reason = "lifecycle.own_work"
    grants = tuple(step.grant for step in found.steps if step.holds)
    return Doer(
        account=account.id,
        label=account.label,
        allowed=not reason,
        reason=reason,
        grants=grants,
    )


def _wrote(campaign: Campaign, person: str) -> bool:
    return person in {campaign.author, *campaign.writers}


def _of_actor(work: Work, campaign: Campaign, row: Row, action: Action) -> Iterator[Blocker]:
    if work.actor.system:
        if action is Action.APPROVE:
            yield _blocker(Denied("lifecycle.system", path="approver"))
        return
    found = _doer(work, work.account, campaign, row, action)
    if found.reason == "lifecycle.own_work":
        yield _blocker(Denied(found.reason, path="approver"))
    elif found.reason:
        yield _blocker(Denied(found.reason, action=action.value, kind=CAMPAIGN.name))
