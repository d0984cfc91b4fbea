"""The desk of science SMS (科普短信): compose, plan, approve, send, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from tianfu_sdk.core import campaign as rules
from tianfu_sdk.core.keying import Placed
from tianfu_sdk.core.kinds import CAMPAIGN
from tianfu_sdk.core.texts import demand_none
from tianfu_sdk.errors import Conflict, Denied, Invalid, TianfuError
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.next_step import CampaignExplanation
from tianfu_sdk.model.sms import (
    Campaign,
    CampaignState,
    DispatchReport,
    Health,
    MessageState,
    Plan,
    SmsCapabilities,
    SmsProgress,
    UnknownBatch,
)
from tianfu_sdk.model.sms_report import SmsMessage
from tianfu_sdk.model.storage import JobState, Where
from tianfu_sdk.services import caps, outbox, quotas
from tianfu_sdk.services.answering import answered
from tianfu_sdk.services.audience import Audience, demand_reach, reaches_region
from tianfu_sdk.services.dispatch import Dispatcher
from tianfu_sdk.services.drafts import (
    checked,
    demand_no_drill,
    demand_translations,
    not_before,
    planned,
)
from tianfu_sdk.services.explaining import explained
from tianfu_sdk.services.filling import Filling
from tianfu_sdk.services.indexing import put_index_keys, settled
from tianfu_sdk.services.lanes import again, queue_of, try_again
from tianfu_sdk.services.narrowing import narrowed
from tianfu_sdk.services.page import Page
from tianfu_sdk.services.reach import ignores_refusals
from tianfu_sdk.services.receipts import Receipts, forget_early
from tianfu_sdk.services.reporting import (
    CampaignReport,
    Wanted,
    messages_in,
    opted_out_in,
    progress_of,
    report_of,
)
from tianfu_sdk.services.segments import demand_segment
from tianfu_sdk.services.sendkeys import first_of
from tianfu_sdk.services.sms_health import health_of
from tianfu_sdk.services.texts import (
    capabilities_of,
    chosen,
    composed,
    demand_sendable,
)
from tianfu_sdk.services.unclear import give_up, resolve, unknown_batches
from tianfu_sdk.services.work import Actor, Desk, Work

__all__ = ["Sms"]

_SOME = 1000
_FEW = 20


class Sms(Desk):
    """Compose science SMS, plan and approve them, send them, and follow what became of them.

    Who wrote a campaign does not approve it. What is sent leaves through an outbox: a
    message is on disk as `sending` before it is on the air, and what may have gone out is
    never sent again by itself. Safe to share between threads.
    """

    # Before it is sent.

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
        gateway: str = "file",
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
        template: str | Mapping[str, str] = "",
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
            gateway: Name of the SMS gateway, such as `file`.
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
                one a language; empty: where the gateway needs one, one that fits is taken.
                What does not match is a problem of the plan, with the difference.

        Raises:
            Invalid: `sms.no_text`, `sms.bad_signature`, `sms.override`, `sms.drill` (a drill
                through a gateway that reaches telephones), `sms.template_gateway`,
                `sms.segment_retired`, `sms.too_many_members`, `sms.not_published`,
                `sms.unapproved_translation`, and others with the path of the field.
            Unsupported: `sms.no_templates`, the gateway takes none.
            Denied: `grant.missing`, no grant to compose campaigns there.
            NotFound: `organization.unknown`, `region.unknown`, `term.unknown`, `noun.unknown`.
            PluginError: Nobody offers the gateway.
        """
        capabilities = capabilities_of(self._tools, gateway)
        fields = {
            "title": title,
            "organization": organization,
            "texts": dict(texts),
            "signature": signature,
            "topic": topic,
            "purpose": purpose,
            "gateway": gateway,
            "fallback": fallback,
            "fallback_order": tuple(fallback_order),
            "group": group,
            "content": content,
            "emergency": emergency,
            "override_reason": override_reason,
            "templates": _by_language(template, texts),
        }

        audience = {
            "region": region,
            "settings": tuple(settings),
            "languages": tuple(languages),
            "interests": tuple(interests),
            "members": tuple(members),
        }

        def write(work: Work) -> Campaign:
            chosen_ = _of_segment(work, segment, audience)
            owner, placed = work.placed(organization, chosen_["region"])
            work.allow_for(Action.COMPOSE, CAMPAIGN.name, organization, placed)
            given = (
                fields
                | chosen_
                | {
                    "id": work.new_id(CAMPAIGN),
                    "region": chosen_["region"] or owner.region,
                    "whole_region": reaches_region(work, Action.COMPOSE, placed),
                    "author": work.person,
                    "writers": tuple(filter(None, (work.person,))),
                }
            )
            made = checked(work, given, capabilities)
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
        for name in _SEVERAL & changes.keys():
            changes[name] = tuple(changes[name])
        known = self._known(id, Action.COMPOSE)
        capabilities = capabilities_of(self._tools, changes.get("gateway") or known.gateway)

        def write(work: Work) -> Campaign:
            known = work.noun(CAMPAIGN, work.visible(CAMPAIGN, id, Action.COMPOSE))
            rules.demand_state(known, "edit", CampaignState.DRAFT)
            if version is not None and version != known.version:
                raise Conflict("storage.version", path="version", ids=(id,), kind=CAMPAIGN.name)
            if template is not None:
                changes["templates"] = _by_language(template, changes.get("texts") or known.texts)
            _, placed = work.placed(known.organization, known.region)
            demand_reach(work, known, Action.COMPOSE, placed)
            plain = {field.name: getattr(known, field.name) for field in attrs.fields(Campaign)}
            author = work.person or known.author
            writers = tuple(dict.fromkeys(filter(None, (*known.writers, known.author, author))))
            wrote = {"author": author, "writers": writers}
            changed = checked(work, plain | changes | wrote, capabilities)
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
            begin, and what is wrong with the texts.

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
        capabilities = capabilities_of(self._tools, campaign.gateway)
        texts = self._read(lambda work: composed(work, campaign, capabilities))
        audience = Audience(campaign, capabilities, self._tools, texts)
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
            Invalid: `lifecycle.illegal`, `sms.no_window`; the first problem of the plan that
                is refused, such as `sms.words`, `sms.template_mismatch`, `sms.no_template`.
            Conflict: `storage.version`, it was changed while it was planned.
        """
        drafted, plan = self._plan(id, Action.APPROVE)
        capabilities = capabilities_of(self._tools, drafted.gateway)

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
            named = {tag: one.id for tag, one in chosen(work, known, capabilities).items()}
            stored = work.put(CAMPAIGN, attrs.evolve(approved, templates=named), placed)
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
        capabilities = self._capabilities(id, Action.READ)

        def read(work: Work) -> CampaignExplanation:
            row = work.visible(CAMPAIGN, id)
            return explained(work, work.noun(CAMPAIGN, row), row, capabilities)

        return self._read(read)

    # Sending.

    def send(self, id: str, *, key: str = "") -> Campaign:  # noqa: A002
        """Put an approved campaign in the outbox; `dispatch` sends it when its hours come.

        Called again after a crash, it goes on where it stopped: a phone gets one message of a
        campaign at most.

        Args:
            id: Of the campaign.
            key: Of the caller's own, for this sending: said again, it gives the first result,
                also for another campaign of the same content; empty: none.

        Returns:
            The campaign, `sending`, with the number of messages in `queued`; under a key that
            was said before, the campaign that was sent then.

        Raises:
            Invalid: `lifecycle.illegal`, `sms.no_window`, `sms.drill`;
                `sms.template_unusable`, its template was withdrawn since.
            Conflict: `sms.key_taken`, other content was sent under this key.
            Denied: `grant.missing`, no grant to send.
            QuotaExceeded: `quota.exceeded`, its organization or one above has not so many
                parts left; nothing was queued, or no more than there was room for.
        """
        capabilities = self._capabilities(id, Action.SEND)

        def begin(work: Work) -> tuple[Campaign, datetime]:
            known, placed = self._mine(work, id)
            first = first_of(work, known, key) if key else known
            if first.id != id:
                return first, work.now
            rules.demand_state(known, "send", CampaignState.APPROVED, CampaignState.SENDING)
            demand_reach(work, known, Action.SEND, placed)
            demand_no_drill(work, known, capabilities)
            demand_translations(work, known)
            demand_sendable(work, known, capabilities)
            due = not_before(work, known, capabilities)
            if known.state is CampaignState.APPROVED:
                # Written, so that it and a change of index keys that begins now conflict.
                put_index_keys(work, settled(work))
                owner, _ = work.placed(known.organization)
                quotas.reserve(work, id, owner.path, known.parts, due)
                known = attrs.evolve(known, state=CampaignState.SENDING)
                known = work.put(CAMPAIGN, known, placed)
                work.note(known, "queued", reason=known.override_reason)
            if known.queued is None:
                outbox.begin(work, known)
            return known, due

        campaign, due = again(self._write, begin)
        if campaign.queued is not None or campaign.id != id:
            return campaign
        texts = self._read(lambda work: composed(work, campaign, capabilities))
        Filling(self._tools, self._actor).run(campaign, capabilities, due, texts)
        return again(self._write, lambda work: outbox.close(work, id))

    def finish_sends(self) -> int:
        """Go on with campaigns whose `send` died half-way; run by a worker.

        A `send` that still goes on is left alone.

        Returns:
            How many campaigns were brought into the outbox.

        Raises:
            Denied: `account.required`, `grant.missing`.
        """
        self._read(_demand_runner)
        stopped = self._read(outbox.half_queued)
        first: Exception | None = None
        done = 0
        for id_ in stopped:
            try:
                self.send(id_)
                done += 1
            except TianfuError as error:
                # Such as a window that has closed for good; the others are not kept waiting.
                first = first or error
        if first is not None:
            raise first
        return done

    def cancel(self, id: str, reason: str = "") -> Campaign:  # noqa: A002
        """Stop a campaign for good; what left already has left.

        Args:
            id: Of the campaign.
            reason: Why, for the audit.
        """

        def write(work: Work) -> Campaign:
            known, placed = self._mine(work, id)
            rules.demand_state(
                known,
                "cancel",
                CampaignState.DRAFT,
                CampaignState.APPROVED,
                CampaignState.SENDING,
            )
            work.tx.drop(queue_of(known.gateway), id)
            dropped = outbox.drop_open(work, id)
            quotas.settle(work, id, outbox.billed_parts(work, known))
            stored = work.put(CAMPAIGN, attrs.evolve(known, state=CampaignState.CANCELLED), placed)
            work.note(stored, "cancelled", reason=reason, dropped=dropped)
            return stored

        return again(self._write, write)

    def pause(self, id: str, reason: str = "") -> Campaign:  # noqa: A002
        """Hold what has not left yet, until `resume`."""

        def write(work: Work) -> Campaign:
            known, _ = self._mine(work, id)
            work.tx.hold(queue_of(known.gateway), id)
            work.note(known, "paused", reason=reason)
            return known

        return self._write(write)

    def resume(self, id: str, reason: str = "") -> Campaign:  # noqa: A002
        """Let a campaign go on: what was paused, and batches that waited for a person.

        Its gateway is tried at once, if it is left alone. Messages that may have gone out
        stay `unknown` and are not sent again: `resolve` says what became of them.
        """

        def write(work: Work) -> Campaign:
            known, _ = self._mine(work, id)
            queue = queue_of(known.gateway)
            work.tx.unhold(queue, id)
            parked = [j.id for j in outbox.jobs_in(work, queue, JobState.PARKED) if j.group == id]
            released = work.tx.release(queue, parked)
            try_again(work, known.gateway)
            work.note(known, "resumed", reason=reason, released=released)
            return known

        return self._write(write)

    def dispatch(
        self,
        limit: int = 1000,
        *,
        stop: Callable[[], bool] = lambda: False,
        progress: Callable[[DispatchReport], None] | None = None,
    ) -> DispatchReport:
        """Send what is due; run by a worker, or by whoever may send campaigns.

        Args:
            limit: Batches at most.
            stop: Asked before each claim; True: claim no more, settle what is on its way.
            progress: Called after each group of batches, with what became of all so far.

        Returns:
            What became of them.

        Raises:
            Denied: `account.required`, `grant.missing`.
        """
        self._read(_demand_runner)
        return Dispatcher(self._tools, self._actor).run(limit, stop, progress)

    def unknown(self, id: str) -> list[UnknownBatch]:  # noqa: A002
        """Give the batches of a campaign of which nobody knows whether they went out.

        Ask the gateway's operator by their reference, and say with `resolve` what became of
        them. A receipt that comes late settles them by itself.

        Args:
            id: Of the campaign.
        """

        def read(work: Work) -> list[UnknownBatch]:
            campaign = work.noun(CAMPAIGN, work.visible(CAMPAIGN, id))
            return unknown_batches(work, campaign)

        return self._read(read)

    def resolve(
        self,
        id: str,  # noqa: A002
        batch: str,
        *,
        sent: bool,
        reason: str,
        only: Sequence[str] | None = None,
    ) -> Campaign:
        """Say what became of a batch of which nobody knew.

        Args:
            id: Of the campaign.
            batch: Its reference, as `unknown` gives it.
            sent: True: it went out, and counts as accepted. False: it did not, and is sent
                again, in its hours and under a new reference; who refused since is left out.
            reason: How it was found out, for the audit.
            only: Ids of the subscribers for whom it is known; None: for all of the batch.

        Raises:
            NotFound: `sms.no_unknown`, nothing of this batch is unknown.
            Invalid: `hub.no_reason`.
            Denied: `grant.missing`, no grant to send.
        """
        if not reason.strip():
            raise Invalid("hub.no_reason", path="reason")

        def write(work: Work) -> Campaign:
            known, placed = self._mine(work, id)
            demand_reach(work, known, Action.SEND, placed)
            return resolve(work, known, batch, sent=sent, reason=reason, only=only)

        return again(self._write, write)

    def purge(self) -> int:
        """Forget finished batches after `sms.done_days`; run by a worker.

        Messages and the figures of campaigns stay. What nobody found out of within
        `sms.unknown_hours` is given up: reported as such, never sent again.

        Returns:
            How many were forgotten.

        Raises:
            Denied: `account.required`, `grant.missing`.
        """
        self._read(_demand_runner)
        while self._write(lambda work: caps.purge(work, _SOME)):
            pass
        sms = self._tools.settings.sms
        old = self._tools.clock.now() - timedelta(days=sms.done_days)
        while self._write(lambda work: forget_early(work, old, _SOME)):
            pass
        if sms.unknown_hours:
            late = self._tools.clock.now() - timedelta(hours=sms.unknown_hours)
            while again(self._write, lambda work: give_up(work, late, _FEW)):
                pass
        queues = self._read(outbox.queues)
        return sum(self._purge(queue) for queue in queues)

    # What comes back.

    def poll(self, gateway: str | None = None) -> int:
        """Fetch receipts and inbound messages from gateways that are asked for them.

        Args:
            gateway: Name of one; None: those of the campaigns changed last.

        Returns:
            How many receipts and inbound messages came.

        Raises:
            Unsupported: `sms.no_poll`, this gateway is not asked.
            Denied: `account.required`, `grant.missing`.
        """
        self._read(_demand_runner)
        receipts = Receipts(self._tools, self._actor)
        if gateway is not None:
            return receipts.poll(gateway)
        return receipts.poll_all(self._read(outbox.pulled))

    def callback(self, gateway: str, request: HttpRequest) -> HttpResponse:
        """Take what a gateway sent us: receipts (状态报告) and inbound messages (上行).

        Needs no account: the gateway's backend tells whether it is the gateway. Stored first,
        answered second; told twice, late or early does no harm.

        Args:
            gateway: Its name.
            request: As it came in.

        Returns:
            What to answer.

        Raises:
            Denied: `sms.callback_forged`.
            Invalid: `sms.callback_malformed`.
            Unsupported: `sms.no_callback`, this gateway sends none.
        """
        actor = Actor(system=f"callback of {gateway[:40]}")
        return Receipts(self._tools, actor).callback(gateway, request)

    def answer(
        self, gateway: str, request: HttpRequest, *, networks: Sequence[str] = ()
    ) -> HttpResponse:
        """Take what a gateway sent us, as `callback` does, and say what to answer in any case.

        Args:
            gateway: Its name.
            request: As it came in.
            networks: Addresses that its vendor calls from, such as `203.0.113.0/24`; empty: any.

        Returns:
            What to answer: 403 to who is not the gateway, 400 or 413 to what cannot be read, 404
            where nothing is called back, 503 or 500 so that the vendor calls again.

        Raises:
            Invalid: `field.value`, one of `networks` is none.
        """
        return answered(request, networks, lambda: self.callback(gateway, request))

    def report(self, id: str) -> CampaignReport:  # noqa: A002
        """Say what became of a campaign, in all, by region, language, state and reason.

        Counted by indexes, so that it may be asked while a province-sized campaign goes out. What
        waits in the outbox has no region yet. Iterating gives the smallest figures, which are
        also its rows as a table.
        """

        def read(work: Work) -> CampaignReport:
            return report_of(work, work.noun(CAMPAIGN, work.visible(CAMPAIGN, id)))

        return self._read(read)

    def messages(
        self,
        id: str,  # noqa: A002
        *,
        state: MessageState | str | Sequence[MessageState | str] | None = None,
        region: str | None = None,
        language: str | None = None,
        reason: str | None = None,
        opted_out: bool = False,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[SmsMessage]:
        """List the messages behind a number of a campaign's report.

        A phone is masked, and shown at all only to an account that may reveal it. What waits in
        the outbox has no message of its own yet.

        Args:
            id: Of the campaign.
            state: Only those that stand so, or in one of several states; None: all.
            region: Only to subscribers of this region or one below it.
            language: Only those in this language, as `SmsReport.by_language` names it.
            reason: Only those with this reason, as `SmsFigure.reason` names it.
            opted_out: Only those whose people refused since, as `SmsReport.opt_outs` counts.
            after: Cursor of a page.
            limit: Of a page, 1 to 1,000.

        Raises:
            Invalid: `field.choice`, there is no such state; `page.bad_cursor`.
            NotFound: `region.unknown`.
        """
        several = [state] if isinstance(state, str) else MessageState if state is None else state
        states = tuple(dict.fromkeys(MessageState.of(one, "state") for one in several))
        listed = opted_out_in if opted_out else messages_in

        def read(work: Work) -> Page[SmsMessage]:
            campaign = work.noun(CAMPAIGN, work.visible(CAMPAIGN, id))
            wanted = Wanted.of(work, states, region=region, language=language, reason=reason)
            found, cursor = listed(work, campaign, wanted, after, limit)
            return Page(
                found,
                cursor,
                lambda place: self.messages(
                    id,
                    state=states,
                    region=region,
                    language=language,
                    reason=reason,
                    opted_out=opted_out,
                    after=place,
                    limit=limit,
                ),
            )

        return self._read(read)

    def status(self, id: str) -> Mapping[str, int]:  # noqa: A002
        """Count the messages of a campaign by state; states that none has are left out."""

        def read(work: Work) -> Mapping[str, int]:
            campaign = work.noun(CAMPAIGN, work.visible(CAMPAIGN, id))
            return outbox.counts_of(work, campaign.id)

        return self._read(read)

    def progress(
        self,
        id: str,  # noqa: A002
        *,
        since: SmsProgress | None = None,
        seconds: float = 0.0,
    ) -> SmsProgress:
        """Say how far a campaign is.

        Args:
            id: Of the campaign.
            since: What was said before; then the rate and the time left are told.
            seconds: That passed since then.
        """

        def read(work: Work) -> SmsProgress:
            campaign = work.noun(CAMPAIGN, work.visible(CAMPAIGN, id))
            return progress_of(campaign, outbox.counts_of(work, id), since, seconds)

        return self._read(read)

    def health(self) -> Health:
        """Say how the sending side does, gateway by gateway; needs no account.

        For the embedder's metrics: how many batches wait, for how long the oldest of them has
        been due, what waits for a person, and what nobody knows.
        """
        return self._read(health_of)

    # Within a transaction.

    def _plan(self, id_: str, action: Action) -> tuple[Campaign, Plan]:
        capabilities = self._capabilities(id_, action)

        def read(work: Work) -> tuple[Campaign, Plan]:
            campaign = work.noun(CAMPAIGN, work.visible(CAMPAIGN, id_, action))
            return campaign, planned(work, campaign, capabilities)

        return self._read(read)

    def _capabilities(self, id_: str, action: Action) -> SmsCapabilities:
        # A gateway is opened outside of the transactions that follow.
        return capabilities_of(self._tools, self._known(id_, action).gateway)

    def _known(self, id_: str, action: Action) -> Campaign:
        return self._read(lambda work: work.noun(CAMPAIGN, work.visible(CAMPAIGN, id_, action)))

    def _purge(self, queue: str) -> int:
        keep = timedelta(days=self._tools.settings.sms.done_days)
        count = 0
        while some := self._write(lambda work: work.tx.purge(queue, work.now - keep, _SOME)):
            count += some
        return count

    def _mine(self, work: Work, id_: str) -> tuple[Campaign, Placed]:
        known = work.noun(CAMPAIGN, work.visible(CAMPAIGN, id_, Action.SEND))
        return known, work.placed(known.organization, known.region)[1]


def _by_language(template: str | Mapping[str, str], texts: Mapping[str, str]) -> dict[str, str]:
    if isinstance(template, Mapping):
        return dict(template)
    return dict.fromkeys(texts, template) if template else {}


_SEVERAL = frozenset({"settings", "languages", "interests", "members", "fallback_order"})


def _of_segment(work: Work, segment: str | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """Give the audience of a saved segment, as far as nothing else is given."""
    if segment is None:
        return dict(given)
    found = demand_segment(work, segment)
    of = {name: value or getattr(found, name) for name, value in given.items()}
    return of | {"segment": found.id, "segment_version": found.version}


def _demand_runner(work: Work) -> None:
    # Sending what was approved and queued widens nobody's rights: a grant anywhere will do.
    groups = work.scope(Action.SEND, CAMPAIGN.name)
    if groups is not None and not groups:
        raise Denied("grant.missing", action=Action.SEND.value, kind=CAMPAIGN.name)
