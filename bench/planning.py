"""Planning a campaign for a prefecture: seconds and peak memory, from SQLite and PostgreSQL.

`python bench/planning.py [--recipients 2780000] [--postgresql 100000] [--profile]`. The store is
filled with the narrow rows that a plan reads, in the order of arrival, so that equal phones lie
anywhere in the file; documents are left out, because a plan opens none. The plan runs in a
process of its own, so its memory is counted alone.

Of all people 2 % have not agreed, 1 % refused by message, 1 % are of two organizations with one
phone, 3 % asked for other topics, 0.5 % agreed until a moment that is over; one in ten reads
Tibetan, one in twenty Yi. One phone in five got something these days, one in a hundred as many
messages as the organization's policy lets it get in 30 days, one in two hundred as many as in a
day; the policy has quotas of parts of a day, a month and a year.
"""

from __future__ import annotations

import argparse
import contextlib
import cProfile
import hashlib
import importlib
import json
import os
import pstats
import resource
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import durable
from timing import table

RECIPIENTS = 2_780_000
"""Phones that one prefecture of Sichuan reached in a week of May 2021."""
_BATCH = 20_000
_SOME = 100_000
_ORGANIZATION = "四川省科学技术协会"
_REGION = "510300"
_COUNTIES = ("510302", "510303", "510304", "510311", "510321", "510322")
_CAPS = {"cap_day": 2, "cap_month": 4}
_QUOTA = {"quota_day": 8_000_000, "quota_month": 60_000_000, "quota_year": 500_000_000}
"""Billed parts; as many as a plan is held against, and not fewer than it takes."""
_HEAD = ("store", "subscribers", "recipients", "excluded", "parts", "filled", "plan", "CPU", "peak")


def run(*, small: bool) -> str:
    """Measure a size on each store."""
    return measured(20_000, 5_000) if small else measured(RECIPIENTS, _SOME)


def measured(recipients: int, some: int) -> str:
    """Give a table of all stores that are here."""
    made = []
    kept = os.environ.get("TIANFU_BENCH_PLAN", "")
    if kept and recipients == RECIPIENTS:
        made.append(kept_and_planned(Path(kept), recipients))
    else:
        with tempfile.TemporaryDirectory() as folder:
            made.append(_filled_and_planned("sqlite:", f"sqlite:///{folder}/kepu.db", recipients))
    if some:
        with durable.postgresql() as server:
            if server is not None:
                made.append(_filled_and_planned("postgresql:", server.url("postgres"), some))
    return shown(made)


def shown(made: Sequence[dict[str, Any]]) -> str:
    """Write the tables of some plans."""
    plans = table(
        "Planning",
        _HEAD,
        [_row(one) for one in made],
        "Consent, opt-outs, interests, duplicates, languages, parts, hours, caps, quotas and"
        " exclusions of all subscribers of a prefecture, in one read transaction; peak of the"
        " planning process.",
    )
    reasons = sorted({reason for one in made for reason in one["exclusions"]})
    left_out = table(
        "Who is left out of these plans",
        ("store", *reasons),
        [
            (one["store"], *(f"{one['exclusions'].get(reason, 0):,}" for reason in reasons))
            for one in made
        ],
        f"Policy of the organization: {_said(_CAPS)}; quotas {_said(_QUOTA)}, of which the plan"
        f" takes {', '.join(made[0]['quota'])}.",
    )
    return f"{plans}\n{left_out}"


def _said(rules: Mapping[str, int]) -> str:
    return ", ".join(f"`{name}` {value:,}" for name, value in rules.items())


def _filled_and_planned(name: str, url: str, count: int) -> dict[str, Any]:
    begin = time.perf_counter()
    campaign = fill(url, count)
    filled = time.perf_counter() - begin
    return {**planned(url, campaign), "store": name, "subscribers": count, "filled": filled}


def kept_and_planned(keep: Path, count: int) -> dict[str, Any]:
    """Plan on a file that is filled once."""
    return {**planned(*_kept(keep, count)), "store": "sqlite:", "subscribers": count}


