"""Settings: frozen, from a mapping, a TOML file and the environment.

A secret is given as `{env = "NAME"}` or `{file = "path"}` and shows itself to nobody; a
plain string is taken too, but `tianfu config` says where it stands.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from datetime import date
from ipaddress import ip_network
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import attrs

from tianfu_sdk.errors import Invalid

__all__ = [
    "MATCH_FEATURES",
    "MATCH_TARGETS",
    "AskSettings",
    "GatewaySettings",
    "MatchSettings",
    "PluginSettings",
    "RouteSettings",
    "Secret",
    "Settings",
    "SmsSettings",
    "TranslationSettings",
    "days",
    "without_password",
]


def without_password(url: str) -> str:
    """Give a URL as it may be shown: without the password that may stand in it.

    Args:
        url: Of a store; a path is given back as it is.
    """
    scheme, mark, rest = url.partition("://")
    account, at, host = rest.rpartition("@")
    user, colon, _ = account.partition(":")
    return f"{scheme}{mark}{user}{at}{host}" if mark and at and colon else url


@attrs.frozen(repr=False)
class Secret:
    """A value that is never shown; `reveal()` gives it to the code that needs it."""

    _value: str
    origin: str = ""
    """Where it came from: `env:NAME`, `file`, or `plain`."""

    def reveal(self) -> str:
        """Give the value."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({self.origin or '•••'})"

    __str__ = __repr__


@attrs.frozen(kw_only=True)
class PluginSettings:
    """Which plugins come in."""

    only: tuple[str, ...] | None = None
    """Only these distributions; None: all that are installed. `TIANFU_PLUGINS=a,b`."""
    block: tuple[str, ...] = ()
    """Not these distributions."""
    off: bool = False
    """None at all. `TIANFU_NO_PLUGINS=1`."""
    strict: bool = False
    """A broken plugin stops the hub from opening. `TIANFU_STRICT_PLUGINS=1`."""
    trace: bool = False
    """Log every hook call. `TIANFU_TRACE_PLUGINS=1`."""


@attrs.frozen(kw_only=True)
class AskSettings:
    """How `ask` decides."""

    threshold: float = 0.35
    """How probably an answer must answer, 0 to 1; below it `ask` abstains. How many questions it
    then answers, and how many it should not: `docs/explanation/asking.md`."""
    wording: float = 0.8
    """What a word is worth that stands there in other words, 0 to 1: as a synonym, as a term of a
    glossary, in another language too, or with one letter mistyped; 0: they are not looked for."""
    region: float = 0.1
    """How much the very region that is asked for raises a score; 0.1 is 10 %."""
    language: float = 0.3
    """How much the first language that is asked for does."""
    freshness: float = 0.05
    """How much being published today does."""
    popularity: float = 0.02
    """How much being read does; 0.05 at most."""
    topic: float = 0.2
    """How much the same topics do, of related content."""
    answer_days: int = 7
    """Working days until a question that was filed is due; `sms.holidays`, and those of its
    association's SMS policy, are none. 3,650 at most."""
    working_days: tuple[str, ...] = ()
    """Days such as `2026-02-14` that are worked though they are of a weekend (调休上班)."""
    engine: str = ""
    """A search engine of a plugin, fed by `tianfu worker`; empty: the one in the store."""

    @property
    def weights(self) -> Mapping[str, float]:
        """Weight by feature, as `tianfu_sdk.core.asking.asking.explained` takes them."""
        names = ("region", "language", "freshness", "popularity", "topic")
        return {name: getattr(self, name) for name in names}


MATCH_FEATURES = (
    "text",
    "topic",
    "region",
    "language",
    "audience",
    "media",
    "freshness",
    "popularity",
)
"""All that a score of a match is made of; none of it tells of a person."""
MATCH_TARGETS = (
    "service",
    "achievement",
    "project",
    "expert",
    "need",
    "subscription",
    "segment",
    "base",
)
"""All that can be matched to something."""


