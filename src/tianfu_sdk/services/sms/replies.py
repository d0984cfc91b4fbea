"""What comes back of science SMS (科普短信): receipts, what people answer, and the figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tianfu_sdk.core.rows.kinds import CAMPAIGN
from tianfu_sdk.errors import Denied
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.sms import Health, MessageState, SmsProgress
from tianfu_sdk.model.sms_report import SmsMessage
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.services.desk.work import Actor, Desk, Work
from tianfu_sdk.services.sms import outbox
from tianfu_sdk.services.sms.answering import Networks, answered, demand_from, networks_of
from tianfu_sdk.services.sms.counting import counts_of, counts_through
from tianfu_sdk.services.sms.receipts import Receipts
from tianfu_sdk.services.sms.reporting import (
    CampaignReport,
    Wanted,
    messages_in,
    opted_out_in,
    progress_of,
    report_of,
)
from tianfu_sdk.services.sms.sms_health import health_of

__all__ = ["Replies", "demand_runner"]


class Replies(Desk):
    """Take what gateways say afterwards, and tell what became of campaigns."""

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
        self._read(demand_runner)
        receipts = Receipts(self._tools, self._actor)
        if gateway is not None:
            return receipts.poll(gateway)
        return receipts.poll_all(self._read(outbox.pulled))

    def callback(
        self, gateway: str, request: HttpRequest, *, networks: Sequence[str] | None = None
    ) -> HttpResponse:
        """Take what a gateway sent us: receipts (状态报告) and inbound messages (上行).

        Needs no account: the gateway's backend tells whether it is the gateway. Stored first,
        answered second; told twice, late or early does no harm.

        Args:
            gateway: Its name.
            request: As it came in.
            networks: Addresses that its vendor calls from, such as `203.0.113.0/24`; empty: any;
                None: those of `[gateways.NAME]`.

        Returns:
            What to answer.

        Raises:
            Denied: `sms.callback_forged`; `sms.callback_elsewhere`, not from `networks`.
            Invalid: `sms.callback_malformed`; `field.value`, one of `networks` is none.
            Unsupported: `sms.no_callback`, this gateway sends none.
        """
        return self._called(gateway, request, self._networks(gateway, networks))

    def answer(
        self, gateway: str, request: HttpRequest, *, networks: Sequence[str] | None = None
    ) -> HttpResponse:
        """Take what a gateway sent us, as `callback` does, and say what to answer in any case.

        Args:
            gateway: Its name.
            request: As it came in.
            networks: As for `callback`.

        Returns:
            What to answer: 403 to who is not the gateway, 400 or 413 to what cannot be read, 404
            where nothing is called back, 503 or 500 so that the vendor calls again.

        Raises:
            Invalid: `field.value`, one of `networks` is none.
        """
        listed = self._networks(gateway, networks)
        return answered(request, lambda: self._called(gateway, request, listed))

    def _networks(self, gateway: str, given: Sequence[str] | None) -> Networks:
        own = self._tools.settings.gateways.get(gateway)
        return networks_of((own.networks if own else ()) if given is None else given)

    def _called(self, gateway: str, request: HttpRequest, networks: Networks) -> HttpResponse:
        demand_from(request.client, networks)
        actor = Actor(system=f"callback of {gateway[:40]}")
        return Receipts(self._tools, actor).callback(gateway, request)

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
        gateway: str | None = None,
        opted_out: bool = False,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[SmsMessage]:
        """List the messages behind a number of a campaign's report.

        A phone is masked, and shown at all only to an account that may reveal it. What waits in
        the outbox is read from its batches and has no region yet; whom a cancelled batch was for
        is known for `sms.done_days`.

        Args:
            id: Of the campaign.
            state: Only those that stand so, or in one of several states; None: all.
            region: Only to subscribers of this region or one below it.
            language: Only those in this language, as `SmsReport.by_language` names it.
            reason: Only those with this reason, as `SmsFigure.reason` names it.
            gateway: Only those that went through this one, or are in its queue.
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
            wanted = Wanted.of(
                work, states, region=region, language=language, reason=reason, gateway=gateway
            )
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
                    gateway=gateway,
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
            return counts_of(work, campaign.id)

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
            return progress_of(campaign, counts_through(work, campaign), since, seconds)

        return self._read(read)

    def health(self) -> Health:
        """Say how the sending side does, gateway by gateway; needs no account.

        For the embedder's metrics: how many batches wait, for how long the oldest of them has
        been due, what waits for a person, and what nobody knows.
        """
        return self._read(health_of)


def demand_runner(work: Work) -> None:
    """Demand that the actor may send campaigns anywhere.

    Raises:
        Denied: `grant.missing`, `account.required`.
    """
    # Sending what was approved and queued widens nobody's rights: a grant anywhere will do.
    groups = work.scope(Action.SEND, CAMPAIGN.name)
    if groups is not None and not groups:
        raise Denied("grant.missing", action=Action.SEND.value, kind=CAMPAIGN.name)
