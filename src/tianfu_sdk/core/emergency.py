"""How an emergency report moves, which plan answers it, and what was made of it.

An association for science and technology is not an alerting authority (突发事件应对法
2024 Art. 63-65): nothing here originates a warning. What goes out are explanations, keyed
to an event that another person has verified, and to the official warning where there is
one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import attrs

from tianfu_sdk.core.languages.text_checks import check_texts, errors_of
from tianfu_sdk.core.places.regions import LEVELS, Levels, RegionTree
from tianfu_sdk.errors import Denied, Invalid
from tianfu_sdk.model.emergency import AfterAction, EmergencyReport, EmergencyState, ResponsePlan
from tianfu_sdk.model.storage import Group, Where
from tianfu_sdk.model.translation_task import TextProblem
from tianfu_sdk.text import canonical_language

__all__ = [
    "DRILL_GATEWAY",
    "DRILL_MARK",
    "MOVES",
    "SLOTS",
    "after_action",
    "applies",
    "approved_texts",
    "chinese",
    "choose",
    "demand_happened",
    "demand_texts",
    "holding",
    "move",
    "slots_of",
    "text_problems",
    "usable",
    "usual_languages",
    "written",
]

MOVES: Mapping[str, Mapping[EmergencyState, EmergencyState]] = {
    "verify": {EmergencyState.REPORTED: EmergencyState.VERIFIED},
    "reject": {EmergencyState.REPORTED: EmergencyState.REJECTED},
    "respond": {EmergencyState.VERIFIED: EmergencyState.RESPONDING},
    "close": {
        EmergencyState.VERIFIED: EmergencyState.CLOSED,
        EmergencyState.RESPONDING: EmergencyState.CLOSED,
    },
}
"""By verb: from which state to which."""

DRILL_GATEWAY = "file"
"""The gateway that a drill is written to; it reaches no telephone."""
DRILL_MARK = "（演练）"
"""What the titles and messages of a drill begin with; 【】 are kept for signatures."""

_CLOCKS_DIFFER = timedelta(minutes=5)
_FOUR_EYES = frozenset({"verify", "reject"})
SLOTS = ("place", "time", "level", "number", "title")
"""What stands in braces in a text and is filled in, in its language, when a plan is used."""
_PLACEHOLDER = re.compile(r"\{(" + "|".join(SLOTS) + r")\}")
_FREE = "title"
"""The slot of free words, which are Chinese and stay so."""

_CHINESE = "zh-Hans"
# 513422 is a Tibetan autonomous county inside a Yi prefecture: its own entry counts alone.
_LANGUAGES: Mapping[str, tuple[str, ...]] = {
    "511132": ("ii",),
    "511133": ("ii",),
    "513200": ("bo",),
    "513300": ("bo",),
    "513400": ("ii",),
    "513422": ("bo",),
}


def move(
    report: EmergencyReport, verb: str, *, person: str, now: datetime, reason: str = ""
) -> EmergencyReport:
    """Decide one step of a report through its states.

    Args:
        report: As it stands.
        verb: A name in `MOVES`.
        person: Who does it; empty for the system.
        now: This moment.
        reason: Why; `reject` needs it, of `close` it is the summary.

    Returns:
        The report in its new state, with its time.

    Raises:
        Invalid: `emergency.illegal`, not from this state; `emergency.reason`, none given.
        Denied: `emergency.own_report`, who reported it may neither verify nor reject it;
            `emergency.system`, the system judges no report.
    """
    target = MOVES[verb].get(report.state)
    if target is None:
        raise Invalid("emergency.illegal", path="state", state=report.state.value, verb=verb)
    if verb == "reject" and not reason.strip():
        raise Invalid("emergency.reason", path="reason")
    if verb in _FOUR_EYES:
        if not person:
            raise Denied("emergency.system", path="verifier")
        if person == report.reporter:
            raise Denied("emergency.own_report", path="verifier")
        report = attrs.evolve(report, verifier=person)
    field = {"verify": "verified_at", "respond": "responded_at"}.get(verb, "closed_at")
    changes = {field: now, "state": target, "comment": reason or report.comment}
    return attrs.evolve(report, **changes)  # type: ignore[arg-type]


def demand_happened(report: EmergencyReport, now: datetime) -> None:
    """Demand that what is reported has happened.

    What an official warning announces may be still to come, and so may what a drill plays.

    Args:
        report: As it comes in.
        now: This moment; clocks may differ by five minutes.

    Raises:
        Invalid: `emergency.not_yet`.
    """
    announced = report.drill or report.alert is not None
    if not announced and report.happened_at > now + _CLOCKS_DIFFER:
        raise Invalid("emergency.not_yet", path="happened_at")


def applies(plan: ResponsePlan, report: EmergencyReport, regions: RegionTree) -> bool:
    """Tell whether a plan is for a report: its type, its level, and a region that holds it."""
    return (
        plan.event_type == report.event_type
        and report.level in plan.levels
        and regions.levels(report.region).within(plan.region)
    )


def holding(levels: Levels) -> tuple[Group, ...]:
    """Give the conditions on the place keys of plans whose region is this one or above it.

    So that a store hands out the few plans that may answer, however many there are.
    """
    groups = []
    for depth, level in enumerate(LEVELS):
        if getattr(levels, level):
            upper = {name: getattr(levels, name) for name in LEVELS[: depth + 1]}
            groups.append(tuple(Where(name, "=", upper.get(name, "")) for name in LEVELS))
    return tuple(groups)


def choose(
    plans: Iterable[ResponsePlan], report: EmergencyReport, regions: RegionTree
) -> ResponsePlan | None:
    """Choose the plan that answers a report: the nearest region wins, then the lower id.

    Args:
        plans: Any plans.
        report: What happened.
        regions: The tree.

    Returns:
        None where none applies.
    """

    def distance(plan: ResponsePlan) -> tuple[int, str]:
        return -LEVELS.index(regions.level_of(plan.region).value), plan.id

    return min((p for p in plans if applies(p, report, regions)), key=distance, default=None)


def demand_texts(texts: Mapping[str, str], path: str = "texts") -> None:
    """Demand texts that can be filled in.

    Raises:
        Invalid: `emergency.no_text`, there is none, or an empty one;
            `emergency.placeholder`, a brace that is not of a slot;
            `emergency.free_slot`, `{title}` in another language than Chinese, where a title
            that nobody translated would stand.
    """
    if not texts:
        raise Invalid("emergency.no_text", path=path)
    for language, template in texts.items():
        where = f"{path}.{language}"
        if not template.strip():
            raise Invalid("emergency.no_text", path=where)
        if set("{}") & set(_PLACEHOLDER.sub("", template)):
            slots = ", ".join(f"{{{name}}}" for name in SLOTS)
            raise Invalid("emergency.placeholder", path=where, slots=slots)
        if _FREE in slots_of(template) and not chinese(language):
            raise Invalid("emergency.free_slot", path=where, language=language)


def chinese(language: str) -> bool:
    """Tell whether a language is Chinese, in whatever way it is written."""
    return canonical_language(language).partition("-")[0] == "zh"


def slots_of(template: str) -> frozenset[str]:
    """Give the slots that a text has."""
    return frozenset(found[1] for found in _PLACEHOLDER.finditer(template))


def usable(
    plan: ResponsePlan, values: Mapping[str, Mapping[str, str]]
) -> tuple[dict[str, str], dict[str, str]]:
    """Fill in the texts of a plan that may be used.

    A text in another language than Chinese must have been approved before: who approves the
    campaign in the hour of need may not read it. Chinese ones are approved with the campaign.

    Args:
        plan: Texts by language.
        values: By language: what stands for each slot in it; a slot that cannot be said in a
            language is missing.

    Returns:
        Filled-in texts by language; and, of those left out, why, as
        `EmergencyReport.left_out` has it.

    Raises:
        Invalid: As `demand_texts`; `emergency.slot`, a Chinese text needs a value that was
            not given.
    """
    demand_texts(plan.texts)
    texts: dict[str, str] = {}
    left_out: dict[str, str] = {}
    for language, template in plan.texts.items():
        said = values.get(language, {})
        missing = sorted(slots_of(template) - said.keys())
        if not chinese(language) and language not in plan.approvers:
            left_out[language] = "not_approved"
        elif missing and chinese(language):
            raise Invalid("emergency.slot", path=missing[0], slot=missing[0])
        elif missing:
            left_out[language] = missing[0]
        else:
            texts[language] = _filled(template, said)
    if not texts:
        raise Invalid("emergency.no_text", path="texts")
    return texts, left_out


def _filled(template: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values[found[1]], template)


def approved_texts(plan: ResponsePlan, languages: Iterable[str], *, person: str) -> ResponsePlan:
    """Decide the approval of texts of a plan.

    Raises:
        Invalid: `emergency.no_text`, there is none in a language; `emergency.checks_failed`,
            one has an error beside the Chinese text.
        Denied: `lifecycle.system`; `lifecycle.own_work`, this person wrote it.
    """
    if not person:
        raise Denied("lifecycle.system", path="approver")
    approvers = dict(plan.approvers)
    for language in languages:
        if language not in plan.texts:
            raise Invalid("emergency.no_text", path=f"texts.{language}")
        if plan.writers.get(language) == person:
            raise Denied("lifecycle.own_work", path=f"texts.{language}")
        errors = errors_of(text_problems(plan, language))
        if errors:
            raise Invalid(
                "emergency.checks_failed",
                path=f"texts.{language}",
                language=language,
                name=errors[0].code,
                count=len(errors),
            )
        approvers[language] = person
    return attrs.evolve(plan, approvers=approvers)


def text_problems(plan: ResponsePlan, language: str) -> tuple[TextProblem, ...]:
    """Say what is wrong with a text of a plan beside its Chinese text; none for Chinese."""
    if chinese(language):
        return ()
    source = next((text for tag, text in plan.texts.items() if chinese(tag)), "")
    # The title has no place in other languages.
    source = source.replace(f"{{{_FREE}}}", "")
    found = check_texts(f"texts.{language}", source, plan.texts[language], language)
    # It may be worded with other slots: what fills them is known in its language or not.
    return tuple(
        attrs.evolve(one, severity="warning") if one.code == "check.placeholder" else one
        for one in found
    )


def written(plan: ResponsePlan, before: Mapping[str, str], person: str) -> ResponsePlan:
    """Note who wrote the texts of a plan that are not what they were; their approval lapses."""
    same = {tag for tag, text in plan.texts.items() if before.get(tag) == text}
    writers = {tag: plan.writers.get(tag, "") if tag in same else person for tag in plan.texts}
    approvers = {tag: who for tag, who in plan.approvers.items() if tag in same}
    return attrs.evolve(plan, writers=writers, approvers=approvers)


def usual_languages(region: str, regions: RegionTree) -> tuple[str, ...]:
    """Give the languages in which people of a region are to be told, zh-Hans first.

    Args:
        region: GB/T 2260; those of the places within it are included.
        regions: The tree.

    Raises:
        NotFound: `region.unknown`.

    Source:
        The autonomous prefectures and counties of Sichuan; a table of our own.
    """
    levels = regions.levels(region)
    nearest = next((code for code in reversed(levels.codes) if code in _LANGUAGES), None)
    found = set(_LANGUAGES.get(nearest, ()) if nearest else ())
    for code, languages in _LANGUAGES.items():
        if regions.knows(code) and regions.levels(code).within(region):
            found.update(languages)
    return (_CHINESE, *sorted(found))


def after_action(
    report: EmergencyReport,
    *,
    texts: Iterable[str],
    usual: Iterable[str],
    messages: Mapping[str, int],
) -> AfterAction:
    """Sum up what was done about an emergency.

    Args:
        report: As it stands.
        texts: Languages that the campaign has a text in.
        usual: Languages of the region.
        messages: Number of messages by state.

    Returns:
        Times in seconds since the report; None: not yet.
    """
    said = set(texts)

    def since(moment: datetime | None) -> float | None:
        return None if moment is None else (moment - report.reported_at).total_seconds()

    return AfterAction(
        report=report.id,
        plan=report.plan,
        seconds_to_verify=since(report.verified_at),
        seconds_to_respond=since(report.responded_at),
        seconds_to_close=since(report.closed_at),
        resources=report.resources,
        languages=tuple(sorted(said)),
        missing_languages=tuple(tag for tag in usual if tag not in said),
        messages=dict(messages),
    )
