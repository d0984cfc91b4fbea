"""The gateways of a campaign as they are here: opened, with what each takes of its texts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import attrs

from tianfu_sdk.core.rows.kinds import SMS_TEMPLATE
from tianfu_sdk.core.sms.campaign import Composed
from tianfu_sdk.core.sms.routes import Asked, Split, judged, legs_of, made_of, names_of, through
from tianfu_sdk.core.sms.tally import Tally
from tianfu_sdk.errors import Invalid, NotFound
from tianfu_sdk.model.route import Leg
from tianfu_sdk.model.sms import Campaign, SmsCapabilities
from tianfu_sdk.model.template import SmsProblem
from tianfu_sdk.services.desk.tools import Tools
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.sms.texts import capabilities_of, problems, sendable

__all__ = ["Carriers", "Ways", "carriers_of", "demand_sendable", "legs_for", "templated", "ways_of"]

Carriers = Mapping[str, SmsCapabilities]
"""What the gateways of a campaign let through, in order of preference."""
Named = Sequence[tuple[str, str]]
"""Languages and ids of templates; an empty language: of that of the template."""


def legs_for(tools: Tools, asked: Asked) -> tuple[Leg, ...]:
    """Give the gateways that a draft asks for.

    Raises:
        Invalid: `sms.route_name`; as `core.sms.routes.made_of`.
    """
    legs = made_of(asked, tools.settings.sms)
    name = tools.settings.sms.gateway if asked is None else asked
    named = isinstance(name, str) and name in tools.settings.sms.routes
    if named and name in tools.offered("sms"):
        raise Invalid("sms.route_name", path=f"sms.routes.{name}", name=str(name)[:64])
    return legs


def carriers_of(tools: Tools, campaign: Campaign, among: Collection[str] | None = None) -> Carriers:
    """Open the gateways of a campaign.

    Args:
        tools: Of the hub.
        campaign: The task.
        among: Only those of these names; None: all.

    Raises:
        PluginError: Nobody offers one of them.
        Invalid: `sms.bad_window`, `sms.no_window`.
    """
    names = (name for name in names_of(campaign) if among is None or name in among)
    return {name: capabilities_of(tools, name) for name in names}


def templated(
    work: Work, legs: Sequence[Leg], named: Named, texts: Collection[str]
) -> tuple[Leg, ...]:
    """Give each gateway of a draft the templates that are its own.

    Raises:
        NotFound: `noun.unknown`; `sms.template_language`, there is no text in its language.
        Invalid: `sms.template_gateway`, it is of none of them; `field.twice`.
    """
    if len(legs) == 1 and all(language for language, _ in named):
        # Whose they are is looked at with everything else about the only gateway.
        return (attrs.evolve(legs[0], templates=dict(named)),)
    rows = {row.id: row for row in work.tx.get(SMS_TEMPLATE.name, [id_ for _, id_ in named])}
    found: dict[str, dict[str, str]] = {leg.gateway: {} for leg in legs}
    for place, (language, id_) in enumerate(named):
        path = f"templates.{language}" if language else f"template[{place}]"
        if id_ not in rows:
            raise NotFound("noun.unknown", path=path, kind=SMS_TEMPLATE.name, id=id_[:64])
        template = work.noun(SMS_TEMPLATE, rows[id_])
        tag = language or template.language
        if tag not in texts:
            raise NotFound("sms.template_language", path=path, language=tag)
        if template.gateway not in found:
            names = ", ".join(found)
            raise Invalid(
                "sms.template_gateway", path=path, wanted=template.gateway, name=names[:200]
            )
        if found[template.gateway].setdefault(tag, id_) != id_:
            raise Invalid("field.twice", path=path)
    return tuple(attrs.evolve(leg, templates=found[leg.gateway]) for leg in legs)


@attrs.frozen(kw_only=True)
class Ways:
    """How the texts of a campaign go out through each of its gateways."""

    texts: Mapping[str, Mapping[str, Composed]]
    """By gateway and language."""
    able: Mapping[str, Sequence[str]]
    """By language the gateways that take it, in order of preference."""
    split: Split
    problems: tuple[SmsProblem, ...]
    """What is wrong with them, those that are refused first."""

    @property
    def joint(self) -> Mapping[str, Composed]:
        """The texts as whoever chooses recipients needs them: of one gateway that takes each."""
        first = next(iter(self.texts))
        return {
            language: self.texts[names[0] if names else first][language]
            for language, names in self.able.items()
        }

    def parts(self, tally: Tally) -> int:
        """Count the billed parts of recipients who were divided by `split`."""
        return sum(
            count * self.texts[name][language].parts
            for (name, language), count in tally.counts.items()
        )

    def lead(self, carriers: Carriers) -> SmsCapabilities:
        """Give what holds for the choice of recipients: of the first gateway that is used.

        A number that was made for a demo is left out where any of them reaches telephones.
        """
        first = next(iter(self.split.gateways), next(iter(carriers)))
        return attrs.evolve(carriers[first], real=any(one.real for one in carriers.values()))


def ways_of(work: Work, campaign: Campaign, carriers: Carriers) -> Ways:
    """Give how a campaign goes out through its gateways, read once a transaction."""
    kept = f"ways~{campaign.id}~{campaign.version}"
    found: Ways | None = work.kept.get(kept)
    if found is None:
        found = work.kept[kept] = _ways(work, campaign, carriers)
    return found


def _ways(work: Work, campaign: Campaign, carriers: Carriers) -> Ways:
    texts = {
        name: sendable(work, through(campaign, name), capabilities)
        for name, capabilities in carriers.items()
    }
    wrong = {
        name: problems(work, through(campaign, name), capabilities)
        for name, capabilities in carriers.items()
    }
    if len(carriers) == 1:
        # What it does not take is refused as it is, or left out with its reason.
        only = tuple(carriers)
        said = wrong[only[0]]
        able: Mapping[str, Sequence[str]] = dict.fromkeys(campaign.texts, only)
    else:
        said, able = judged(wrong, list(campaign.texts))
        able = {
            language: tuple(name for name in names if not texts[name][language].refused)
            for language, names in able.items()
        }
    return Ways(texts=texts, able=able, split=Split(legs_of(campaign), able), problems=said)


def demand_sendable(work: Work, campaign: Campaign, carriers: Carriers) -> Ways:
    """Demand that each text of a campaign may go out now through one of its gateways.

    Raises:
        Invalid: `sms.template_unusable`, `sms.template_mismatch`, `sms.no_template`;
            `sms.no_gateway_takes`, none of several takes a text any more.
    """
    ways = ways_of(work, campaign, carriers)
    for language in campaign.texts:
        refused = [texts[language].refused for texts in ways.texts.values()]
        if all(refused):
            template = legs_of(campaign)[0].templates.get(language, "")
            path = f"templates.{language}"
            values = {"template": template, "gateway": campaign.gateway}
            raise Invalid(refused[0], path=path, **values)
        if not ways.able[language] and not all(
            texts[language].too_long for texts in ways.texts.values()
        ):
            raise Invalid("sms.no_gateway_takes", path=f"texts.{language}", language=language)
    return ways