@attrs.frozen(kw_only=True)
class MatchSettings:
    """How matches are scored."""

    weights: Mapping[str, Mapping[str, float]] = MappingProxyType({})
    """By what is matched, such as `[match.weights.expert]`, and feature, such as `topic = 0.4`;
    what is left out stays as it is shipped."""
    alert: float = 0.35
    """Score from which on those who seek something are told of what was published, 0 to 1."""


@attrs.frozen(kw_only=True)
class RouteSettings:
    """Gateways that campaigns go through together, under a name: `[sms.routes.NAME]`."""

    gateways: tuple[str, ...]
    """Names, in order of preference: what one of them certainly did not send goes on to the next
    one that it has not been at."""
    weights: tuple[int, ...] = ()
    """Shares of the recipients, in the order of `gateways`; who has none only takes over. Empty:
    all goes through the first."""


@attrs.frozen(kw_only=True)
class TranslationSettings:
    """How translations are made."""

    review_required: bool = False
    """Each segment of a task must have been reviewed before the task can be approved."""
    memory_units: int = 200_000
    """Units of the translation memory that a process holds to look things up in, at most; of
    more, those that changed last. An index of 100,000 Chinese texts of 34 characters takes
    some 100 MB, and each language has one."""
    engines: tuple[str, ...] = ()
    """Engines that are asked where none is named, the first first; the next one is for what
    another has not, or fails at."""
    third_party: bool = False
    """Text may go to engines of somebody else that nobody named."""
    patience: float = 60.0
    """Seconds that one request to draft may wait, all together, for engines that say: later."""
    cache_days: int = 30
    """Days for which what an engine said is given again for the same text; 0: not at all."""
    cache_texts: int = 100_000
    """Texts of engines that are kept so at most; 0: none."""


@attrs.frozen(kw_only=True)
class SmsSettings:
    """How science SMS go out."""

    gateway: str = "file"
    """Gateway or route of campaigns that name none."""
    routes: Mapping[str, RouteSettings] = MappingProxyType({})
    """Routes by name; a campaign names one where it would name a gateway."""
    window_start: str = "08:00"
    """China time from which non-urgent messages may go out."""
    window_end: str = "20:00"
    """China time from which they may not (Aliyun: promotional SMS not 20:00-8:00)."""
    price: int = 45
    """1/1000 yuan a part, where a gateway's own table says nothing; an example, not a
    quotation."""
    suffix: str = "拒收请回复R"
    """How to refuse, said in every text (通信短信息服务管理规定); empty: not said."""
    holidays: tuple[str, ...] = ()
    """Days such as `2026-02-17` on which only `holiday_window` is open; none are shipped."""
    holiday_window: str = ""
    """China time such as `09:00-18:00`; empty: no non-urgent message goes out on holidays."""
    cap_day: int = 0
    """Messages that one phone gets in any 24 hours, of all campaigns; 0: as many as there are."""
    cap_month: int = 0
    """The same in any 30 days."""
    cap_topic_day: int = 0
    """Messages of one topic that one phone gets in any 24 hours."""
    repeat_days: int = 0
    """Days in which one phone gets nothing more of the same content or group; 0: it may."""
    repeat_topic_days: int = 0
    """Days in which one phone gets nothing more of the same topic; 0: it may."""
    refusal_levels: tuple[str, ...] = ()
    """Levels of emergencies, such as `red`, of which a phone that refused all messages is told
    all the same, where a second person approved the override; empty: none."""
    lease: int = 120
    """Seconds that a dispatcher holds a batch."""
    done_days: int = 30
    """Days until the worker forgets finished batches, and receipts of no known message; messages
    and figures stay."""
    unknown_hours: int = 72
    """Hours until the worker gives up to find out whether a batch went out: it is reported as
    such and never sent again; 0: it waits for a person for ever."""


