"""What a campaign of science SMS (科普短信) is before it is sent: composed, planned, approved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from tianfu_sdk.core.rows.kinds import CAMPAIGN
from tianfu_sdk.core.sms import campaign as rules
from tianfu_sdk.core.sms.routes import Asked, legs_of, through, with_legs
from tianfu_sdk.core.sms.text_approvals import awaiting, endorsed
from tianfu_sdk.core.sms.texts import demand_none
from tianfu_sdk.errors import Conflict
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.checks import demand_list, demand_type
from tianfu_sdk.model.next_step import CampaignExplanation
from tianfu_sdk.model.route import Leg
from tianfu_sdk.model.sms import Campaign, CampaignState, Plan
from tianfu_sdk.model.storage import Where
from tianfu_sdk.services.desk.narrowing import narrowed
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.services.desk.work import Desk, Work
from tianfu_sdk.services.sms.audience import Audience, demand_reach, reaches_region
from tianfu_sdk.services.sms.drafts import checked, demand_translations, planned
from tianfu_sdk.services.sms.explaining import explained
from tianfu_sdk.services.sms.reach import ignores_refusals
from tianfu_sdk.services.sms.routes import Carriers, carriers_of, legs_for, templated, ways_of
from tianfu_sdk.services.sms.segments import demand_segment
from tianfu_sdk.services.sms.text_approvals import approve_with, demand_may_approve
from tianfu_sdk.services.sms.texts import capabilities_of, chosen
from tianfu_sdk.text import canonical_language

__all__ = ["Campaigns"]


class Campaigns(Desk):
    """Compose campaigns, plan and approve them; `Sms` sends them."""

    def compose(
        self,
        *,
        title: str,
        organization: str,
        texts: Mapping[str, str],
        signature: str,
        region: str | None = None,
        topic: str = "",
        purpose: str = "science_sms",
        settings: Sequence[str] = (),
        gateway: Asked = None,
        fallback: bool = True,
        fallback_order: Sequence[str] = (),
        segment: str | None = None,
        languages: Sequence[str] = (),
        interests: Sequence[str] = (),
        members: Sequence[str] = (),
        group: str = "",
        content: str = "",
        emergency: str | None = None,
        override_reason: str = "",
        template: Template = "",
    ) -> Campaign:
        """Compose a campaign, as a draft.

        Args:
            title: What it is called, 1 to 200 characters.
            organization: Id of the organization that sends it.
            texts: By language tag; without signature and without how to refuse.
            signature: The sender (签名), without brackets.
            region: Whose subscribers it is for, GB/T 2260; None: of where the organization is
                at home. An author whose grants reach a region reaches all subscribers there;
                any other only those of the organization and below it.
            topic: Code of the vocabulary `topic`; people who refused it get nothing.
            purpose: Of the consents that count.
            settings: Only people of these settings (科普六进 …); empty: all.
            gateway: Name of the SMS gateway, such as `file`, or of a route of the settings
                (`[sms.routes.NAME]`); several names: in order of preference, what one of them
                certainly did not send goes on to the next; a mapping: the same, with weights
                by which the recipients are divided. None: what `sms.gateway` names.
            fallback: A person whose language has no text gets zh-Hans, or what
                `fallback_order` says; False: nothing.
            fallback_order: Languages of texts that stand in, the first that there is.
            segment: Id of a saved audience (`hub.segments`), taken as it stands now; region,
                languages, interests, settings and members that are given here win.
            languages: Only people of these languages; empty: of all.
            interests: Only people who asked for one of these topics; empty: whatever.
            members: Only these subscribers, by id, as far as they are within reach.
            group: Campaigns of one name are about the same thing (`sms.repeat_days`).
            content: Id of the published content that it tells of: each text then needs an
                approved, current translation of it, or to be in its own language.
            emergency: Id of the emergency report that it answers.
            override_reason: Why an emergency may go out at night; for emergencies only.
            template: Id of the approved template (`hub.templates`) that the texts are of, or
                one a language; several ids: each for the texts of its gateway and language.
                Empty: where a gateway needs one, one that fits is taken. What does not match
                is a problem of the plan, with the difference.

        Raises:
            Invalid: `sms.no_text`, `sms.bad_signature`, `sms.override`, `sms.drill` (a drill
                through a gateway that reaches telephones), `sms.template_gateway`,
                `sms.route_empty`, `sms.route_twice`, `sms.route_weights`, `sms.route_name`,
                `sms.segment_retired`, `sms.too_many_members`, `sms.not_published`,
                `sms.unapproved_translation`, `sms.wrong_script` (said to be Chinese, and in
                Tibetan or Yi), and others with the path of the field.
            Unsupported: `sms.no_templates`, the gateway takes none.
            Denied: `grant.missing`, no grant to compose campaigns there.
            NotFound: `organization.unknown`, `region.unknown`, `term.unknown`, `noun.unknown`.
            PluginError: Nobody offers the gateway, or one of them.
        """
        demand_type(texts, Mapping, "texts")
        legs = legs_for(self._tools, gateway)
        carriers = {leg.gateway: capabilities_of(self._tools, leg.gateway) for leg in legs}
        fields = {
            "title": title,
            "organization": organization,
            "texts": dict(texts),
            "signature": signature,
            "topic": topic,
            "purpose": purpose,
            "fallback": fallback,
            "fallback_order": demand_list(fallback_order, "fallback_order"),
            "group": group,
            "content": content,
            "emergency": emergency,
            "override_reason": override_reason,
        }

        audience = {
            "region": region,
            "settings": demand_list(settings, "settings"),
            "languages": demand_list(languages, "languages"),
            "interests": demand_list(interests, "interests"),
            "members": demand_list(members, "members"),
        }

        def write(work: Work) -> Campaign:
            chosen_ = _of_segment(work, segment, audience)
            owner, placed = work.placed(organization, chosen_["region"])
            work.allow_for(Action.COMPOSE, CAMPAIGN.name, organization, placed)
            given = (
                fields
                | chosen_
                | with_legs(templated(work, legs, _named(template, texts), _tags(texts)))
                | {
                    "id": work.new_id(CAMPAIGN),
                    "region": chosen_["region"] or owner.region,
                    "whole_region": reaches_region(work, Action.COMPOSE, placed),
                    "author": work.person,
                    "writers": tuple(filter(None, (work.person,))),
                }
            )
            made = checked(work, given, carriers)
            stored = work.put(CAMPAIGN, made, placed)
            work.note(stored, "composed", emergency=emergency, languages=len(made.texts))
            return stored

        return self._write(write)

    def get(self, id: str) -> Campaign:  # noqa: A002 - the field's name
        """Give a campaign."""
        return self._read(lambda work: work.noun(CAMPAIGN, work.visible(CAMPAIGN, id)))

    def find(
        self,
        *,
        state: CampaignState | str | None = None,
        region: str | None = None,
        organization: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[Campaign]:
        """Find campaigns that this account may read, last changed first.

        Args:
            state: Only those that stand so.
            region: For this region or one below it.
            organization: Of this organization or one below it.
            after: Cursor of a page.
            limit: Of a page, 1 to 1,000.
        """

        def read(work: Work) -> Page[Campaign]:
            where = narrowed(work, region=region, organization=organization)
            if state is not None:
                where.append(Where("state", "=", CampaignState.of(state, "state").value))
            return work.page(
                CAMPAIGN,
                where=tuple(where),
                order="updated",
                desc=True,
                after=after,
                limit=limit,
                again=lambda cursor: self.find(
                    state=state,
                    region=region,
                    organization=organization,
                    after=cursor,
                    limit=limit,
                ),
            )

        return self._read(read)

    def edit(self, id: str, *, version: int | None = None, **changes: Any) -> Campaign:  # noqa: A002
        """Change fields of a draft; who changes it is its author then.

        Args:
            id: Of the campaign.
            version: The version that the change is based on; None: whatever there is.
            **changes: Arguments of `compose` by name.

        Raises:
            Invalid: `lifecycle.illegal`, not a draft any more; `content.fixed`; as `compose`.
            Conflict: `storage.version`.
        """
        template = changes.pop("template", None)
        rules.demand_editable(changes)
        asked = changes.pop("gateway", None)
        for name in _SEVERAL & changes.keys():
            changes[name] = demand_list(changes[name], name)
        if "texts" in changes:
            demand_type(changes["texts"], Mapping, "texts")
        known = self._known(id, Action.COMPOSE)
        legs = legs_of(known) if asked is None else legs_for(self._tools, asked)
        carriers = {leg.gateway: capabilities_of(self._tools, leg.gateway) for leg in legs}

        def write(work: Work) -> Campaign:
            known = work.noun(CAMPAIGN, work.visible(CAMPAIGN, id, Action.COMPOSE))
            rules.demand_state(known, "edit", CampaignState.DRAFT)
            if version is not None and version != known.version:
                raise Conflict("storage.version", path="version", ids=(id,), kind=CAMPAIGN.name)
            texts = changes.get("texts") or known.texts
            named = [pair for leg in legs_of(known) for pair in leg.templates.items()]
            if template is not None:
                named = _named(template, texts)
            if template is not None or asked is not None:
                changes.update(with_legs(templated(work, legs, named, _tags(texts))))
            _, placed = work.placed(known.organization, known.region)
            demand_reach(work, known, Action.COMPOSE, placed)
            plain = {field.name: getattr(known, field.name) for field in attrs.fields(Campaign)}
            author = work.person or known.author
            writers = tuple(dict.fromkeys(filter(None, (*known.writers, known.author, author))))
            wrote = {"author": author, "writers": writers}
            changed = checked(work, plain | changes | wrote, carriers, known)
            stored = work.put(CAMPAIGN, changed, placed)
            work.note(stored, "edited", fields=",".join(sorted(changes)))
            return stored

        return self._write(write)

    def plan(self, id: str) -> Plan:  # noqa: A002
        """Say what a campaign would do: nothing is changed, and no phone is decrypted.

        Args:
            id: Of the campaign.

        Returns:
            Recipients, billed parts, cost, batches, who is left out and why, when it may
            begin, and what is wrong with the texts; the same for each gateway, and the most
            that it can cost.

        Raises:
            Invalid: `sms.no_window`, the allowed hours have no moment in common.
        """
        return self._plan(id, Action.READ)[1]

    def exclusions(self, id: str, reason: str) -> Iterator[str]:  # noqa: A002
        """Give the subscribers that a campaign leaves out for a reason.

        Args:
            id: Of the campaign.
            reason: As in `Plan.exclusions`, such as `no_consent`.

        Returns:
            Their ids, read on page by page.
        """
        campaign = self.get(id)
        carriers = carriers_of(self._tools, campaign)
        ways = self._read(lambda work: ways_of(work, campaign, carriers))
        audience = Audience(campaign, ways.lead(carriers), self._tools, ways.joint)
        while not audience.over:
            for choice in audience.take(self._read(audience.read)):
                if choice.reason == reason:
                    yield choice.id

    def approve(self, id: str) -> Campaign:  # noqa: A002
        """Approve a draft, with the figures of its plan; who wrote it may not.

        Args:
            id: Of the campaign.

        Raises:
            Denied: `lifecycle.own_work`, `lifecycle.system`, `grant.missing`.
            Invalid: `lifecycle.illegal`, `sms.no_window`; `sms.unapproved_text`, a text that
                is not Chinese was not approved (`approve_texts`), and this account may not
                approve translations there; the first problem of the plan that is refused,
                such as `sms.words`, `sms.template_mismatch`, `sms.no_template`.
            Conflict: `storage.version`, it was changed while it was planned.
        """
        drafted, plan = self._plan(id, Action.APPROVE)
        carriers = carriers_of(self._tools, drafted)

        def write(work: Work) -> Campaign:
            known = work.noun(CAMPAIGN, work.visible(CAMPAIGN, id, Action.APPROVE))
            _, placed = work.placed(known.organization, known.region)
            demand_reach(work, known, Action.APPROVE, placed)
            approved = rules.approve(
                known,
                work.person,
                planned=plan.recipients,
                parts=plan.parts,
                cost=plan.cost,
            )
            if known.version != drafted.version:
                raise Conflict("storage.version", path="version", ids=(id,), kind=CAMPAIGN.name)
            demand_none(plan.problems)
            demand_translations(work, known)
            approved = approve_with(work, approved)
            fixed: dict[str, Any] = with_legs(_fixed(work, known, carriers))
            stored = work.put(CAMPAIGN, attrs.evolve(approved, **fixed), placed)
            work.note(
                stored,
                "approved",
                reason=stored.override_reason,
                recipients=plan.recipients,
                cost=plan.cost,
                at_night=rules.overrides_hours(stored),
                refusals=ignores_refusals(work, stored),
            )
            return stored

        return self._write(write)

    def approve_texts(self, id: str, *languages: str) -> Campaign:  # noqa: A002
        """Approve texts that are not Chinese (审定), which whoever approves the rest may not read.

        Not needed for one that is made of an approved translation, of the campaign's `content`
        or of a template; nor where who approves the campaign may approve translations there.
        A text that is changed after is approved no more.

        Args:
            id: Of the campaign, before it is sent.
            *languages: BCP 47; none: all that wait for it.

        Raises:
            Denied: `lifecycle.own_work`, this person wrote at it; `lifecycle.system`;
                `grant.missing`, no grant to `approve` kind `translation` there;
                `account.required`.
            Invalid: `sms.no_text`, there is none in a language; `sms.wrong_script`, one is
                not written in the script of its language; `lifecycle.illegal`;
                `text.bad_language`.
            NotFound: `noun.unknown`.
        """
        wanted = tuple(map(canonical_language, languages))

        def write(work: Work) -> Campaign:
            known = work.noun(CAMPAIGN, work.visible(CAMPAIGN, id))
            rules.demand_state(known, "approve", CampaignState.DRAFT, CampaignState.APPROVED)
            demand_may_approve(work, known)
            chosen_ = wanted or awaiting(known)
            changed = endorsed(known, chosen_, person=work.person)
            _, placed = work.placed(known.organization, known.region)
            stored = work.put(CAMPAIGN, changed, placed)
            work.note(stored, "texts_approved", languages=" ".join(chosen_))
            return stored

        return self._write(write)

    def explain(self, id: str) -> CampaignExplanation:  # noqa: A002
        """Say who may do the next step of a campaign and why, and what stands in its way.

        To compose, to approve and to send are grants of their own, and nobody who wrote at a
        campaign approves it. Nothing is changed.

        Args:
            id: Of the campaign.

        Returns:
            The next step; what would be refused, each with code and hint; whether this account
            may; and the accounts that have a grant for it, of the campaign's organization and
            of those above.
        """
        carriers = carriers_of(self._tools, self._known(id, Action.READ))

        def read(work: Work) -> CampaignExplanation:
            row = work.visible(CAMPAIGN, id)
            return explained(work, work.noun(CAMPAIGN, row), row, carriers)

        return self._read(read)

    # Within a transaction.

    def _plan(self, id_: str, action: Action) -> tuple[Campaign, Plan]:
        # Gateways are opened outside of the transactions that follow.
        carriers = carriers_of(self._tools, self._known(id_, action))

        def read(work: Work) -> tuple[Campaign, Plan]:
            campaign = work.noun(CAMPAIGN, work.visible(CAMPAIGN, id_, action))
            return campaign, planned(work, campaign, carriers)

        return self._read(read)

    def _known(self, id_: str, action: Action) -> Campaign:
        return self._read(lambda work: work.noun(CAMPAIGN, work.visible(CAMPAIGN, id_, action)))


Template = str | Sequence[str] | Mapping[str, str]
"""A template for all texts, several for those of their languages, or one a language."""


def _named(template: Template, texts: Mapping[str, str]) -> list[tuple[str, str]]:
    """Give languages and ids of templates; an empty language: of that of the template."""
    if isinstance(template, Mapping):
        for tag in template:
            demand_type(tag, str, f"template.{tag}")
        return [(canonical_language(tag), id_) for tag, id_ in template.items()]
    if isinstance(template, str):
        return [(canonical_language(tag), template) for tag in texts if template]
    several = demand_list(template, "template", "str | list | mapping")
    for place, id_ in enumerate(several):
        demand_type(id_, str, f"template[{place}]")
    return [("", id_) for id_ in several]


def _tags(texts: Mapping[str, str]) -> frozenset[str]:
    return frozenset(map(canonical_language, texts))


def _fixed(work: Work, campaign: Campaign, carriers: Carriers) -> list[Leg]:
    """Give the gateways of a draft with the templates that it goes out with."""
    found = []
    for leg in legs_of(campaign):
        own = chosen(work, through(campaign, leg.gateway), carriers[leg.gateway])
        templates = {tag: one.id for tag, one in own.items()}
        found.append(attrs.evolve(leg, templates=templates))
    return found


_SEVERAL = frozenset({"settings", "languages", "interests", "members", "fallback_order"})


def _of_segment(work: Work, segment: str | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """Give the audience of a saved segment, as far as nothing else is given."""
    if segment is None:
        return dict(given)
    found = demand_segment(work, segment)
    of = {name: value or getattr(found, name) for name, value in given.items()}
    return of | {"segment": found.id, "segment_version": found.version}
