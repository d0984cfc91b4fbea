"""The desk of emergencies (应急科普)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core import emergency as rules
from tianfu_sdk.core.content import lifecycle
from tianfu_sdk.core.dates import format_date, format_number
from tianfu_sdk.core.rows.filters import matches
from tianfu_sdk.core.rows.keying import Placed, place_keys
from tianfu_sdk.core.rows.kinds import CAMPAIGN, EMERGENCY, RESOURCE, RESPONSE_PLAN
from tianfu_sdk.core.sms.routes import made_of, with_legs
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.content import State
from tianfu_sdk.model.emergency import (
    AfterAction,
    Alert,
    EmergencyReport,
    EmergencyState,
    Level,
    ResponsePlan,
)
from tianfu_sdk.model.sms import Campaign
from tianfu_sdk.model.storage import Query, Where
from tianfu_sdk.services.desk.narrowing import narrowed_page
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.services.desk.terms import glossary_of
from tianfu_sdk.services.desk.vocabularies import demand_term
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.emergencies.plans import Plans
from tianfu_sdk.services.sms.counting import counts_of
from tianfu_sdk.text import canonical_language, convert

__all__ = ["Emergencies"]

_ACTIONS = {
    "verify": Action.VERIFY,
    "reject": Action.VERIFY,
    "respond": Action.RESPOND,
    "close": Action.RESPOND,
}
_LONGEST_TITLE = 200


class Emergencies(Plans):
    """Report an event upward, have it verified, and explain it to the people concerned.

    An association explains official warnings and never originates one (突发事件应对法 2024
    Art. 64): who reports does not verify, and what goes out is what a plan has prepared.
    Safe to share between threads.
    """

    def report(
        self,
        *,
        title: str,
        event_type: str,
        level: Level | str,
        organization: str,
        happened_at: datetime,
        region: str | None = None,
        description: str = "",
        alert: Alert | None = None,
        drill: bool = False,
    ) -> EmergencyReport:
        """Report an event upward (应急事件上报); it triggers nothing by itself.

        Args:
            title: What happened; it can stand in messages.
            event_type: Code of the vocabulary `event_type`, such as `earthquake`.
            level: `red`, `orange`, `yellow` or `blue`.
            organization: Id of the organization that reports.
            happened_at: When; aware. What an official warning announces, and what a drill
                plays, may be still to come.
            region: Where, GB/T 2260; None: where the organization is at home.
            description: What is known.
            alert: The official warning that it rests on; its level is the report's.
            drill: A drill (演练): its messages never reach a real gateway.

        Raises:
            Denied: `grant.missing`, no grant `report` there; `account.required`.
            Invalid: `emergency.level`, another level than the official warning has;
                `emergency.not_yet`, it lies in the future; with the path of the field.
            NotFound: `organization.unknown`, `region.unknown`, `term.unknown`.
        """

        def write(work: Work) -> EmergencyReport:
            owner, placed = work.placed(organization, region)
            work.allow_at(Action.REPORT, EMERGENCY.name, organization, placed)
            made = codec.structure(
                EmergencyReport,
                {
                    "id": work.new_id(EMERGENCY),
                    "title": title,
                    "event_type": event_type,
                    "level": level,
                    "organization": organization,
                    "region": region or owner.region,
                    "description": description,
                    "happened_at": happened_at,
                    "alert": alert,
                    "drill": drill,
                    "reporter": work.person,
                    "reported_at": work.now,
                },
            )
            demand_term(work, "event_type", made.event_type, "event_type")
            rules.demand_happened(made, work.now)
            if made.alert is not None and made.alert.level is not made.level:
                raise Invalid("emergency.level", path="level", level=made.alert.level.value)
            stored = work.put(EMERGENCY, made, placed)
            work.note(
                stored,
                "reported",
                event_type=stored.event_type,
                level=stored.level.value,
                drill=stored.drill,
            )
            return stored

        return self._write(write)

    def get(self, id: str) -> EmergencyReport:  # noqa: A002 - the field's name
        """Give a report that this account may read; raises `NotFound` (`noun.unknown`)."""
        return self._read(lambda work: work.noun(EMERGENCY, work.visible(EMERGENCY, id)))

    def find(
        self,
        *,
        state: EmergencyState | str | None = None,
        event_type: str | None = None,
        region: str | None = None,
        organization: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[EmergencyReport]:
        """Find reports that this account may read, the newest first.

        Args:
            state: Only those that stand so.
            event_type: Only those of this type.
            region: Only those in this region or below it.
            organization: Only those that this organization or one below it reported.
            after: Cursor of a page.
            limit: Of a page, 1 to 1,000.

        Raises:
            NotFound: `region.unknown`, `organization.unknown`, `term.unknown`.
            Invalid: `field.choice`, `page.bad_cursor`, `storage.limit`.
        """
        so: tuple[Where, ...] = ()
        if state is not None:
            so = (Where("state", "=", EmergencyState.of(state, "state").value),)
        return narrowed_page(
            self._read,
            EMERGENCY,
            self.find,
            own={"state": state},
            more=lambda _: so,
            order="reported",
            desc=True,
            after=after,
            limit=limit,
            event_type=event_type,
            region=region,
            organization=organization,
        )

    def verify(self, id: str) -> EmergencyReport:  # noqa: A002
        """Confirm a report; another person than the one who reported it.

        A grant `verify` at the place of the report lets do it, so an association above
        verifies by being granted its region or its subtree of organizations.

        Raises:
            Denied: `grant.missing`; `emergency.own_report`; `emergency.system`.
            Invalid: `emergency.illegal`.
            NotFound: `noun.unknown`.
        """
        return self._write(lambda work: self._step(work, id, "verify"))

    def reject(self, id: str, reason: str) -> EmergencyReport:  # noqa: A002
        """Find a report untrue (不属实), and say why; another person than who reported it.

        Raises:
            Denied: As `verify`.
            Invalid: `emergency.illegal`, `emergency.reason`.
            NotFound: `noun.unknown`.
        """
        return self._write(lambda work: self._step(work, id, "reject", reason))

    def respond(
        self,
        id: str,  # noqa: A002
        plan: str | None = None,
        *,
        number: float | None = None,
        override_reason: str = "",
    ) -> EmergencyReport:
        """Answer a verified report with a plan (触发): resources, and a campaign in draft.

        The campaign is for the region of the report: for all subscribers there if the grant
        to respond is for a region, else for those of the organization that reported. It is
        sent once another person has approved it at `hub.sms`; a drill's is marked and written
        to a file.

        Args:
            id: Of the report.
            plan: Id of a plan that applies; None: the one of the nearest region.
            number: What stands for `{number}` in the texts, such as a magnitude.
            override_reason: Why the messages may go out at night; empty: they wait.

        Returns:
            The report with `plan`, `campaign`, those `resources` that are published, and the
            languages `left_out`: whose text nobody approved, or in which the place or level
            has no name in the glossary. Who reads one of those gets Chinese.

        Raises:
            Denied: `grant.missing`, no grant `respond` there.
            Invalid: `emergency.illegal`, not verified, or answered already;
                `emergency.no_plan`, none applies; `emergency.plan_unfit`, this one does not;
                `emergency.slot`, a text has `{number}` and none is given.
            NotFound: `noun.unknown`.
        """

        def write(work: Work) -> EmergencyReport:
            moved = self._moved(work, id, "respond")
            chosen = _plan_for(work, moved, plan)
            texts, left_out = rules.usable(chosen, _values(work, moved, chosen, number))
            campaign = _compose(work, moved, chosen, texts, override_reason)
            answered = attrs.evolve(
                moved,
                plan=chosen.id,
                campaign=campaign.id,
                resources=_published(work, chosen.resources),
                left_out=left_out,
            )
            data = {"plan": chosen.id, "campaign": campaign.id}
            return _put(work, answered, "responded", **data)

        return self._write(write)

    def close(self, id: str, summary: str = "") -> EmergencyReport:  # noqa: A002
        """End an emergency, answered or not.

        Args:
            id: Of the report.
            summary: What was learnt.

        Raises:
            Denied: `grant.missing`, no grant `respond` there.
            Invalid: `emergency.illegal`; `field.too_long`.
            NotFound: `noun.unknown`.
        """
        return self._write(lambda work: self._step(work, id, "close", summary))

    def after_action(self, id: str) -> AfterAction:  # noqa: A002
        """Sum up what was done, how fast, in which languages, and what became of messages.

        Raises:
            NotFound: `noun.unknown`.
        """

        def read(work: Work) -> AfterAction:
            report = work.noun(EMERGENCY, work.visible(EMERGENCY, id))
            campaign = work.get(CAMPAIGN, report.campaign) if report.campaign else None
            return rules.after_action(
                report,
                texts=campaign.texts if campaign else (),
                usual=rules.usual_languages(report.region, work.regions()),
                messages=counts_of(work, campaign.id) if campaign else {},
            )

        return self._read(read)

    def _step(self, work: Work, id_: str, verb: str, reason: str = "") -> EmergencyReport:
        moved = self._moved(work, id_, verb, reason)
        codec.check(moved)
        past = {"verify": "verified", "reject": "rejected", "close": "closed"}[verb]
        return _put(work, moved, past, reason)

    def _moved(self, work: Work, id_: str, verb: str, reason: str = "") -> EmergencyReport:
        report = work.noun(EMERGENCY, work.visible(EMERGENCY, id_, _ACTIONS[verb]))
        return rules.move(report, verb, person=work.person, now=work.now, reason=reason)


def _put(
    work: Work, report: EmergencyReport, verb: str, reason: str = "", **data: str
) -> EmergencyReport:
    _, placed = work.placed(report.organization, report.region)
    stored = work.put(EMERGENCY, report, placed)
    work.note(stored, verb, reason=reason, drill=stored.drill, **data)
    return stored


def _plan_for(work: Work, report: EmergencyReport, plan: str | None) -> ResponsePlan:
    tree = work.regions()
    if plan is not None:
        named = work.get(RESPONSE_PLAN, plan)
        if not rules.applies(named, report, tree):
            raise Invalid("emergency.plan_unfit", path="plan")
        return named
    query = Query(
        where=(Where("event_type", "=", report.event_type),),
        any_of=rules.holding(tree.levels(report.region)),
    )
    rows = work.each(RESPONSE_PLAN.name, query)
    chosen = rules.choose((work.noun(RESPONSE_PLAN, row) for row in rows), report, tree)
    if chosen is None:
        raise Invalid("emergency.no_plan", path="plan", event_type=report.event_type)
    return chosen


def _published(work: Work, ids: tuple[str, ...]) -> tuple[str, ...]:
    today = work.today
    found = [work.noun(RESOURCE, row) for row in work.tx.get(RESOURCE.name, ids)]
    shown = {
        resource.id
        for resource in found
        if resource.state is State.PUBLISHED and not lifecycle.stale(resource, today)
    }
    return tuple(id_ for id_ in ids if id_ in shown)


def _values(
    work: Work, report: EmergencyReport, plan: ResponsePlan, number: float | None
) -> dict[str, dict[str, str]]:
    """Say what fills the slots, by language; what cannot be said in one is left out."""
    places = work.regions().resolve(report.region, work.today)
    names = [region.name for region in places] or [report.region]
    level = report.level.zh.partition("(")[0]
    glossary = glossary_of(work, plan.organization)

    def said(words: list[str], language: str) -> str:
        if rules.chinese(language):
            return convert("、".join(words), language)
        terms = [glossary.preferred(word, "zh-Hans", language) for word in words]
        return ", ".join(terms) if all(terms) else ""

    found = {}
    for language in plan.texts:
        day = format_date(report.happened_at, language)
        values = {
            "place": said(names, language),
            "level": said([level], language),
            "time": day.text if canonical_language(day.language) == language else "",
            "number": "" if number is None else str(format_number(number, language)),
            "title": report.title if rules.chinese(language) else "",
        }
        found[language] = {slot: text for slot, text in values.items() if text}
    return found


def _compose(
    work: Work,
    report: EmergencyReport,
    plan: ResponsePlan,
    texts: Mapping[str, str],
    override_reason: str,
) -> Campaign:
    """Store the campaign in draft, within the same change as the report."""
    mark = rules.DRILL_MARK if report.drill else ""
    _, placed = work.placed(report.organization, report.region)
    gateway = rules.DRILL_GATEWAY if report.drill else plan.gateway
    campaign = codec.structure(
        Campaign,
        {
            "id": work.new_id(CAMPAIGN),
            "title": f"{mark}{report.title}"[:_LONGEST_TITLE],
            "organization": report.organization,
            "region": report.region,
            "whole_region": _reaches_region(work, placed),
            "texts": {language: f"{mark}{text}" for language, text in texts.items()},
            "signature": plan.signature,
            "topic": plan.topic,
            **with_legs(made_of(gateway, work.tools.settings.sms)),
            "emergency": report.id,
            "override_reason": override_reason,
            "author": work.person,
            "text_approvers": {tag: plan.approvers[tag] for tag in texts if tag in plan.approvers},
        },
    )
    stored = work.put(CAMPAIGN, campaign, placed)
    work.note(stored, "composed", emergency=report.id, drill=report.drill)
    return stored


def _reaches_region(work: Work, placed: Placed) -> bool:
    """Tell whether the actor answers for all people of the region, not only for its own."""
    groups = work.scope(Action.RESPOND, EMERGENCY.name)
    keys = place_keys("", Placed(placed.levels))
    return groups is None or any(matches("", keys, group) for group in groups)
