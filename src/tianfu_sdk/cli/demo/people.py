"""Demo organizations and people; the people are visibly fictional."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from tianfu_sdk.hub import Hub
from tianfu_sdk.model.organization import Organization

__all__ = ["Cast", "make_cast", "make_organizations", "synthetic_subscribers"]

_COUNTY_HOMES = ("510703", "510185", "511302", "510104", "513301", "513401", "513436", "510304")
_SUBSCRIBERS = 240


@attrs.frozen
class Cast:
    """Who plays in the demo; each a hub on behalf of an account."""

    admin: Hub
    """Holds all rights in the province."""
    editor: Hub
    """Writes and submits for the province."""
    reviewer: Hub
    """Approves and publishes for the province; another person."""
    county: Hub
    """Reports for a county."""
    prefecture: Hub
    """Verifies for its prefecture."""
    translator: Hub
    """Enters Tibetan and Yi texts."""


def make_organizations(
    system: Hub, root: str, records: Sequence[Mapping[str, Any]]
) -> dict[str, str]:
    """Create the organizations of the page, parents first; gives ids by key."""
    ids: dict[str, str] = {}
    waiting = list(records)
    while waiting:
        later = []
        for record in waiting:
            parent = record["parent"]
            if parent is not None and parent not in ids:
                later.append(record)
                continue
            if record["key"] == "ast-sichuan":
                ids[record["key"]] = root
                continue
            ids[record["key"]] = _create(system, record, ids.get(parent) if parent else None).id
        waiting = later
    return ids


def _create(system: Hub, record: Mapping[str, Any], parent: str | None) -> Organization:
    return system.organizations.create(
        name=record["name"],
        region=record["region"],
        kind=record["kind"],
        parent=parent,
        aliases=record["aliases"],
        note=record["note"] or "",
    )


def make_cast(hub: Hub, admin: Hub, ids: Mapping[str, str]) -> Cast:
    """Create the accounts of the demo and delegate what each needs."""
    root = ids["ast-sichuan"]

    def account(label: str, organization: str) -> str:
        return admin.accounts.create(organization=organization, label=label).id

    editor = account("演示·编辑甲", root)
    admin.accounts.grant(editor, ["read", "create", "edit", "submit", "compose"], organization=root)
    admin.accounts.grant(editor, ["read", "create", "edit", "submit", "compose"], region="510000")
    reviewer = account("演示·审核乙", root)
    rights = ["read", "approve", "publish", "withdraw", "send"]
    admin.accounts.grant(reviewer, rights, organization=root)
    admin.accounts.grant(reviewer, rights, region="510000")
    county = account("演示·县级信息员丙", ids["ast-fucheng"])
    admin.accounts.grant(county, ["read", "report"], region="510703")
    prefecture = account("演示·市级应急岗丁", ids["ast-mianyang"])
    admin.accounts.grant(
        prefecture,
        ["read", "verify", "respond", "compose", "create", "approve", "send"],
        region="510700",
    )
    translator = account("演示·译者戊", root)
    admin.accounts.grant(translator, ["read", "translate"], organization=root)
    return Cast(
        admin,
        hub.as_(editor),
        hub.as_(reviewer),
        hub.as_(county),
        hub.as_(prefecture),
        hub.as_(translator),
    )


def synthetic_subscribers(
    organization: str, regions: Sequence[str] = _COUNTY_HOMES
) -> list[dict[str, Any]]:
    """Make subscribers whose numbers nobody has: 100 is no mobile prefix; always the same."""
    from tianfu_sdk.model.subscriber import Consent

    dice = random.Random(2020)  # noqa: S311 - sample data, not a secret
    rows = []
    for number in range(_SUBSCRIBERS):
        region = dice.choice(regions)
        language = {"513301": "bo", "513401": "zh-Hans", "513436": "ii"}.get(region, "zh-Hans")
        consents = [Consent(purpose="science_sms", evidence=f"演示登记表第{number + 1}号")]
        if dice.random() < 0.1:  # noqa: PLR2004 - one in ten never said yes
            consents = []
        rows.append(
            {
                "phone": f"100{number:08d}",
                "organization": organization,
                "region": region,
                "language": language,
                "consents": tuple(consents),
                "synthetic": True,
            }
        )
    return rows
