"""Values that cross the storage port: kinds, rows, queries, events, jobs."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NewType

import attrs

from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.base import Labelled
from tianfu_sdk.model.checks import demand_type

__all__ = [
    "AND_GROUPS",
    "IN_VALUES",
    "LONGEST_ID",
    "LONGEST_KEY",
    "LONGEST_PAGE",
    "Cursor",
    "Done",
    "Group",
    "Job",
    "JobInfo",
    "JobState",
    "JobView",
    "Key",
    "KeyValue",
    "Kind",
    "NewJob",
    "Operator",
    "Outcome",
    "Parked",
    "Query",
    "Retry",
    "Row",
    "SchemaChange",
    "SchemaStep",
    "StorageCapabilities",
    "StoredEvent",
    "Where",
]

LONGEST_ID = 64
"""Characters of an id, a job key, a stream or group name at most."""
LONGEST_KEY = 200
"""Characters of a string key at most."""
IN_VALUES = 500
"""Values of the operator `in` at most."""
AND_GROUPS = 16
"""Groups of `any_of` and of `scope` at most; callers with more merge several reads."""
LONGEST_PAGE = 1000
"""Rows of one `find`, events of one `read`, jobs of one `claim` at most."""

KeyValue = str | int | float | bytes
Operator = Literal["=", "!=", "<", "<=", ">", ">=", "in", "prefix", "has"]
Cursor = NewType("Cursor", str)
"""Opaque place in a stream of events."""

_INT = 2**63
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_TYPES: Mapping[str, type[str | int | float | bytes]] = {
    "str": str,
    "int": int,
    "float": float,
    "bytes": bytes,
}


def _named(_: Any, attribute: attrs.Attribute[Any], value: str) -> None:
    if not _NAME.fullmatch(value):
        raise Invalid("storage.bad_name", path=attribute.name, value=value[:40])


def _id(_: Any, attribute: attrs.Attribute[Any], value: str) -> None:
    _check_id(value, attribute.name)


def _check_id(value: str, path: str) -> None:
    _check_text(value, path, LONGEST_ID)
    if not value:
        raise Invalid("storage.empty_id", path=path)


def _check_text(value: str, path: str, longest: int) -> None:
    if len(value) > longest:
        raise Invalid("storage.key_too_long", path=path, length=len(value), longest=longest)
    if "\0" in value or (not value.isprintable() and any("\ud800" <= c <= "\udfff" for c in value)):
        raise Invalid("storage.key_characters", path=path)


@attrs.frozen
class Key:
    """One searchable field of a kind."""

    name: str = attrs.field(validator=_named)
    type: Literal["str", "int", "float", "bytes"] = "str"
    many: bool = False
    """Holds several values; asked with `has`; not for ordering or composite indexes."""

    def check(self, value: Any, path: str) -> None:
        """Refuse a value that this key cannot hold.

        Args:
            value: One value; of a multi-valued key one member.
            path: Where it stands, for the error.

        Raises:
            Invalid: `storage.key_type`, `storage.key_too_long`, `storage.key_characters`,
                `storage.key_range`.
        """
        # bool is an int, but not one that every store gives back as it was.
        if not isinstance(value, _TYPES[self.type]) or isinstance(value, bool):
            raise Invalid(
                "storage.key_type", path=path, wanted=self.type, found=type(value).__name__
            )
        if isinstance(value, str):
            _check_text(value, path, LONGEST_KEY)
        elif isinstance(value, int):
            if not -_INT <= value < _INT:
                raise Invalid("storage.key_range", path=path)
        elif isinstance(value, float):
            if not math.isfinite(value):
                raise Invalid("storage.key_range", path=path)
        elif len(value) > LONGEST_KEY:
            raise Invalid("storage.key_too_long", path=path, length=len(value), longest=LONGEST_KEY)


@attrs.frozen
class Kind:
    """A class of rows: its name, its searchable keys and its composite indexes.

    Raises:
        Invalid: `storage.bad_name`, `storage.bad_index`.
    """

    name: str = attrs.field(validator=_named)
    keys: tuple[Key, ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    """Each a run of scalar key names; the id follows as the last column by itself."""
    document: bool = True
    """False for narrow rows that have keys only."""
    schema: int = 1
    """Number of this shape: raised with every change of keys or indexes, so that a store can
    tell an older program from a newer one."""
    by_name: Mapping[str, Key] = attrs.field(init=False, eq=False, repr=False)
    _texts: tuple[str, ...] = attrs.field(init=False, eq=False, repr=False)
    _others: tuple[Key, ...] = attrs.field(init=False, eq=False, repr=False)

    @by_name.default
    def _by_name(self) -> dict[str, Key]:
        return {key.name: key for key in self.keys}

    @_texts.default
    def _name_texts(self) -> tuple[str, ...]:
        return tuple(key.name for key in self.keys if key.type == "str" and not key.many)

    @_others.default
    def _name_others(self) -> tuple[Key, ...]:
        return tuple(key for key in self.keys if key.type != "str" or key.many)

    def __attrs_post_init__(self) -> None:
        """Check names and indexes."""
        if len(self.by_name) != len(self.keys) or "id" in self.by_name:
            names = ", ".join(key.name for key in self.keys)
            raise Invalid("storage.bad_name", path=f"{self.name}.keys", value=names)
        for index in self.indexes:
            for name in index:
                if name not in self.by_name or self.by_name[name].many:
                    raise Invalid("storage.bad_index", path=f"{self.name}.indexes", value=name)

    def check_row(self, row: Row) -> None:
        """Refuse a row that this kind cannot hold; raises `Invalid` that names the key."""
        _check_id(row.id, f"{self.name}.id")
        if row.keys.keys() != self.by_name.keys():
            odd = sorted(row.keys.keys() ^ self.by_name.keys())
            raise Invalid("storage.key_names", path=f"{self.name}.{odd[0]}", value=", ".join(odd))
        if (row.doc is None) is self.document:
            raise Invalid(
                "storage.document",
                path=f"{self.name}.doc",
                place="needs" if self.document else "has not",
            )
        keys = row.keys
        texts = [keys[name] for name in self._texts]
        try:
            plain = "".join(texts).isprintable()
        except TypeError:
            plain = False
        # Nearly all rows are such, and need no walk to be told so.
        if not plain or max(map(len, texts), default=0) > LONGEST_KEY:
            for name in self._texts:
                self.by_name[name].check(keys[name], f"{self.name}.{name}")
        for key in self._others:
            value = keys[key.name]
            if key.many:
                self._check_members(key, value)
            elif type(value) is not int or key.type != "int" or not -_INT <= value < _INT:
                key.check(value, f"{self.name}.{key.name}")

    def _check_members(self, key: Key, value: Any) -> None:
        path = f"{self.name}.{key.name}"
        if not isinstance(value, frozenset):
            found = type(value).__name__
            raise Invalid("storage.key_type", path=path, wanted="frozenset", found=found)
        for member in value:
            key.check(member, path)

    def check_columns(self, names: Sequence[str]) -> None:
        """Refuse fields that this kind has not, or has several values of; raises `Invalid`."""
        for name in names:
            key = self.by_name.get(name)
            if name != "doc" and (key is None or key.many):
                raise Invalid("storage.no_key", path=f"{self.name}.{name}", value=name)

    def check_query(self, query: Query) -> None:
        """Refuse a query that names what this kind has not; raises `Invalid`."""
        groups = (query.where, *(query.any_of or ()), *(query.scope or ()))
        for where in (w for group in groups for w in group):
            self._check_where(where)
        order = self.by_name.get(query.order)
        if query.order != "id" and (order is None or order.many):
            raise Invalid("storage.bad_order", path=f"{self.name}.order", value=query.order)
        if query.after is not None:
            value, last = query.after
            (order or _ID).check(value, f"{self.name}.after")
            _ID.check(last, f"{self.name}.after")

    def _check_where(self, where: Where) -> None:
        path = f"{self.name}.{where.key}"
        key = _ID if where.key == "id" else self.by_name.get(where.key)
        if key is None:
            raise Invalid("storage.no_key", path=path, value=where.key)
        if key.many is not (where.op == "has"):
            raise Invalid("storage.operator", path=path, op=where.op)
        if where.op == "prefix" and key.type != "str":
            raise Invalid("storage.operator", path=path, op=where.op)
        if where.op == "in":
            if not isinstance(where.value, tuple) or len(where.value) > IN_VALUES:
                raise Invalid("storage.in_values", path=path, most=IN_VALUES)
            for value in where.value:
                key.check(value, path)
        else:
            key.check(where.value, path)


_ID = Key("id_", "str")


@attrs.frozen
class Row:
    """A document with its search keys, as a store keeps it."""

    id: str
    version: int = 0
    """On `put` the version that is replaced, 0 for new; as read the version that is stored."""
    doc: bytes | None = None
    """Any bytes; None where the kind has no document or the query asked for keys only."""
    keys: Mapping[str, Any] = attrs.field(factory=dict)
    """Every key of the kind, none missing, none None; multi-valued ones as frozensets."""
    changed: tuple[str, ...] | None = attrs.field(default=None, eq=False, repr=False)
    """The only keys that differ from the version that is stored, so that a store need write no
    other; None: any may. A store gives () with a row that it read, or nothing."""

    def but(self, **keys: Any) -> Row:
        """Give a row of a kind without documents with other values of some keys."""
        was = self.changed
        now = tuple(keys) if was == () else was and tuple(dict.fromkeys((*was, *keys)))
        return Row(self.id, self.version, None, {**self.keys, **keys}, now)


@attrs.frozen
class Where:
    """One condition on a key, or on `id`."""

    key: str
    op: Operator
    value: KeyValue | tuple[KeyValue, ...]


Group = tuple[Where, ...]
"""Conditions that must hold together."""


@attrs.frozen(kw_only=True)
class Query:
    """What to find, in which order, from where on.

    Raises:
        Invalid: `storage.groups`, more than 16 groups; `storage.limit`.
    """

    where: Group = ()
    any_of: tuple[Group, ...] | None = None
    """At least one group must hold; None: no such condition; empty: nothing is found."""
    scope: tuple[Group, ...] | None = None
    """What the asker may see, joined to the rest by AND; as `any_of`."""
    order: str = "id"
    """A scalar key or `id`; ties are broken by id in the same direction."""
    desc: bool = False
    after: tuple[KeyValue, str] | None = None
    """Order value and id of the last row seen."""
    limit: int = 50
    """1 to 1,000."""
    fields: Literal["all", "keys"] = "all"

    def __attrs_post_init__(self) -> None:
        """Check the counts."""
        for name in ("any_of", "scope"):
            groups = getattr(self, name)
            if groups is not None and len(groups) > AND_GROUPS:
                raise Invalid("storage.groups", path=name, most=AND_GROUPS)
        demand_type(self.limit, int, "limit")
        if not 1 <= self.limit <= LONGEST_PAGE:
            raise Invalid("storage.limit", path="limit", most=LONGEST_PAGE)


@attrs.frozen
class StoredEvent:
    """One event of a stream and its place in it."""

    cursor: Cursor
    body: bytes


@attrs.frozen
class NewJob:
    """Work to be done once."""

    key: str = attrs.field(validator=_id)
    """Unique in its queue; a repeated key is ignored while its row remains."""
    body: bytes = b""
    due: datetime | None = None
    """Not before this moment; None: at once."""
    priority: int = 5
    """0 to 9; smaller is sooner. 0 is for emergencies."""
    group: str = ""
    """Held, released and dropped together, such as a campaign."""


class JobState(Labelled):
    """Where a job stands."""

    QUEUED = "queued", "待处理", "queued"
    LEASED = "leased", "处理中", "leased"
    DONE = "done", "已完成", "done"
    PARKED = "parked", "待人工", "parked"
    DROPPED = "dropped", "已取消", "dropped"


@attrs.frozen
class Job:
    """A claimed job; `token` fences its settling."""

    id: int
    queue: str
    key: str
    body: bytes
    attempts: int
    """Claims so far, this one included: 1 at the first."""
    token: str
    group: str = ""
    priority: int = 5


@attrs.frozen
class JobInfo:
    """A job as a person sees it."""

    id: int
    queue: str
    key: str
    state: JobState
    due: datetime
    """Of a leased job the end of its lease."""
    attempts: int
    priority: int
    group: str
    reason: str
    body: bytes = attrs.field(repr=False, default=b"")


@attrs.frozen(kw_only=True)
class JobView:
    """A job with the reason why it waits, in words; without what it carries."""

    id: int
    queue: str
    key: str
    state: JobState
    due: datetime
    """UTC."""
    attempts: int
    priority: int
    group: str
    held: bool
    """Its group is left unclaimed until it is let go on."""
    reason: str
    """A code; empty: it waits for nobody."""
    why: str
    why_zh: str
    hint: str
    hint_zh: str


@attrs.frozen
class Done:
    """The job is finished; its row stays and carries the idempotency."""


@attrs.frozen
class Retry:
    """The job is due again at this moment."""

    due: datetime


@attrs.frozen
class Parked:
    """The job waits for a person."""

    reason: str = ""


Outcome = Done | Retry | Parked


class SchemaStep(Labelled):
    """What a migration does to a store or a kind."""

    STORE = "store", "升级存储结构", "bring the store's own tables up"
    ROWS = "rows", "复制行并重建键", "copy the rows into the new shape"
    INDEXES = "indexes", "重建索引", "build other indexes"
    ABANDON = "abandon", "放弃未完成的迁移", "give up a migration that was begun"


@attrs.frozen(kw_only=True)
class SchemaChange:
    """One thing that a store has otherwise than this program needs it."""

    step: SchemaStep
    kind: str = ""
    """Name of the kind; empty for the store's own tables."""
    found: int
    """Schema number of what is stored."""
    wanted: int
    """Schema number of this program."""
    added: tuple[str, ...] = ()
    """Keys that come."""
    removed: tuple[str, ...] = ()
    """Keys that go."""
    retyped: tuple[str, ...] = ()
    """Keys that change their type, or become or stop being multi-valued."""
    rows: int = 0
    """Rows of the kind."""
    done: int = 0
    """Rows that stand in the new shape already."""


@attrs.frozen(kw_only=True)
class StorageCapabilities:
    """What a store can do; rules plan and suites skip by it."""

    name: str
    persistent: bool
    """What was committed outlives the process."""
    processes: bool
    """Several processes may open it at once."""
    single_writer: bool
    """Writers queue, so commit order is write order and the audit is sealed at commit."""
    search: bool
    """`tx.search` answers inside the transaction."""
    backup: bool = False
    """`backup` copies the store while others write; the others are moved by `dump`."""
    migrates: bool = True
    """`migrate` gives the rows of an older program new keys; where it cannot, a `dump` by the
    older program is loaded into a new store."""
    own_clock: bool = False
    """Leases run on the server's clock rather than on the injected one."""