def _kept(keep: Path, count: int) -> tuple[str, str]:
    note, url = keep.with_suffix(".campaign"), f"sqlite:///{keep}"
    if not note.exists():
        note.write_text(fill(url, count), "utf-8")
    with _opened(url, old=True):
        # One that was kept by an older program is brought up to this one.
        return url, note.read_text("utf-8")


def planned(url: str, campaign: str) -> dict[str, Any]:
    """Plan in a process of its own; gives what it says."""
    command = [sys.executable, __file__, "--plan", url, "--campaign", campaign]
    found: dict[str, Any] = json.loads(
        subprocess.run(command, check=True, capture_output=True, text=True).stdout
    )
    return found


def _row(one: dict[str, Any]) -> tuple[object, ...]:
    filled = one.get("filled")
    return (
        one["store"],
        f"{one['subscribers']:,}",
        f"{one['recipients']:,}",
        f"{sum(one['exclusions'].values()):,}",
        f"{one['parts']:,}",
        "before" if filled is None else f"{filled:.0f} s",
        f"{one['seconds']:.1f} s",
        f"{one['cpu']:.1f} s",
        f"{one['peak'] // 1024} MB",
    )


@contextlib.contextmanager
def _opened(url: str, *, old: bool = False) -> Iterator:
    """Open a store, or bring one that was kept by an older program up to this one."""
    from tianfu_sdk.hub import Hub

    plugins = []
    if not url.startswith("sqlite:"):
        plugins.append(importlib.import_module("tianfu_storage_sql"))
    settings = {"timeout": 60.0, "erasures": os.devnull}
    door = Hub.migrate if old else Hub.open
    with door(url, settings=settings, plugins=plugins, discover=False) as hub:
        yield hub


# The store.


def fill(url: str, count: int) -> str:
    """Fill a store; gives the id of a campaign for all of it, and the account that made it."""
    from tianfu_sdk.core.rows.kinds import CONTACT, OPT_OUT, REACH

    with _opened(url) as hub:
        chief = hub.bootstrap(organization=_ORGANIZATION, region="510000")
        me = hub.as_(chief.id)
        me.sms_policies.set(chief.organization, **_CAPS, **_QUOTA)
        store = hub._tools.store
        if url.startswith("sqlite:"):
            _in_memory(store)
        now = int(time.time())
        for start in range(0, count, _BATCH):
            numbers = range(start, min(start + _BATCH, count))
            rows = [_reached(number, chief.organization) for number in numbers]
            refused = [_refused(number) for number in numbers if number % 100 == 7]
            sent = [_sent(number, now) for number in numbers if number % 5 == 2]

            def load(tx, rows=rows, refused=refused, sent=sent) -> None:
                tx.load(REACH.name, rows)
                tx.load(OPT_OUT.name, refused)
                tx.load(CONTACT.name, sent)

            store.run(load, write=True)
        return f"{chief.id},{_composed(me, chief.organization)}"


def _composed(me, organization: str) -> str:
    made = me.sms.compose(
        title="防灾减灾宣传周",
        organization=organization,
        region=_REGION,
        texts={
            "zh-Hans": "地震时先躲到结实的桌下，护住头颈，不要乘电梯；主震过后再有序撤离到空旷处。"
            * 2,
            "bo": "ས་ཡོམ་བརྒྱབ་དུས་ཐོག་མར་ཅོག་ཙེའི་འོག་ཏུ་གབ་དགོས།" * 2,
        },
        signature="四川科普",
        topic="safety_science",
    )
    return made.id


def _in_memory(store) -> None:
    # Rows in the order of arrival touch every page of the indexes: kept in memory while it is
    # filled, a store is filled in minutes. The file is the same.
    connection = store._connection()
    for setting in ("cache_size = -1500000", "synchronous = OFF", "wal_autocheckpoint = 100000"):
        connection.execute(f"PRAGMA {setting}")


def _index(number: int) -> bytes:
    # One in a hundred has the phone of the one before.
    number -= number % 100 == 50
    return hashlib.blake2b(str(number).encode(), digest_size=16).digest()


