"""Every module says in `__all__` what it gives, and the front door gives what it says."""

import ast
import importlib
import inspect
import pkgutil
import pydoc
import subprocess
import sys
from pathlib import Path

import pytest

import tianfu_sdk

SOURCE = Path(tianfu_sdk.__file__).parent
MODULES = sorted(
    info.name
    for info in pkgutil.walk_packages([str(SOURCE)], "tianfu_sdk.")
    if not any(part.startswith("_") for part in info.name.split("."))
)
# What must not be paid for by who only imports the library.
HEAVY = ("asyncio", "babel", "click", "cryptography", "httpx", "msgspec", "rich", "sqlite3")
EMPTY = {"backends", "core", "links", "model", "ports", "services", "testing.cases"}
"""Rooms whose `__init__` only says what they are."""


def is_a_floor(module):
    """Say whether a module is a folder of rooms of the core or of desks."""
    _, house, *rest = module.__name__.split(".")
    return house in {"core", "services"} and len(rest) == 1 and hasattr(module, "__path__")


def defined_in(module):
    """Public classes, functions and constants that a module's source defines."""
    tree = ast.parse(Path(module.__file__).read_text("utf-8"))
    found = set()
    for node in tree.body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            found.add(node.name)
    return {name for name in found if not name.startswith("_")}


@pytest.mark.parametrize("name", MODULES)
def test_exports_resolve_and_are_all_that_is_public(name):
    module = importlib.import_module(name)
    if name.removeprefix("tianfu_sdk.") in EMPTY or is_a_floor(module):
        assert not defined_in(module)
        return
    assert isinstance(module.__all__, list), f"{name} has no __all__"
    assert len(set(module.__all__)) == len(module.__all__)
    for export in module.__all__:
        assert hasattr(module, export), f"{name}.__all__ names {export}, which is not there"
    if name.startswith(("tianfu_sdk.cli", "tianfu_sdk.testing.cases")):
        return
    # Helpers between the modules of one room need no export; a class is never one.
    classes = {n for n in defined_in(module) if n[0].isupper()}
    rooms = {"tianfu_sdk.backends.sqlite.store"}
    if name not in rooms:
        assert classes <= set(module.__all__), sorted(classes - set(module.__all__))


@pytest.mark.parametrize("name", sorted(tianfu_sdk.__all__))
def test_every_name_of_the_front_door_opens(name):
    found = getattr(tianfu_sdk, name)
    if isinstance(found, type):
        assert found.__module__ == "tianfu_sdk"
    assert name in dir(tianfu_sdk)


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Hup'"):
        _ = tianfu_sdk.Hup


def test_importing_the_library_loads_nothing_heavy():
    code = f"import sys, tianfu_sdk; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_asking_for_an_error_loads_nothing_heavy():
    code = (
        "import sys, tianfu_sdk; tianfu_sdk.Denied; "
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_opening_a_store_in_memory_loads_neither_click_nor_rich_nor_the_event_loop():
    code = (
        "import sys, tianfu_sdk; tianfu_sdk.Hub.open('memory:', discover=False); "
        "print([m for m in ('asyncio', 'click', 'rich', 'babel', 'sqlite3') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_nothing_inside_imports_from_the_front_door():
    rooms = {path.stem for path in SOURCE.iterdir() if path.name != "__init__.py"}
    odd = []
    for path in sorted(SOURCE.rglob("*.py")):
        if path == SOURCE / "__init__.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                odd += [path for alias in node.names if alias.name == "tianfu_sdk"]
            elif isinstance(node, ast.ImportFrom) and node.module == "tianfu_sdk":
                odd += [(path, a.name) for a in node.names if a.name not in rooms]
    assert odd == []


def test_help_of_the_hub_says_how_to_open_it_and_what_every_desk_is():
    text = pydoc.render_doc(tianfu_sdk.Hub, renderer=pydoc.plaintext)
    assert "class Hub in module tianfu_sdk\n" in text
    desks = [n for n, v in inspect.getmembers(tianfu_sdk.Hub) if isinstance(v, property)]
    assert {"resources", "sms", "keeping"} <= set(desks)
    for name in desks:
        assert inspect.getdoc(getattr(tianfu_sdk.Hub, name)) in text
    for name in ("open", "migrate", "as_", "unit", "ask", "match"):
        assert f" {name}(" in text


def test_a_hub_that_reads_resources_loads_no_other_desk():
    code = (
        "import sys, tianfu_sdk; hub = tianfu_sdk.Hub.open('memory:', discover=False); "
        "hub.resources.find(); hub.close(); "
        "print([m for m in ('sms.sms', 'content.importing', 'store.keeping', "
        "'store.loading', 'people.accounts', 'sms.lanes') "
        "if f'tianfu_sdk.services.{m}' in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
