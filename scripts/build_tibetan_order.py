"""Write `src/tianfu_sdk/text/data/bo_order.txt`: CLDR's rules for sorting Tibetan, as ICU has them.

    python scripts/build_tibetan_order.py            write the table
    python scripts/build_tibetan_order.py --check    fail where it differs from ICU's

Needs PyICU (the extra `test` brings `pyicu-wheels`); the library itself does not.
"""

from __future__ import annotations

import argparse
import textwrap
from pathlib import Path

import icu

TABLE = Path(__file__).parent.parent / "src" / "tianfu_sdk" / "text" / "data" / "bo_order.txt"
HEADER = (
    "# bo_order.txt: made by scripts/build_tibetan_order.py from the collation of locale bo in"
    " Unicode CLDR, as ICU gives it; copyright Unicode, Inc., Unicode License V3; see NOTICE"
)
NOT_ORDER = ("[normalization on]", "[reorder Tibt]")


def table() -> str:
    """Give the table: a line a chain of rules, such as `&ཀར<ཀརྐ`."""
    rules: str = icu.Collator.createInstance(icu.Locale("bo")).getRules()
    for setting in NOT_ORDER:
        rules = rules.replace(setting, "")
    chains = [f"&{chain}" for chain in rules.split("&")[1:]]
    if "".join(chains) != rules:
        raise SystemExit("ICU's rules begin with something new")
    return "\n".join([HEADER, *chains, ""])


def main() -> None:
    """Write the table, or compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    made = table()
    if not parser.parse_args().check:
        TABLE.write_text(made, "utf-8")
    elif TABLE.read_text("utf-8") != made:
        raise SystemExit(textwrap.shorten(f"{TABLE.name} differs from ICU {icu.ICU_VERSION}", 80))


if __name__ == "__main__":
    main()