@attrs.frozen(kw_only=True)
class GatewaySettings:
    """How one SMS gateway may be used, by all workers together; None: as it says itself."""

    messages: float | None = None
    """A second; 0: as many as there are."""
    calls: float | None = None
    """A second; 0: as many as there are."""
    parts: float | None = None
    """Billed parts a second; 0: as many as there are."""
    burst: float | None = None
    """Seconds whose messages, calls and parts may go at once after a rest."""
    price: int | None = None
    """1/1000 yuan a part; None: `sms.price`."""
    sessions: int | None = None
    """Sessions at a time, of a gateway that holds them; 0: uncounted."""
    longest: int | None = None
    """UTF-16 units that one message may have, signature included; never more than it says."""
    longest_value: int | None = None
    """Characters of a template variable's value; never more than it says itself."""
    links: bool | None = None
    """False: no links in texts nor in values of templates."""
    window_start: str | None = None
    """China time from which non-urgent messages may go out through it, within its own hours."""
    window_end: str | None = None
    """China time from which they may not."""
    networks: tuple[str, ...] = ()
    """Addresses that its vendor calls back from, such as `203.0.113.0/24`; empty: any."""


def _shown(tables: Mapping[str, Mapping[str, Any]]) -> str:
    # Values are left out: a plain string may be a password that nobody marked as one.
    return repr({name: sorted(table) for name, table in tables.items()})


