"""The part of the desk of emergencies that keeps response plans (预案)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.emergency import approved_texts, demand_texts, text_problems, written
from tianfu_sdk.core.rows.keying import Placed
from tianfu_sdk.core.rows.kinds import RESOURCE, RESPONSE_PLAN
from tianfu_sdk.core.sms.text_approvals import demand_said
from tianfu_sdk.errors import Conflict, Invalid, NotFound
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.checks import demand_changeable, demand_list
from tianfu_sdk.model.emergency import Level, ResponsePlan
from tianfu_sdk.model.translation_task import TextProblem
from tianfu_sdk.services.desk.narrowing import narrowed_page
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.services.desk.vocabularies import demand_term
from tianfu_sdk.services.desk.work import Desk, Work
from tianfu_sdk.text import canonical_language

__all__ = ["Plans"]

_CHANGEABLE = frozenset(
    {"name", "event_type", "levels", "resources", "texts", "signature", "gateway", "topic"}
)


class Plans(Desk):
    """Prepare what explains an event: resources, and SMS texts by language.

    Safe to share between threads.
    """

    def create_plan(
        self,
        *,
        name: str,
        organization: str,
        event_type: str,
        texts: Mapping[str, str],
        signature: str,
        region: str | None = None,
        levels: Sequence[Level | str] = tuple(Level),
        resources: Sequence[str] = (),
        gateway: str = "file",
        topic: str = "",
    ) -> ResponsePlan:
        """Create a response plan.

        Args:
            name: What it is called.
            organization: Id of the organization that keeps it.
            event_type: Code of the vocabulary `event_type`.
            texts: SMS by language, such as `zh-Hans`, `bo`, with slots that are filled in
                in that language when the plan is used: `{place}` (name of the region),
                `{time}` (the day), `{level}` (colour of the warning), `{number}` (given to
                `respond`), and, in Chinese only, `{title}` of the report. A text that is not
                Chinese is used once another person approved it: `approve_texts`.
            signature: 签名 of the SMS, without brackets.
            region: It answers events in this region and below it; None: that of its
                organization.
            levels: Of the events that it answers.
            resources: Ids of resources; those published at the time are used.
            gateway: Name of the SMS gateway, or of a route of the settings.
            topic: Topic of the SMS; who does not want it gets none.

        Raises:
            Denied: `grant.missing`, no grant to create kind `response_plan` there;
                `account.required`.
            Invalid: `emergency.placeholder`, `emergency.free_slot`, `emergency.no_text`,
                `sms.wrong_script`, one is said to be Chinese and is in Tibetan or Yi;
                `text.bad_language`; with the path of the field.
            NotFound: `organization.unknown`, `region.unknown`, `term.unknown`,
                `noun.unknown`, a resource that is not there.
        """

        def write(work: Work) -> ResponsePlan:
            owner, placed = work.placed(organization, region)
            work.allow_for(Action.CREATE, RESPONSE_PLAN.name, organization, placed)
            made = codec.structure(
                ResponsePlan,
                {
                    "id": work.new_id(RESPONSE_PLAN),
                    "name": name,
                    "organization": organization,
                    "region": region or owner.region,
                    "event_type": event_type,
                    "levels": demand_list(levels, "levels"),
                    "resources": demand_list(resources, "resources"),
                    "texts": _by_language(texts),
                    "signature": signature,
                    "gateway": gateway,
                    "topic": topic,
                },
            )
            return _store(work, written(made, {}, work.person), placed, "created")

        return self._write(write)

    def get_plan(self, id: str) -> ResponsePlan:  # noqa: A002 - the field's name
        """Give a plan that this account may read; raises `NotFound` (`noun.unknown`)."""
        return self._read(lambda work: work.noun(RESPONSE_PLAN, work.visible(RESPONSE_PLAN, id)))

    def find_plans(
        self, *, event_type: str | None = None, after: str | None = None, limit: int = 50
    ) -> Page[ResponsePlan]:
        """Find plans that this account may read.

        Args:
            event_type: Only those for this type of event.
            after: Cursor of a page.
            limit: Of a page, 1 to 1,000.
        """
        return narrowed_page(
            self._read,
            RESPONSE_PLAN,
            self.find_plans,
            after=after,
            limit=limit,
            event_type=event_type,
        )

    def edit_plan(
        self,
        id: str,  # noqa: A002
        *,
        version: int | None = None,
        **changes: Any,
    ) -> ResponsePlan:
        """Change a plan; organization and region stay. A changed text is approved no more.

        Args:
            id: Of the plan.
            version: The version that the change is based on; None: whatever there is.
            **changes: Fields by name.

        Raises:
            Denied: `grant.missing`.
            Conflict: `storage.version`, it was changed since.
            Invalid: `content.fixed`, `field.unknown`; as `create_plan`.
            NotFound: `noun.unknown`; as `create_plan`.
        """

        def write(work: Work) -> ResponsePlan:
            known = work.noun(RESPONSE_PLAN, work.visible(RESPONSE_PLAN, id, Action.EDIT))
            if version is not None and version != known.version:
                raise Conflict(
                    "storage.version", path="version", ids=(id,), kind=RESPONSE_PLAN.name
                )
            demand_changeable(changes, ResponsePlan, _CHANGEABLE)
            plain = {f.name: getattr(known, f.name) for f in attrs.fields(ResponsePlan)}
            if "texts" in changes:
                changes["texts"] = _by_language(changes["texts"])
            changed = codec.structure(ResponsePlan, plain | changes)
            changed = written(changed, known.texts, work.person)
            _, placed = work.placed(changed.organization, changed.region)
            return _store(work, changed, placed, "edited")

        return self._write(write)

    def approve_texts(self, id: str, *languages: str) -> ResponsePlan:  # noqa: A002
        """Approve texts of a plan (审定) before they are needed; not one's own.

        Args:
            id: Of the plan.
            *languages: BCP 47; none: all texts.

        Raises:
            Denied: `lifecycle.own_work`, this person wrote one; `lifecycle.system`;
                `grant.missing`, no grant to approve kind `response_plan` there.
            Invalid: `emergency.no_text`, there is none in a language; `text.bad_language`;
                `emergency.checks_failed`, one has an error: `text_problems` lists them.
            NotFound: `noun.unknown`.
        """
        wanted = tuple(map(canonical_language, languages))

        def write(work: Work) -> ResponsePlan:
            known = work.noun(RESPONSE_PLAN, work.visible(RESPONSE_PLAN, id, Action.APPROVE))
            plan = approved_texts(known, wanted or known.texts, person=work.person)
            _, placed = work.placed(plan.organization, plan.region)
            stored = work.put(RESPONSE_PLAN, plan, placed)
            work.note(stored, "approved", languages=" ".join(wanted or known.texts))
            return stored

        return self._write(write)

    def text_problems(self, id: str) -> tuple[TextProblem, ...]:  # noqa: A002
        """Say what is wrong with the texts of a plan beside its Chinese text.

        As `translations.problems`: slots, addresses, telephone numbers, script, marks; and
        where a text takes more SMS than the Chinese one. Its slots are counted as written.

        Args:
            id: Of the plan.

        Returns:
            Errors, with which a text cannot be approved, and warnings; `field` is such as
            `texts.bo`.

        Raises:
            NotFound: `noun.unknown`.
        """
        plan = self.get_plan(id)
        return tuple(one for language in plan.texts for one in text_problems(plan, language))


def _by_language(texts: Mapping[str, str]) -> dict[str, str]:
    found = {canonical_language(language): text for language, text in texts.items()}
    if len(found) != len(texts):
        raise Invalid("field.twice", path="texts")
    return found


def _store(work: Work, plan: ResponsePlan, placed: Placed, verb: str) -> ResponsePlan:
    demand_term(work, "event_type", plan.event_type, "event_type")
    if plan.topic:
        demand_term(work, "topic", plan.topic, "topic")
    demand_texts(plan.texts)
    demand_said(plan.texts)
    there = {row.id for row in work.tx.get(RESOURCE.name, plan.resources)}
    for index, id_ in enumerate(plan.resources):
        if id_ not in there:
            raise NotFound("noun.unknown", path=f"resources[{index}]", kind="resource", id=id_[:64])
    stored = work.put(RESPONSE_PLAN, plan, placed)
    work.note(stored, verb)
    return stored
