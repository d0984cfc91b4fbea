"""Commands about science SMS: split, plan, send, status, receipts."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence

import click

from tianfu_sdk.cli import shared
from tianfu_sdk.cli.reporting import messages, report_
from tianfu_sdk.cli.shared import as_option, bound, db_option, echo_json, json_option, opened
from tianfu_sdk.cli.texts import read_text, show_problems, templates, words
from tianfu_sdk.model.route import GatewayPlan
from tianfu_sdk.model.sms import Health, LaneHealth, MessageState, Plan
from tianfu_sdk.model.sms_report import SmsReport
from tianfu_sdk.model.template import Severity
from tianfu_sdk.text import SmsSplit, sms_split

__all__ = ["sms"]


@click.group()
def sms() -> None:
    """Plan, send and follow science SMS (科普短信)."""


sms.add_command(templates)
sms.add_command(report_)
sms.add_command(messages)
sms.add_command(words)


@sms.command("split")
@json_option()
@click.option("--signature", metavar="NAME", help="The sender, without 【】; billed with them.")
def split_(as_json: bool, signature: str | None) -> None:  # noqa: FBT001
    """Split the text of standard input into parts, as operators bill them.

    A line end at the end of the input is not part of the text.
    """
    split = sms_split(read_text(), signature)
    if as_json:
        echo_json(
            {
                "parts": list(split.parts),
                "units": split.units,
                "count": split.count,
                "costly": list(split.costly),
            }
        )
        return
    _show_split(split, signature)


def _show_split(split: SmsSplit, signature: str | None) -> None:
    for number, part in enumerate(split.parts, 1):
        shown = f"【{signature}】{part}" if signature and number == 1 else part
        click.echo(f"{number}/{split.count}  {shown}")
    click.echo(f"{split.count} 条 / parts, {split.units} UTF-16 units")
    if split.costly:
        click.echo(f"少一条须删 / one part less without: {' '.join(map(_shown, split.costly))}")


def _shown(text: str) -> str:
    # What nobody can see is named.
    return text if text.isprintable() or len(text) > 1 else f"U+{ord(text):04X}"


@sms.command("plan")
@click.argument("id_", metavar="ID")
@db_option()
@as_option()
@json_option()
@click.option(
    "--left-out", metavar="REASON", help="Only list who is left out for this, such as no_consent."
)
def plan_(id_: str, db: str, account: str, as_json: bool, left_out: str | None) -> None:  # noqa: FBT001
    """Say what the campaign ID would do; nothing is changed.

    Exits with 1 where something about its texts is refused, or a quota has not enough left.
    """
    with opened(db) as hub:
        desk = bound(hub, account).sms
        if left_out is not None:
            _list(desk.exclusions(id_, left_out), as_json=as_json)
            return
        plan = desk.plan(id_)
    if as_json:
        echo_json(shared.as_json(plan))
    else:
        _show_plan(plan)
    if plan.over_quota or any(one.severity is Severity.REFUSE for one in plan.problems):
        raise SystemExit(1)


def _list(ids: Iterable[str], *, as_json: bool) -> None:
    if as_json:
        echo_json(list(ids))
        return
    for id_ in ids:
        click.echo(id_)


@sms.command("explain")
@click.argument("id_", metavar="ID")
@db_option()
@as_option()
@json_option()
def explain_(id_: str, db: str, account: str, as_json: bool) -> None:  # noqa: FBT001
    """Say who may do the next step of the campaign ID, and what stands in its way.

    Exits with 1 where something does.
    """
    with opened(db) as hub:
        found = bound(hub, account).sms.explain(id_)
    if as_json:
        echo_json(shared.as_json(found))
    else:
        click.echo(f"{found.state.zh} / {found.state.en}; next: {found.step or '-'}")
        for one in found.blockers:
            click.echo(f"阻碍 / blocker  {one.message_zh} / {one.message} [{one.code}]")
            if one.hint:
                click.echo(f"  {one.hint_zh} / {one.hint}")
        for doer in found.who:
            may = "可 / may" if doer.allowed else f"不可 / may not: {doer.reason}"
            click.echo(f"{doer.account}  {doer.label}  {may}")
        for one in found.yours:
            click.echo(f"您 / you  {one.message_zh} / {one.message} [{one.code}]")
        for leg in found.gateways if len(found.gateways) > 1 else ():
            how = "正常 / works" if leg.works else "暂停使用 / left alone"
            languages = ", ".join(leg.languages) or "-"
            click.echo(f"网关 / gateway  {leg.gateway}  weight {leg.weight}  {how}  {languages}")
        if found.not_before is not None:
            click.echo(f"不早于 / not before  {found.not_before:%Y-%m-%d %H:%M} UTC")
    raise SystemExit(1 if found.blockers or found.yours else 0)


def _show_plan(plan: Plan) -> None:
    click.echo(f"接收人 / recipients  {plan.recipients}")
    for language, count in sorted(plan.by_language.items()):
        click.echo(f"  {language}  {count}")
    click.echo(f"计费条数 / parts     {plan.parts}")
    click.echo(f"费用 / cost          {plan.cost / 1000:.3f} 元")
    if plan.most_cost != plan.cost or plan.most_parts != plan.parts:
        most = f"{plan.most_parts} 条 / parts, {plan.most_cost / 1000:.3f} 元"
        click.echo(f"最多 / at most       {most}")
    click.echo(f"批次 / batches       {plan.batches}")
    for gateway in plan.gateways if len(plan.gateways) > 1 else ():
        _show_gateway(gateway)
    for exclusion in plan.exclusions:
        click.echo(f"剔除 / left out      {exclusion.reason}: {exclusion.count}")
    if plan.caps_since is not None:
        click.echo(f"频次自 / caps since  {plan.caps_since:%Y-%m-%d %H:%M} UTC")
    why = f" ({plan.reason})" if plan.reason else ""
    click.echo(f"不早于 / not before  {plan.not_before:%Y-%m-%d %H:%M} UTC{why}")
    for day in plan.schedule.days:
        click.echo(f"  {day.day}  {day.messages}")
    if plan.schedule.ends is not None:
        click.echo(f"完成 / ends          {plan.schedule.ends:%Y-%m-%d %H:%M} UTC")
    for line in plan.quota:
        click.echo(f"配额余 / quota left  {line.organization} {line.name}: {line.left}")
    if plan.over_quota:
        click.echo("超出配额 / over quota")
    show_problems(plan.problems)


def _show_gateway(one: GatewayPlan) -> None:
    share = f"权重 / weight {one.weight}" if one.weight else "后备 / takes over"
    click.echo(f"网关 / gateway       {one.gateway}  {share}  {', '.join(one.languages) or '-'}")
    cost = f"{one.recipients}, {one.parts} 条 / parts, {one.cost / 1000:.3f} 元"
    click.echo(f"  {cost}; 全部 / all: {one.all_parts}, {one.all_cost / 1000:.3f} 元")


@sms.command("send")
@click.argument("id_", metavar="ID")
@db_option()
@as_option()
@json_option()
def send_(id_: str, db: str, account: str, as_json: bool) -> None:  # noqa: FBT001
    """Put the approved campaign ID in the outbox, and send what is due now.

    What is not due, such as at night, is sent by `tianfu worker`.
    """
    with opened(db) as hub:
        me = bound(hub, account)
        campaign = me.sms.send(id_)
        me.sms.dispatch()
        found = me.sms.progress(id_)
    if as_json:
        shown = {"campaign": id_, "queued": campaign.queued, "by_state": found.by_state}
        echo_json(shown | {"by_gateway": found.by_gateway})
        return
    click.echo(f"queued {campaign.queued}")
    _show_states(found.by_state)
    _show_gateways(found.by_gateway)


@sms.command("status")
@click.argument("id_", metavar="[ID]", required=False)
@db_option()
@as_option()
@json_option()
def status(id_: str | None, db: str, account: str, as_json: bool) -> None:  # noqa: FBT001
    """Say what became of the campaign ID; without one, how the sending side does."""
    with opened(db) as hub:
        found: SmsReport | Health = (
            hub.sms.health() if id_ is None else bound(hub, account).sms.report(id_)
        )
    if as_json:
        echo_json(shared.as_json(found))
    elif isinstance(found, Health):
        for name, count in (
            ("queued", found.queued),
            ("leased", found.leased),
            ("parked", found.parked),
            ("unknown", found.unknown),
        ):
            click.echo(f"{name:8} {count}")
        click.echo(f"lag      {found.lag:.0f} s")
        click.echo(f"gateways {', '.join(found.gateways)}")
        for lane in found.lanes:
            _show_lane(lane)
    else:
        click.echo(f"{found.campaign}  {found.state.zh} / {found.state.en}")
        _show_states(found.by_state)
        for region, counts in found.by_region.items():
            click.echo(f"  {region}: " + ", ".join(f"{n} {count}" for n, count in counts.items()))
        for reason, count in found.by_reason.items():
            click.echo(f"  why: {reason} {count}")
        by_gateway = found.totals_by("gateway")
        for name, totals in by_gateway.items() if len(by_gateway) > 1 else ():
            click.echo(
                f"  {name}: {totals.messages}, sent {totals.sent}, delivered {totals.delivered},"
                f" failed {totals.failed}, {totals.parts} 条 / parts, {totals.cost / 1000:.3f} 元"
            )
        for name, count in found.passed_on.items():
            click.echo(f"  {name}: 转出 / passed on {count}")
        click.echo(f"{found.parts} 条 / parts, {found.cost / 1000:.3f} 元")


@sms.command("progress")
@click.argument("id_", metavar="ID")
@click.option("--seconds", default=2.0, show_default=True, help="Between two looks, for the rate.")
@db_option()
@as_option()
@json_option()
def progress(id_: str, seconds: float, db: str, account: str, as_json: bool) -> None:  # noqa: FBT001
    """Say how far the campaign ID is, how fast it goes, and how long it still takes."""
    with opened(db) as hub:
        me = bound(hub, account)
        found = me.sms.progress(id_)
        if found.done < found.total and seconds > 0:
            time.sleep(seconds)
            found = me.sms.progress(id_, since=found, seconds=seconds)
    if as_json:
        echo_json(shared.as_json(found))
        return
    click.echo(f"{found.campaign}  {found.state.zh} / {found.state.en}")
    click.echo(f"{found.done} of {found.total}")
    _show_states(found.by_state)
    _show_gateways(found.by_gateway)
    if found.rate is not None:
        left = "" if found.left is None else f", {found.left:.0f} s left"
        click.echo(f"{found.rate:.0f}/s{left}")


def _show_gateways(by_gateway: Mapping[str, Mapping[str, int]]) -> None:
    for name, counts in by_gateway.items() if len(by_gateway) > 1 else ():
        click.echo(f"  {name}: " + ", ".join(f"{state} {n}" for state, n in counts.items()))


def _show_lane(lane: LaneHealth) -> None:
    until = f", nothing before {lane.until:%Y-%m-%d %H:%M:%S}Z" if lane.until else ""
    failures = f", {lane.failures} failures in a row" if lane.failures else ""
    sessions = f", {lane.sessions} sessions" if lane.sessions else ""
    click.echo(f"  {lane.gateway}: breaker {lane.breaker}{failures}{until}{sessions}")
    counts = {"queued": lane.queued, "leased": lane.leased, "parked": lane.parked}
    counts |= {"unknown": lane.unknown, "lag in seconds": round(lane.lag)}
    if any(counts.values()):
        click.echo("    " + ", ".join(f"{name} {n}" for name, n in counts.items() if n))


@sms.command("unknown")
@click.argument("id_", metavar="ID")
@db_option()
@as_option()
@json_option()
def unknown(id_: str, db: str, account: str, as_json: bool) -> None:  # noqa: FBT001
    """List the batches of the campaign ID of which nobody knows whether they went out."""
    with opened(db) as hub:
        found = bound(hub, account).sms.unknown(id_)
    if as_json:
        echo_json([shared.as_json(one) for one in found])
        return
    for one in found:
        click.echo(
            f"{one.batch}  {one.gateway}  {len(one.subscribers)} messages, {one.parts} parts"
        )
    if not found:
        click.echo("nothing is unknown")


@sms.command("resolve")
@click.argument("id_", metavar="ID")
@click.argument("batch")
@db_option()
@as_option()
@json_option()
@click.option(
    "--sent/--not-sent", required=True, default=None, help="What became of it; not sent: again."
)
@click.option("--reason", required=True, help="How it was found out, for the audit.")
@click.option("--only", metavar="SUBSCRIBER", multiple=True, help="Only for these; else for all.")
def resolve(
    id_: str,
    batch: str,
    *,
    db: str,
    account: str,
    as_json: bool,
    sent: bool,
    reason: str,
    only: Sequence[str],
) -> None:
    """Say what became of the unknown BATCH of the campaign ID."""
    with opened(db) as hub:
        me = bound(hub, account)
        me.sms.resolve(id_, batch, sent=sent, reason=reason, only=only or None)
        counts = me.sms.status(id_)
    if as_json:
        echo_json({"campaign": id_, "batch": batch, "by_state": counts})
    else:
        _show_states(counts)


def _show_states(counts: Mapping[str, int]) -> None:
    for state in MessageState:
        if state.value in counts:
            click.echo(f"{state.zh} / {state.en}: {counts[state.value]}")


@sms.command("receipts")
@db_option()
@as_option()
@json_option()
@click.option("--gateway", metavar="NAME", help="Only this one; else those in use.")
def receipts(db: str, account: str, as_json: bool, gateway: str | None) -> None:  # noqa: FBT001
    """Fetch receipts and inbound messages from gateways that are asked for them."""
    with opened(db) as hub:
        count = bound(hub, account).sms.poll(gateway)
    if as_json:
        echo_json({"came": count})
    else:
        click.echo(f"{count} receipts and inbound messages came")