@attrs.frozen(kw_only=True)
class Settings:
    """All settings of a hub.

    Raises:
        Invalid: `settings.unknown`, `settings.type`, with the path of the setting.
    """

    db: str = attrs.field(default="", repr=without_password)
    """URL of the store. `TIANFU_DB`."""
    account: str = ""
    """Id of the account that acts where none is named. `TIANFU_ACCOUNT`."""
    key: Secret | None = None
    """Master keys, such as base64 of 32 bytes; several: oldest first. `TIANFU_KEY`."""
    key_file: str = ""
    """File that holds them, a key a line. `TIANFU_KEY_FILE`."""
    keys: str = ""
    """Name of the holder of master keys that a plugin offers, instead. `TIANFU_KEYS`."""
    media: str = ""
    """Where media are kept; empty: beside an SQLite file, and on a server nowhere, so that they
    are refused. `TIANFU_MEDIA`."""
    erasures: str = ""
    """File of the erasure log, kept apart from the database and its backups; empty: beside an
    SQLite file. `TIANFU_ERASURES`."""
    accessible: bool = True
    """Demand alternative text and transcripts before review."""
    timeout: float = 10.0
    """Seconds that a writer waits for its turn, and that a translation engine may take."""
    plugins: PluginSettings = PluginSettings()
    ask: AskSettings = AskSettings()
    match: MatchSettings = MatchSettings()
    translation: TranslationSettings = TranslationSettings()
    sms: SmsSettings = SmsSettings()
    gateways: Mapping[str, GatewaySettings] = MappingProxyType({})
    """Rates, sessions and limits of SMS gateways, by name: `[gateways.my-gateway]`."""
    backends: Mapping[str, Mapping[str, Any]] = attrs.field(
        default=MappingProxyType({}), repr=_shown
    )
    """Own tables of backends, by name: `[backends.my-gateway]`."""

    @classmethod
    def load(
        cls,
        *,
        file: str | os.PathLike[str] | None = None,
        values: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Self:
        """Read settings; the environment wins over values, values over the file.

        Args:
            file: A TOML file, or None.
            values: A mapping of the same shape, or None.
            environment: Such as `os.environ`; None: none is read.

        Returns:
            The settings.

        Raises:
            Invalid: `settings.file`, `settings.unknown`, `settings.type`, `settings.secret`.
        """
        merged: dict[str, Any] = {}
        if file is not None:
            _merge(merged, _read(Path(file)))
        _merge(merged, values or {})
        environment = environment or {}
        _merge(merged, _from_environment(environment))
        made = _build(cls, merged, "", environment)
        assert isinstance(made, cls)  # noqa: S101 - tells the type checker
        return made


_ENVIRONMENT: Mapping[str, tuple[str, ...]] = {
    "TIANFU_DB": ("db",),
    "TIANFU_ACCOUNT": ("account",),
    "TIANFU_KEY": ("key",),
    "TIANFU_KEY_FILE": ("key_file",),
    "TIANFU_KEYS": ("keys",),
    "TIANFU_ERASURES": ("erasures",),
    "TIANFU_MEDIA": ("media",),
    "TIANFU_PLUGINS": ("plugins", "only"),
    "TIANFU_NO_PLUGINS": ("plugins", "off"),
    "TIANFU_STRICT_PLUGINS": ("plugins", "strict"),
    "TIANFU_TRACE_PLUGINS": ("plugins", "trace"),
}
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, path in _ENVIRONMENT.items():
        text = environment.get(name)
        if not text:
            continue
        value: Any = text
        if path[-1] == "only":
            value = [part.strip() for part in text.split(",") if part.strip()]
        elif path[-1] in ("off", "strict", "trace"):
            value = _flag(name, text.strip().lower())
        elif path[-1] == "key":
            value = {"env": name}
        table = found
        for part in path[:-1]:
            table = table.setdefault(part, {})
        table[path[-1]] = value
    return found


def _flag(name: str, text: str) -> bool:
    if text not in _TRUE | _FALSE:
        # Taken for "no", a slip of the pen would let plugins in that were to stay out.
        raise Invalid("settings.type", path=name, wanted="1 | 0")
    return text in _TRUE


def _read(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Invalid("settings.file", path=str(path), why=str(error)) from error


def _merge(base: dict[str, Any], more: Mapping[str, Any]) -> None:
    for name, value in more.items():
        if isinstance(value, Mapping) and isinstance(base.get(name), dict):
            _merge(base[name], value)
        else:
            base[name] = dict(value) if isinstance(value, Mapping) else value


_TABLES: Mapping[str, type] = {
    "plugins": PluginSettings,
    "ask": AskSettings,
    "match": MatchSettings,
    "translation": TranslationSettings,
    "sms": SmsSettings,
}


def _build(cls: Any, values: Mapping[str, Any], path: str, environment: Mapping[str, str]) -> Any:
    fields = {field.name: field for field in attrs.fields(cls)}
    made: dict[str, Any] = {}
    for name, value in values.items():
        where = f"{path}.{name}" if path else name
        field = fields.get(name)
        if field is None:
            import difflib

            near = difflib.get_close_matches(name, fields, 1) or sorted(fields)
            raise Invalid("settings.unknown", path=where, near=", ".join(near))
        if not path and name in _TABLES and not isinstance(value, _TABLES[name]):
            made[name] = _build(_TABLES[name], _table(value, where), where, environment)
            _demand_bounds(made[name], name)
            if name in _DAYS:
                days(getattr(made[name], _DAYS[name]), f"{name}.{_DAYS[name]}")
        elif where == "backends":
            made[name] = MappingProxyType(
                {
                    k: _reveal_table(_table(v, f"{where}.{k}"), f"{where}.{k}", environment)
                    for k, v in _table(value, where).items()
                }
            )
        elif where == "gateways":
            made[name] = MappingProxyType(
                {k: _gateway(v, f"{where}.{k}") for k, v in _table(value, where).items()}
            )
        elif where == "sms.routes":
            made[name] = MappingProxyType(
                {k: _route(v, f"{where}.{k}") for k, v in _table(value, where).items()}
            )
        elif where == "match.weights":
            made[name] = _weights(_table(value, where), where)
        elif where == "key":
            made[name] = _secret(value, where, environment)
        else:
            made[name] = _typed(value, str(field.type), where)
    return cls(**made)


def days(texts: tuple[str, ...], path: str) -> frozenset[date]:
    """Read days such as the holidays; raises `Invalid` (`sms.bad_day`)."""
    found = set()
    for place, text in enumerate(texts):
        try:
            found.add(date.fromisoformat(text))
        except ValueError:
            raise Invalid("sms.bad_day", path=f"{path}[{place}]", value=text[:20]) from None
    return frozenset(found)


_DAYS: Mapping[str, str] = {"ask": "working_days", "sms": "holidays"}
_MOST: Mapping[str, Mapping[str, float]] = {
    "ask": {
        **dict.fromkeys(("threshold", "wording", "region", "language", "freshness", "topic"), 1.0),
        "popularity": 0.05,
        "answer_days": 3650,
    },
    "match": {"alert": 1.0},
}
"""Numbers that begin at 0, and where they end."""


def _demand_bounds(made: Any, table: str) -> None:
    for name, highest in _MOST.get(table, {}).items():
        if not 0 <= getattr(made, name) <= highest:
            wanted = f"0–{highest:g}"
            raise Invalid("settings.type", path=f"{table}.{name}", wanted=wanted)


def _weights(table: Mapping[str, Any], path: str) -> Mapping[str, Mapping[str, float]]:
    made = {}
    for target, weights in table.items():
        where = f"{path}.{target}"
        if target not in MATCH_TARGETS:
            raise Invalid("settings.unknown", path=where, near=", ".join(MATCH_TARGETS))
        for name, weight in _table(weights, where).items():
            if name not in MATCH_FEATURES:
                near = ", ".join(MATCH_FEATURES)
                raise Invalid("settings.unknown", path=f"{where}.{name}", near=near)
            number = isinstance(weight, int | float) and not isinstance(weight, bool)
            if not number or not 0 <= weight < math.inf:
                wanted = "≥ 0"
                raise Invalid("settings.type", path=f"{where}.{name}", wanted=wanted)
        made[target] = MappingProxyType(dict(weights))
    return MappingProxyType(made)


def _gateway(value: Any, path: str) -> GatewaySettings:
    if isinstance(value, GatewaySettings):
        return value
    made = _build(GatewaySettings, _table(value, path), path, {})
    for name, number in attrs.asdict(made).items():
        if isinstance(number, int | float) and not 0 <= number < math.inf:
            raise Invalid("settings.type", path=f"{path}.{name}", wanted="≥ 0")
    for place, network in enumerate(made.networks):
        try:
            ip_network(network)
        except ValueError:
            where = f"{path}.networks[{place}]"
            raise Invalid("settings.type", path=where, wanted="203.0.113.0/24") from None
    assert isinstance(made, GatewaySettings)  # noqa: S101 - tells the type checker
    return made


def _route(value: Any, path: str) -> RouteSettings:
    if isinstance(value, RouteSettings):
        return value
    table = _table(value, path)
    if "gateways" not in table:
        raise Invalid("settings.type", path=f"{path}.gateways", wanted="list[str]")
    made = _build(RouteSettings, table, path, {})
    assert isinstance(made, RouteSettings)  # noqa: S101 - tells the type checker
    return made


def _table(value: Any, path: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Invalid("settings.type", path=path, wanted="table")
    return value


def _reveal_table(
    table: Mapping[str, Any], path: str, environment: Mapping[str, str]
) -> Mapping[str, Any]:
    return MappingProxyType(
        {
            name: _secret(value, f"{path}.{name}", environment)
            if isinstance(value, Mapping) and set(value) in ({"env"}, {"file"})
            else value
            for name, value in table.items()
        }
    )


def _secret(value: Any, path: str, environment: Mapping[str, str]) -> Secret:
    if isinstance(value, Secret):
        return value
    if isinstance(value, str):
        return Secret(value, "plain")
    if isinstance(value, Mapping) and set(value) == {"env"}:
        name = str(value["env"])
        found = environment.get(name) or os.environ.get(name)
        if not found:
            raise Invalid("settings.secret", path=path, origin=f"environment variable {name}")
        return Secret(found, f"env:{name}")
    if isinstance(value, Mapping) and set(value) == {"file"}:
        try:
            return Secret(Path(str(value["file"])).read_text("utf-8").strip(), "file")
        except OSError:
            raise Invalid("settings.secret", path=path, origin="file") from None
    raise Invalid("settings.type", path=path, wanted="str | {env=…} | {file=…}")


def _typed(value: Any, wanted: str, path: str) -> Any:
    for of in (str, int):
        if wanted.startswith(f"tuple[{of.__name__}"):
            if isinstance(value, (list, tuple)) and all(type(part) is of for part in value):
                return tuple(value)
            raise Invalid("settings.type", path=path, wanted=f"list[{of.__name__}]")
    kinds: Mapping[str, tuple[type, ...]] = {
        "str": (str,),
        "bool": (bool,),
        "int": (int,),
        "float": (int, float),
    }
    allowed = kinds[wanted.removesuffix(" | None")]
    if isinstance(value, allowed) and (bool in allowed or not isinstance(value, bool)):
        return value
    raise Invalid("settings.type", path=path, wanted=wanted)