def _reached(number: int, organization: str):
    from tianfu_sdk.core.rows.keying import NEVER_DUE
    from tianfu_sdk.model.storage import Row

    language = "bo" if number % 10 == 3 else "ii" if number % 20 == 5 else "zh-Hans"
    consents = "[]" if number % 50 == 11 else '[["science_sms",1,[]]]'
    topics = '["healthy_life"]' if number % 33 == 1 else "[]"
    return Row(
        f"sub_{number:026}",
        1,
        None,
        {
            "phone_ix": _index(number),
            "organization": organization,
            "province": "510000",
            "prefecture": _REGION,
            "county": _COUNTIES[number % 6],
            "shape": f'["{language}",0,{consents},{topics},["village"]]',
            "until": 1 if number % 200 == 13 else NEVER_DUE,
            # As long as one that is sealed.
            "phone": hashlib.blake2b(b"%d" % number, digest_size=58).digest(),
        },
    )


def _refused(number: int):
    from tianfu_sdk.core.rows.keying import unique_id
    from tianfu_sdk.core.rows.kinds import OPT_OUT
    from tianfu_sdk.model.storage import Row

    phone = _index(number)
    keys = {"phone_ix": phone, "index_key": "k", "topic": "", "at": 1}
    return Row(unique_id(OPT_OUT.name, "", phone.hex()), 1, None, keys)


def _sent(number: int, now: int):
    from tianfu_sdk.core.rows.keying import NEVER_DUE
    from tianfu_sdk.core.sms.contacts import contact_id, entry_digest
    from tianfu_sdk.model.storage import Row

    # As `core.sms.contacts` writes an entry: when, topic, content, campaign.
    hours = [200] if number % 100 != 32 else [200, 300, 400, 500]
    hours = [-1, -2] if number % 200 == 62 else hours
    entries = b"".join(
        struct.pack(
            ">I6s6s8s",
            now - hour * 3600,
            entry_digest("healthy_life"),
            entry_digest(""),
            entry_digest(f"cam_{hour}", 8),
        )
        for hour in hours
    )
    return Row(contact_id(_index(number)), 1, entries, {"until": NEVER_DUE})


# The plan, in a process of its own.


def _peak() -> int:
    """Give the most memory that this process had, in kB."""
    # What `getrusage` says counts the process that started this one, until it became another.
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text("ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def plan(url: str, campaign: str, *, profile: bool) -> None:
    """Plan a campaign and print, as JSON, seconds, CPU seconds, kB at most, and its figures."""
    account, id_ = campaign.split(",")
    with _opened(url) as hub:
        me = hub.as_(account)
        profiler = cProfile.Profile()
        begin, busy = time.perf_counter(), time.process_time()
        made = profiler.runcall(me.sms.plan, id_) if profile else me.sms.plan(id_)
        seconds = time.perf_counter() - begin
        busy = time.process_time() - busy
        peak = _peak()
        said = {
            "seconds": seconds,
            "cpu": busy,
            "peak": peak,
            "recipients": made.recipients,
            "exclusions": {one.reason: one.count for one in made.exclusions},
            "parts": made.parts,
            "quota": [f"{made.parts:,} of {one.left:,} a {one.period}" for one in made.quota],
        }
        print(json.dumps(said))
        if profile:
            pstats.Stats(profiler).sort_stats("tottime").print_stats(25)


def main() -> None:
    """Measure, or plan in the process that is measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipients", type=int, default=RECIPIENTS, help="on SQLite")
    parser.add_argument("--postgresql", type=int, default=_SOME, help="there; 0: not at all")
    parser.add_argument("--keep", type=Path, help="an SQLite file to fill once and plan on again")
    parser.add_argument("--profile", action="store_true", help="of the file that is kept")
    parser.add_argument("--plan", help=argparse.SUPPRESS)
    parser.add_argument("--campaign", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.plan:
        plan(options.plan, options.campaign, profile=options.profile)
    elif options.keep and options.profile:
        plan(*_kept(options.keep, options.recipients), profile=True)
    elif options.keep:
        print(shown([kept_and_planned(options.keep, options.recipients)]))
    else:
        print(measured(options.recipients, options.postgresql))


if __name__ == "__main__":
    main()
