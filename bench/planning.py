"""Planning a campaign for a province: seconds and peak memory, from SQLite and PostgreSQL.

`python bench/planning.py [--recipients 2780000] [--postgresql 100000] [--profile]`. The store is
filled with the narrow rows that a plan reads, in the order of arrival, so that equal phones lie
anywhere in the file; documents are left out, because a plan opens none. The plan runs in a
process of its own, so its memory is counted alone.

Of all people 2 % have not agreed, 1 % refused by message, 1 % are of two organizations with one
phone, 3 % asked for other topics, 0.5 % agreed until a moment that is over; one in ten reads
Tibetan, one in twenty Yi.
"""

from __future__ import annotations

import argparse
import contextlib
import cProfile
import hashlib
import importlib
import os
import pstats
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import durable
from timing import table

RECIPIENTS = 2_780_000
"""Phones that one prefecture of Sichuan reached in a week of May 2021."""
_BATCH = 20_000
_SOME = 100_000
_ORGANIZATION = "四川省科学技术协会"
_REGION = "510300"
_COUNTIES = ("510302", "510303", "510304", "510311", "510321", "510322")
_HEAD = ("store", "subscribers", "recipients", "excluded", "parts", "filled", "plan", "CPU", "peak")


def run(*, small: bool) -> str:
    """Measure a size on each store."""
    return measured(20_000, 5_000) if small else measured(RECIPIENTS, _SOME)


def measured(recipients: int, some: int) -> str:
    """Give a table of all stores that are here."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        rows.append(_row("sqlite:", f"sqlite:///{folder}/kepu.db", recipients))
    if some:
        with durable.postgresql() as server:
            if server is not None:
                rows.append(_row("postgresql:", server.url("postgres"), some))
    return table(
        "Planning",
        _HEAD,
        rows,
        "Consent, opt-outs, interests, duplicates, languages, parts, hours and exclusions of all"
        " subscribers of a prefecture, in one read transaction; peak of the planning process.",
    )


def _row(name: str, url: str, count: int) -> tuple[object, ...]:
    begin = time.perf_counter()
    campaign = fill(url, count)
    filled = time.perf_counter() - begin
    command = [sys.executable, __file__, "--plan", url, "--campaign", campaign]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    seconds, busy, peak, recipients, excluded, parts = said
    return (
        name,
        f"{count:,}",
        f"{int(recipients):,}",
        f"{int(excluded):,}",
        f"{int(parts):,}",
        f"{filled:.0f} s",
        f"{float(seconds):.1f} s",
        f"{float(busy):.1f} s",
        f"{int(peak) // 1024} MB",
    )


@contextlib.contextmanager
def _opened(url: str) -> Iterator:
    from tianfu_sdk.hub import Hub

    plugins = []
    if not url.startswith("sqlite:"):
        plugins.append(importlib.import_module("tianfu_storage_sql"))
    settings = {"timeout": 60.0, "erasures": os.devnull}
    with Hub.open(url, settings=settings, plugins=plugins, discover=False) as hub:
        yield hub


# The store.


def fill(url: str, count: int) -> str:
    """Fill a store; gives the id of a campaign for all of it, and the account that made it."""
    from tianfu_sdk.core.kinds import OPT_OUT, REACH

    with _opened(url) as hub:
        chief = hub.bootstrap(organization=_ORGANIZATION, region="510000")
        me = hub.as_(chief.id)
        store = hub._tools.store
        for start in range(0, count, _BATCH):
            numbers = range(start, min(start + _BATCH, count))
            rows = [_reached(number, chief.organization) for number in numbers]
            refused = [_refused(number) for number in numbers if number % 100 == 7]

            def load(tx, rows=rows, refused=refused) -> None:
                tx.load(REACH.name, rows)
                tx.load(OPT_OUT.name, refused)

            store.run(load, write=True)
        made = me.sms.compose(
            title="防灾减灾宣传周",
            organization=chief.organization,
            region=_REGION,
            texts={
                "zh-Hans": "地震时先躲到结实的桌下，护住头颈，不要乘电梯；主震过后再有序撤离到空旷处。"
                * 2,
                "bo": "ས་ཡོམ་བརྒྱབ་དུས་ཐོག་མར་ཅོག་ཙེའི་འོག་ཏུ་གབ་དགོས།" * 2,
            },
            signature="四川科普",
            topic="safety_science",
        )
        return f"{chief.id},{made.id}"


def _index(number: int) -> bytes:
    # One in a hundred has the phone of the one before.
    number -= number % 100 == 50
    return hashlib.blake2b(str(number).encode(), digest_size=16).digest()


def _reached(number: int, organization: str):
    from tianfu_sdk.core.keying import NEVER_DUE
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
    from tianfu_sdk.core.keying import unique_id
    from tianfu_sdk.core.kinds import OPT_OUT
    from tianfu_sdk.model.storage import Row

    phone = _index(number)
    keys = {"phone_ix": phone, "index_key": "k", "topic": "", "at": 1}
    return Row(unique_id(OPT_OUT.name, "", phone.hex()), 1, None, keys)


# The plan, in a process of its own.


def plan(url: str, campaign: str, *, profile: bool) -> None:
    """Plan a campaign and print seconds, CPU seconds, kB at most, and the plan's figures."""
    account, id_ = campaign.split(",")
    with _opened(url) as hub:
        me = hub.as_(account)
        profiler = cProfile.Profile()
        begin, busy = time.perf_counter(), time.process_time()
        made = profiler.runcall(me.sms.plan, id_) if profile else me.sms.plan(id_)
        seconds = time.perf_counter() - begin
        busy = time.process_time() - busy
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        excluded = sum(one.count for one in made.exclusions)
        print(f"{seconds:.3f} {busy:.3f} {peak} {made.recipients} {excluded} {made.parts}")
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
    elif options.keep:
        note = options.keep.with_suffix(".campaign")
        url = f"sqlite:///{options.keep}"
        if not options.keep.exists():
            note.write_text(fill(url, options.recipients), "utf-8")
        plan(url, note.read_text("utf-8"), profile=options.profile)
    else:
        print(measured(options.recipients, options.postgresql))


if __name__ == "__main__":
    main()
