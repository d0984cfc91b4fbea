"""The demo's story: each chapter runs one line of the service for real."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from tianfu_sdk.cli.demo import data_files, records, supply
from tianfu_sdk.cli.demo.people import Cast, make_cast, make_organizations, synthetic_subscribers
from tianfu_sdk.cli.demo.sounds import animation, sound
from tianfu_sdk.cli.reading import answers_json
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.base import total
from tianfu_sdk.model.media import Media

__all__ = ["QUESTIONS", "tell"]

_SAMPLE = "示例内容，未经审核背书 / sample, not vouched for"
_SIGNATURE = "四川科普演示"
_SEEKING = ("project", "need")

QUESTIONS = (
    ("health", "中风怎么预防？"),
    ("earthquake", "地震来了在家里应该怎么办"),
    ("farming", "柑橘溃疡病怎么防治"),
    ("traditional", "高血壓患者平時要注意什麼"),
    ("abstain", "怎样用葡萄酿造起泡酒"),
)
"""One each of health, earthquake, farming, traditional characters, and one to abstain from."""

Chapter = tuple[str, str, Any]


@attrs.define
class _Stage:
    """What chapters hand on to each other."""

    hub: Hub
    cast: Cast
    ids: dict[str, str]
    """Organization id by key."""
    root: str
    summary: dict[str, Any]
    activities: dict[str, str] = attrs.field(factory=dict)
    """Activity id by key."""
    rights: str = ""
    """Id of the resource that is translated."""


def tell(hub: Hub) -> Iterator[Chapter]:
    """Run the service on sample data.

    Args:
        hub: Of an empty store.

    Yields:
        Chapter by chapter: its name, one line for a person, and the same as plain values.
    """
    account = hub.bootstrap(
        organization="四川省科学技术协会",
        region="510000",
        label="演示·管理员",
        aliases=["四川省科协", "省科协"],
    )
    admin = hub.as_(account.id)
    system = hub.as_system(reason="demo")
    counts = _regions(hub)
    yield (
        "regions",
        "{prefectures} prefectures, {counties} counties of Sichuan".format(**counts),
        counts,
    )
    organizations = data_files.page()["organizations"]
    ids = make_organizations(system, account.organization, organizations)
    yield "organizations", f"{len(ids)} organizations in a tree", {"count": len(ids)}
    cast = make_cast(hub, admin, ids)
    stage = _Stage(hub, cast, ids, account.organization, {})
    yield "accounts", "6 accounts, rights delegated and checked", {"admin": account.id}
    chapters: tuple[Callable[[_Stage], Chapter], ...] = (
        _resources,
        _page,
        _languages,
        _subscribers,
        _sms,
        _emergency,
        _matching,
        _questions,
        _rumours,
        _views,
        _indicators,
        _soundness,
    )
    for chapter in chapters:
        yield chapter(stage)


def _regions(hub: Hub) -> dict[str, Any]:
    prefectures = hub.regions.children("510000")
    return {
        "prefectures": len(prefectures),
        "counties": sum(len(hub.regions.children(p.code)) for p in prefectures),
        "jianyang": [r.code for r in hub.regions.resolve("512081")],
    }


def _publish(stage: _Stage, desk: str, many: list[dict[str, Any]]) -> list[str]:
    """Create, submit, approve and publish contents, each step by who may."""
    made = getattr(stage.cast.editor, desk).add_many(many)
    ids = [content.id for content in made]

    def each(verb: str) -> Callable[[Hub], None]:
        def run(unit: Hub) -> None:
            for id_ in ids:
                getattr(getattr(unit, desk), verb)(id_)

        return run

    stage.cast.editor.unit(each("submit"))
    stage.cast.reviewer.unit(each("approve"))
    stage.cast.reviewer.unit(each("publish"))
    return ids


def _resources(stage: _Stage) -> Chapter:
    fields = [_resource(stage, record) for record in data_files.texts()]
    ids = _publish(stage, "resources", fields)
    forms: dict[str, int] = {}
    for record in data_files.texts():
        forms[record["form"]] = forms.get(record["form"], 0) + 1
    line = f"{len(ids)} sample texts published ({forms['audio']} with sound, {forms['animation']} animated)"
    return "resources", line, {"count": len(ids), "forms": forms}


def _resource(stage: _Stage, record: Mapping[str, Any]) -> dict[str, Any]:
    names = ("title", "summary", "body", "topics", "keywords", "audience", "settings")
    fields: dict[str, Any] = {name: record[name] for name in names}
    media: tuple[Media, ...] = ()
    if record["form"] == "audio":
        body, seconds = sound(record["key"])
        info = stage.cast.editor.media.add(body, media_type="audio/wav")
        media = (
            stage.cast.editor.media.use(
                info,
                title=record["title"],
                alt=record["alt"],
                transcript=record["transcript"],
                seconds=seconds,
            ),
        )
    elif record["form"] == "animation":
        info = stage.cast.editor.media.add(animation(record["key"]), media_type="image/gif")
        media = (stage.cast.editor.media.use(info, title=record["title"], alt=record["alt"]),)
    return fields | {
        "organization": stage.root,
        "licence": "CC-BY-4.0",
        "source": "tianfu_sdk 示例文本（CC BY 4.0）",
        "disclaimer": _SAMPLE,
        "external_key": record["key"],
        "media": media,
    }


def _page(stage: _Stage) -> Chapter:
    page = data_files.page()
    activities = [
        records.activity(r, stage.ids, stage.ids[r["roles"][0]["organization"]])
        for r in page["activities"]
    ]
    made = _publish(stage, "activities", activities)
    stage.activities = dict(zip([r["key"] for r in page["activities"]], made, strict=True))
    news = [
        records.news(
            r,
            stage.ids,
            stage.ids[r["byline"]] if r["byline"] else stage.root,
            stage.activities.get(r["about"] or ""),
        )
        for r in page["news"]
    ]
    _publish(stage, "news", news)
    bases = [records.base(r, stage.root) for r in page["bases"]]
    _publish(stage, "bases", bases)
    attended = total(a["attendance"] for a in activities if a["attendance"])
    line = (
        f"{len(activities)} activities, {len(news)} news items, {len(bases)} places of November"
        f" 2020; attendance {attended}, never an exact sum"
    )
    return (
        "page",
        line,
        {
            "activities": len(activities),
            "news": len(news),
            "bases": len(bases),
            "attendance": str(attended),
        },
    )


def _languages(stage: _Stage) -> Chapter:
    found = data_files.udhr()
    chinese, tibetan, yi = (found["languages"][tag] for tag in ("zh-Hans", "bo", "ii"))
    (stage.rights,) = _publish(
        stage,
        "resources",
        [
            {
                "title": chinese["title"],
                "body": chinese["body"],
                "organization": stage.root,
                "topics": ["science_encyclopedia"],
                "source": found["source"],
                "licence": "public",
                "disclaimer": _SAMPLE,
                "external_key": "udhr",
            }
        ],
    )
    for tag, text in (("bo", tibetan), ("ii", yi)):
        draft = stage.cast.translator.translations.create(
            stage.rights,
            language=tag,
            title=text["title"],
            body=text["body"],
            native_reviewed=False,
            note="UDHR text; not reviewed by a native reader",
        )
        stage.cast.reviewer.translations.approve(draft.id)
    channels = {}
    for tag, key, name in (
        ("bo", "ast-ganzi", "甘孜藏文科普频道"),
        ("ii", "ast-liangshan", "凉山彝文科普频道"),
    ):
        channel = stage.cast.admin.channels.create(
            name=name, organization=stage.ids[key], language=tag
        )
        channels[tag] = [item.title for item in stage.hub.channels.items(channel.id)]
    asked = {
        tag: answers_json(stage.hub.ask(text["ask"], language=tag))
        for tag, text in (("bo", tibetan), ("ii", yi))
    }
    coverage = {
        c.language: c.approved for c in stage.cast.admin.translations.coverage(["bo", "ii"])
    }
    missing = sum(1 for _ in stage.cast.admin.translations.missing("bo"))
    line = f"Tibetan and Yi channels filled and asked; {missing} contents still lack Tibetan"
    return (
        "languages",
        line,
        {
            "channels": channels,
            "asked": asked,
            "coverage": coverage,
            "missing_bo": missing,
        },
    )


def _subscribers(stage: _Stage) -> Chapter:
    rows = synthetic_subscribers(stage.root)
    made = stage.cast.editor.subscribers.add_many(rows)
    line = f"{len(made)} synthetic subscribers, phones sealed"
    return "subscribers", line, {"count": len(made)}


def _sms(stage: _Stage) -> Chapter:
    campaign = stage.cast.editor.sms.compose(
        title="卒中防治科普短信",
        organization=stage.root,
        region="510000",
        texts={
            "zh-Hans": "突然口角歪斜、手臂无力、言语不清，可能是脑卒中，请立即拨打120，不要等。"
        },
        signature=_SIGNATURE,
        gateway="file",
    )
    plan = stage.cast.editor.sms.plan(campaign.id)
    stage.cast.reviewer.sms.approve(campaign.id)
    stage.cast.reviewer.sms.send(campaign.id)
    _deliver(stage)
    report = stage.cast.reviewer.sms.report(campaign.id)
    waiting = plan.not_before > datetime.now(UTC)
    state = (
        f"waits until {plan.not_before:%Y-%m-%d %H:%M} UTC (quiet hours)"
        if waiting
        else _counted(report.by_state)
    )
    excluded = {e.reason: e.count for e in plan.exclusions}
    line = f"campaign planned for {plan.recipients} of {plan.recipients + sum(excluded.values())}: {state}"
    return (
        "sms",
        line,
        {
            "campaign": campaign.id,
            "recipients": plan.recipients,
            "parts": plan.parts,
            "cost_yuan": plan.cost / 1000,
            "excluded": excluded,
            "by_state": dict(report.by_state),
            "not_before": plan.not_before.isoformat(),
        },
    )


def _counted(by_state: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {state}" for state, count in by_state.items())


def _deliver(stage: _Stage) -> None:
    system = stage.hub.as_system(reason="demo dispatch")
    while system.sms.dispatch().claimed:
        pass
    system.sms.poll("file")


def _emergency(stage: _Stage) -> Chapter:
    fucheng, mianyang = stage.ids["ast-fucheng"], stage.ids["ast-mianyang"]
    prepared = [
        r.id
        for key in ("quake-home", "aftershock-safety", "quake-school")
        if (r := stage.cast.reviewer.resources.by_key(stage.root, key)) is not None
    ]
    stage.cast.prefecture.emergencies.create_plan(
        name="地震应急科普预案（演示）",
        organization=mianyang,
        region="510700",
        event_type="earthquake",
        resources=prepared,
        texts={
            "zh-Hans": "{place}发生地震。室内就近躲避、护住头颈，震后有序撤离，远离山坡和高楼，以政府发布为准。"
        },
        signature=_SIGNATURE,
    )
    now = datetime.now(UTC)
    report = stage.cast.county.emergencies.report(
        title="涪城区有感地震（演练）",
        event_type="earthquake",
        level="yellow",
        organization=fucheng,
        happened_at=now - timedelta(minutes=5),
        description="演练事件，非真实灾情。",
        drill=True,
    )
    stage.cast.prefecture.emergencies.verify(report.id)
    responding = stage.cast.prefecture.emergencies.respond(report.id)
    assert responding.campaign is not None  # noqa: S101 - respond composes one
    stage.cast.reviewer.sms.approve(responding.campaign)
    stage.cast.reviewer.sms.send(responding.campaign)
    _deliver(stage)
    stage.cast.prefecture.emergencies.close(report.id)
    after = stage.cast.prefecture.emergencies.after_action(report.id)
    line = (
        f"county reported, prefecture verified, {len(after.resources)} texts and an SMS drill"
        f" released: {_counted(after.messages)}"
    )
    return (
        "emergency",
        line,
        {
            "report": report.id,
            "resources": list(after.resources),
            "messages": dict(after.messages),
            "missing_languages": list(after.missing_languages),
            "seconds_to_respond": after.seconds_to_respond,
        },
    )


def _matching(stage: _Stage) -> Chapter:
    fields = [
        {"organization": stage.root, "region": "511400", "disclaimer": _SAMPLE, **one}
        for one in supply.LISTINGS
    ]
    ids = _publish(stage, "listings", fields)
    for one in supply.EXPERTS:
        stage.cast.admin.experts.create(**one | {"organization": stage.ids[one["organization"]]})
    matches = stage.hub.match(ids[-1])
    best = [{"title": m.title, "kind": m.kind, "score": round(m.score, 3)} for m in matches]
    seeking = [id_ for id_, one in zip(ids, fields, strict=True) if one["kind"] in _SEEKING]
    made = stage.hub.match_round(seeking)
    line = (
        f"a need finds {len(best)} offers, best: {best[0]['title']}; a round gives"
        f" {len(made)} of {len(seeking)} projects and needs an expert"
    )
    pairs = {pair.project_title: pair.expert_title for pair in made}
    return "match", line, {"need": ids[-1], "found": best, "round": pairs}


def _questions(stage: _Stage) -> Chapter:
    told = {}
    for name, text in QUESTIONS:
        answers = stage.hub.ask(text, limit=3)
        told[name] = {"asked": text, **answers_json(answers)}
    answered = sum(not t["abstained"] for t in told.values())
    line = f"{len(told)} questions: {answered} answered with sources, {len(told) - answered} abstained from"
    return "ask", line, told


def _rumours(stage: _Stage) -> Chapter:
    claim = "手机充电时打电话，辐射会大一千倍，已经有人因此失明，请转告家人"
    fields = {
        "title": "充电时打电话，辐射不会大一千倍",
        "organization": stage.root,
        "rumour": claim,
        "verdict": "false",
        "body": "手机的发射功率由基站的信号决定，与是否充电无关。信号弱的地方少打电话，不用劣质充电器。",
        "topics": ["safety_science"],
        "licence": "CC0-1.0",
        "disclaimer": _SAMPLE,
    }
    (id_,) = _publish(stage, "clarifications", [fields])
    message = f"群里转的，大家看看：{claim}。晚饭后老地方跳舞。"
    found = stage.hub.clarifications.check(message)
    first = next(iter(stage.hub.ask("听说手机充电时打电话辐射会大一千倍，是真的吗")))
    line = f"a message repeats a rumour: {found[0].verdict.en}; asked about it, its clarification is first"
    return "rumours", line, {"found": [one.id for one in found], "first": first.id, "made": id_}


def _views(stage: _Stage) -> Chapter:
    page = stage.hub.resources.find(topic="healthy_life", limit=5)

    def view(unit: Hub) -> None:
        for number, resource in enumerate(page.items):
            for reader in range(number + 1):
                unit.resources.view(
                    resource.id,
                    region="510703",
                    channel="demo",
                    seconds=20.0 + reader,
                    client=f"c{reader}",
                )

    stage.hub.unit(view)
    count = sum(range(1, len(page.items) + 1))
    return "views", f"{count} views counted, clients by keyed hash only", {"count": count}


def _indicators(stage: _Stage) -> Chapter:
    now = datetime.now(UTC)
    report = stage.cast.admin.indicators.report(
        stage.root, start=now - timedelta(days=1), end=now + timedelta(minutes=1)
    )
    figures = {
        f.indicator.value: {
            "value": f.value,
            "precision": f.precision.value,
            "evidence": f.evidence,
        }
        for f in report.figures
        if f.organization == stage.root
    }
    shown = ", ".join(f"{name} {f['value']}" for name, f in figures.items())
    return "indicators", shown, figures


def _soundness(stage: _Stage) -> Chapter:
    findings = stage.hub.as_system(reason="demo").doctor()
    wrong = [f.message for f in findings if f.severity == "error"]
    line = "; ".join(f.message for f in findings) if not wrong else "WRONG: " + "; ".join(wrong)
    return "doctor", line, {"ok": not wrong, "findings": [f.message for f in findings]}
