"""Accounts (账号) of persons and what they are granted (权限)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import attrs

from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.base import Noun
from tianfu_sdk.model.checks import aware, both, each, matching, region_code, text, unique

__all__ = ["Account", "Action", "Explanation", "Grant", "Step"]


class Action(StrEnum):
    """What an account may be granted to do; `*` grants all."""

    ALL = "*"
    READ = "read"
    CREATE = "create"
    EDIT = "edit"
    SUBMIT = "submit"
    APPROVE = "approve"
    PUBLISH = "publish"
    WITHDRAW = "withdraw"
    MANAGE = "manage"
    DELEGATE = "delegate"
    COMPOSE = "compose"
    SEND = "send"
    REPORT = "report"
    VERIFY = "verify"
    RESPOND = "respond"
    TRANSLATE = "translate"
    REVIEW = "review"
    """Find another person's translation right, or send it back."""
    ANSWER = "answer"
    REVEAL = "reveal"
    """See a phone or a name in plain (`phone.reveal`)."""
    EXPORT = "export"
    """Give a person all that is held about them."""
    ERASE = "erase"
    """Erase a person for good."""


_KIND = r"\*|[a-z][a-z0-9_]{0,31}"


@attrs.frozen(kw_only=True)
class Account(Noun):
    """An account of one person; a person may have several.

    The name of the person is not kept: `label` names the post.
    """

    person: str = attrs.field(metadata=text(64, shortest=1))
    """Random id of the person; who wrote and who approved are compared by it."""
    organization: str
    """Id of the organization that it works for."""
    label: str = attrs.field(default="", metadata=text(100))
    """The post, such as 科普部编辑; not a personal name."""
    active: bool = True


@attrs.frozen(kw_only=True)
class Grant(Noun):
    """Leave to act on some kinds of things in one subtree of regions or organizations."""

    account: str
    """Who may."""
    actions: tuple[Action, ...] = attrs.field(metadata=unique)
    kinds: tuple[str, ...] = attrs.field(
        default=("*",), metadata=both(each(matching(_KIND, "grant.bad_kind")), unique)
    )
    """Kinds of things, such as `resource`; `*`: all."""
    region: str | None = attrs.field(default=None, metadata=region_code)
    """Root of a region subtree."""
    organization: str | None = None
    """Root of an organization subtree."""
    until: datetime | None = attrs.field(default=None, metadata=aware)
    """First moment at which it holds no more."""
    parent: str | None = None
    """The grant that it hangs on; None only for the one that `bootstrap` makes."""
    granted_by: str | None = None
    """Account that gave it."""
    revoked_at: datetime | None = attrs.field(default=None, metadata=aware)

    def _check(self) -> None:
        if (self.region is None) is (self.organization is None):
            raise Invalid("grant.place", path="region")


@attrs.frozen
class Step:
    """One grant that was weighed, and what came of it."""

    grant: str
    chain: tuple[str, ...]
    """Ids from this grant up to the root of its chain."""
    holds: bool
    reason: str
    """`covers`, or what fails: `action`, `kind`, `place`, `expired`, `revoked`, `chain`."""


@attrs.frozen
class Explanation:
    """Why an account may do something, or why not."""

    allowed: bool
    reason: str
    """`grant`, `published`, `none`, `inactive`, `own_work`."""
    steps: tuple[Step, ...] = ()

    def __bool__(self) -> bool:
        return self.allowed
