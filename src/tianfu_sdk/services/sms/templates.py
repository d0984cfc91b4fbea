"""The desk of approved texts of science SMS (短信模板)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.rows.kinds import SMS_TEMPLATE
from tianfu_sdk.core.sms import templates as rules
from tianfu_sdk.core.sms.gateways import tightened
from tianfu_sdk.errors import Conflict, Invalid, Unsupported
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.checks import demand_changeable, demand_list, demand_type
from tianfu_sdk.model.storage import Query, Where
from tianfu_sdk.model.template import (
    Comparison,
    SmsTemplate,
    TemplateState,
    TemplateVariable,
)
from tianfu_sdk.model.translation import TranslationState
from tianfu_sdk.services.desk.narrowing import narrowed
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.services.desk.work import Desk, Work, demand_somebody
from tianfu_sdk.services.languages.translated import translations_of
from tianfu_sdk.text import canonical_language

__all__ = ["Templates", "templates_of"]

_CHANGEABLE = frozenset({"name", "variables", "signatures", "valid_from", "valid_until"})
_SOME = 200


class Templates(Desk):
    """Keep the texts that operators of gateways have approved, and hold drafts against them.

    A gateway is shared by all, so any account may read its templates; to add and to change
    them is a grant to `manage` kind `sms_template`. Safe to share between threads.
    """

    def add(
        self,
        *,
        name: str,
        organization: str,
        gateway: str,
        code: str,
        text: str,
        region: str | None = None,
        variables: Sequence[TemplateVariable | Mapping[str, Any]] = (),
        signatures: Sequence[str] = (),
        language: str = "zh-Hans",
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
    ) -> SmsTemplate:
        """Add a template that the operator of a gateway has approved.

        Args:
            name: What it is called here.
            organization: Id of the organization that looks after it.
            gateway: Name of the gateway that takes it.
            code: The vendor's, such as `SMS_154950909`.
            text: As approved, without the signature; variables as the vendor writes them:
                `${name}` (Aliyun) or `{1}` (Tencent).
            region: Whose keepers may change it, GB/T 2260; None: the organization's.
            variables: Limits of variables; those that are not named have the gateway's.
            signatures: That it may be sent under, without brackets; empty: any.
            language: Of the text.
            valid_from: First moment at which it may be used; None: now.
            valid_until: First moment at which it may not; None: it has no end.

        Raises:
            Denied: `account.required`; `grant.missing`, no grant to `manage` there.
            Invalid: `template.braces`, `template.positions`, `template.variables`,
                `template.validity`, `template.signature`, `text.bad_language`; with the path
                of the field.
            Unsupported: `sms.no_templates`, this gateway takes none.
            Conflict: `unique.taken`, this code of this gateway is in use.
            NotFound: `organization.unknown`, `region.unknown`.
            PluginError: Nobody offers the gateway.
        """
        if self._tools.gateway(gateway).capabilities.templates == "none":
            raise Unsupported("sms.no_templates", path="gateway", name=gateway)
        demand_type(text, str, "text")
        normal, names = rules.parse(text)
        given = {_name_of(one): one for one in variables}
        odd = sorted(given.keys() - set(names))
        if odd:
            raise Invalid("template.variables", path="variables", names=", ".join(names) or "-")

        def write(work: Work) -> SmsTemplate:
            owner, placed = work.placed(organization, region)
            work.allow_for(Action.MANAGE, SMS_TEMPLATE.name, organization, placed)
            made = codec.structure(
                SmsTemplate,
                {
                    "id": work.new_id(SMS_TEMPLATE),
                    "name": name,
                    "organization": organization,
                    "region": region or owner.region,
                    "gateway": gateway,
                    "code": code,
                    "text": normal,
                    "variables": tuple(given.get(one, {"name": one}) for one in names),
                    "signatures": demand_list(signatures, "signatures"),
                    "language": canonical_language(language),
                    "valid_from": valid_from,
                    "valid_until": valid_until,
                },
            )
            rules.demand_sound(made)
            work.claim_unique(SMS_TEMPLATE.name, "code", _unique(made), made.id)
            stored = work.put(SMS_TEMPLATE, made, placed)
            work.note(stored, "added", gateway=gateway, code=code)
            return stored

        return self._write(write)

    def get(self, id: str) -> SmsTemplate:  # noqa: A002 - the field's name
        """Give a template; any account may.

        Raises:
            NotFound: `noun.unknown`.
            Denied: `account.required`.
        """

        def read(work: Work) -> SmsTemplate:
            demand_somebody(work)
            return work.get(SMS_TEMPLATE, id)

        return self._read(read)

    def find(
        self,
        *,
        gateway: str | None = None,
        state: TemplateState | str | None = None,
        language: str | None = None,
        organization: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[SmsTemplate]:
        """Find templates; any account may.

        Args:
            gateway: Only those of this one.
            state: Only those that stand so.
            language: Only those in this language.
            organization: Only those of this organization or one below it.
            after: Cursor of a page.
            limit: Of a page, 1 to 1,000.

        Raises:
            Denied: `account.required`.
            Invalid: `field.choice`, `text.bad_language`, `page.bad_cursor`, `storage.limit`.
            NotFound: `organization.unknown`.
        """

        def read(work: Work) -> Page[SmsTemplate]:
            demand_somebody(work)
            where = narrowed(work, language=language, organization=organization)
            if gateway is not None:
                demand_type(gateway, str, "gateway")
                where.append(Where("gateway", "=", gateway))
            if state is not None:
                where.append(Where("state", "=", TemplateState.of(state, "state").value))
            everybody = attrs.evolve(work.actor, system="list", account=None)
            return Work(work.tools, everybody, work.tx).page(
                SMS_TEMPLATE,
                where=tuple(where),
                after=after,
                limit=limit,
                again=lambda cursor: self.find(
                    gateway=gateway,
                    state=state,
                    language=language,
                    organization=organization,
                    after=cursor,
                    limit=limit,
                ),
            )

        return self._read(read)

    def edit(self, id: str, *, version: int | None = None, **changes: Any) -> SmsTemplate:  # noqa: A002
        """Change what is known about a template; what was approved stays.

        Args:
            id: Of the template.
            version: The version that the change is based on; None: whatever there is.
            **changes: `name`, `variables` (their limits), `signatures`, `valid_from`,
                `valid_until`.

        Raises:
            Denied: `grant.missing`.
            Conflict: `storage.version`, it was changed since.
            Invalid: `content.fixed`, gateway, code and text are those that were approved;
                `field.unknown`; as `add`.
            NotFound: `noun.unknown`.
        """
        demand_changeable(changes, SmsTemplate, _CHANGEABLE)
        for name in ("variables", "signatures"):
            if name in changes:
                changes[name] = demand_list(changes[name], name)

        def write(work: Work) -> SmsTemplate:
            known = self._mine(work, id)
            if version is not None and version != known.version:
                raise Conflict("storage.version", path="version", ids=(id,), kind=SMS_TEMPLATE.name)
            plain = {field.name: getattr(known, field.name) for field in attrs.fields(SmsTemplate)}
            changed = codec.structure(SmsTemplate, plain | changes)
            rules.demand_sound(changed)
            _, placed = work.placed(changed.organization, changed.region)
            stored = work.put(SMS_TEMPLATE, changed, placed)
            work.note(stored, "edited", fields=",".join(sorted(changes)))
            return stored

        return self._write(write)

    def withdraw(self, id: str, reason: str = "") -> SmsTemplate:  # noqa: A002
        """Say that a template may not be used any more; its code may be added again.

        Campaigns that name it are not approved any more, and batches that wait in the outbox
        are left to a person.

        Args:
            id: Of the template.
            reason: Why, for the audit.

        Raises:
            Denied: `grant.missing`.
            NotFound: `noun.unknown`.
        """

        def write(work: Work) -> SmsTemplate:
            known = self._mine(work, id)
            if known.state is TemplateState.WITHDRAWN:
                return known
            _, placed = work.placed(known.organization, known.region)
            work.drop_unique(SMS_TEMPLATE.name, "code", _unique(known))
            gone = attrs.evolve(known, state=TemplateState.WITHDRAWN)
            stored = work.put(SMS_TEMPLATE, gone, placed)
            work.note(stored, "withdrawn", reason=reason)
            return stored

        return self._write(write)

    def compare(self, id: str, text: str) -> Comparison:  # noqa: A002
        """Hold a draft against a template; any account may.

        Args:
            id: Of the template.
            text: As it would be composed, without the signature, and with how to refuse where
                the template says that.

        Returns:
            Whether it matches, the values of the variables, the difference piece by piece
            (`str()` of it shows it to a person), and what is wrong with values.

        Raises:
            NotFound: `noun.unknown`.
            Denied: `account.required`.
            PluginError: Nobody offers its gateway.
        """
        demand_type(text, str, "text")
        template = self.get(id)
        capabilities = self._tools.gateway(template.gateway).capabilities
        own = self._tools.settings.gateways.get(template.gateway)
        return rules.compare(template, text, tightened(capabilities, own).rules)

    def fill(
        self,
        id: str,  # noqa: A002
        values: Mapping[str, str],
        *,
        language: str | None = None,
    ) -> str:
        """Write a text by a template; any account may.

        Args:
            id: Of the template.
            values: By name of the variable, for all of them.
            language: BCP 47; another one than the template's is written by its approved
                translation (`hub.translations.begin(id, language)`). None: the template's.

        Raises:
            Invalid: `template.values`, one is missing, or is none of the template;
                `template.no_translation`, nobody approved one into the language.
            NotFound: `noun.unknown`.
            Denied: `account.required`.
        """

        def read(work: Work) -> str:
            demand_somebody(work)
            template = work.get(SMS_TEMPLATE, id)
            tag = template.language if language is None else canonical_language(language)
            if tag == template.language:
                return rules.fill(template, values)
            for one in translations_of(work, id):
                if one.language == tag and one.state is TranslationState.APPROVED:
                    return rules.fill(attrs.evolve(template, text=one.body), values)
            raise Invalid("template.no_translation", path="language", language=tag)

        return self._read(read)

    def _mine(self, work: Work, id_: str) -> SmsTemplate:
        demand_somebody(work)
        row = work.get_row(SMS_TEMPLATE, id_)
        work.allow(Action.MANAGE, SMS_TEMPLATE.name, row.keys, id_)
        return work.noun(SMS_TEMPLATE, row)


def templates_of(work: Work, gateway: str) -> list[SmsTemplate]:
    """Give the templates of a gateway that are not withdrawn."""
    where = (
        Where("gateway", "=", gateway),
        Where("state", "=", TemplateState.APPROVED.value),
    )
    rows = work.in_order(SMS_TEMPLATE.name, Query(where=where, limit=_SOME), None)
    return [work.noun(SMS_TEMPLATE, row) for row in rows]


def _unique(template: SmsTemplate) -> str:
    return f"{template.gateway}\x1f{template.code}"


def _name_of(variable: TemplateVariable | Mapping[str, Any]) -> str:
    name = variable.get("name") if isinstance(variable, Mapping) else variable.name
    demand_type(name, str, "variables")
    return str(name)
