"""The types of `hub.aio` are what the hub and its desks say today."""

import ast
import importlib.util
import inspect
from pathlib import Path

import pytest

from tianfu_sdk.aio import Aio
from tianfu_sdk.hub import Hub

ROOT = Path(__file__).resolve().parent.parent.parent
STUB = ROOT / "src" / "tianfu_sdk" / "aio.pyi"


@pytest.fixture(scope="module")
def script():
    path = ROOT / "scripts" / "build_aio_stub.py"
    spec = importlib.util.spec_from_file_location("build_aio_stub", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def classes():
    tree = ast.parse(STUB.read_text("utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def methods(node):
    return {
        part.name: part
        for part in node.body
        if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef))
    }


def test_the_stub_is_current(script):
    written = ast.unparse(ast.parse(STUB.read_text("utf-8")))
    assert written == ast.unparse(ast.parse(script.build())), (
        "aio.pyi is stale: run python scripts/build_aio_stub.py"
    )


def test_every_desk_of_the_hub_has_a_twin_with_the_same_methods(classes):
    hub = Hub.open("memory:", discover=False)
    for name in methods(classes["Aio"]):
        if name == "__init__":
            continue
        found = getattr(hub, name)
        if type(found).__module__.startswith("tianfu_sdk.services."):
            twin = classes[methods(classes["Aio"])[name].returns.id]
            public = {n for n, v in inspect.getmembers(found, inspect.ismethod) if n[0] != "_"}
            assert public == set(methods(twin))


def test_what_is_async_in_the_stub_is_async_at_run_time(classes):
    aio = Aio(Hub.open("memory:", discover=False))
    for name, part in methods(classes["Aio"]).items():
        if name == "__init__":
            continue
        if isinstance(part, ast.AsyncFunctionDef):
            assert inspect.iscoroutinefunction(getattr(aio, name))
        elif part.returns.id.startswith("Aio"):
            desk = getattr(aio, name)
            assert isinstance(desk, Aio)
            for inner in methods(classes[part.returns.id]):
                assert inspect.iscoroutinefunction(getattr(desk, inner)), f"{name}.{inner}"


def test_type_variables_of_a_desk_are_filled_in(classes):
    found = methods(classes["AioResources"])
    assert ast.unparse(found["get"].returns) == "Resource"
    assert ast.unparse(found["find"].returns) == "AioPage[Resource]"
    assert ast.unparse(found["by_key"].returns) == "Resource | None"


class Odd:
    """A desk with everything that is hard to say."""

    def list(self, size: int = 3, *names: str, flag: bool, **more: object) -> list[int]:
        raise NotImplementedError

    @property
    def size(self) -> int:
        raise NotImplementedError

    @classmethod
    def open(cls) -> int:
        raise NotImplementedError


def test_hard_signatures_are_said(script):
    Odd.list.__annotations__ = {
        "size": "int", "names": "str", "flag": "bool", "more": "object", "return": "list[int]",
    }  # fmt: skip
    Odd.size.fget.__annotations__ = {"return": "int"}
    stub = script.Stub()
    parts = [
        part
        for name, value in script.members(Odd)
        for part in stub.member(Odd, "AioOdd", name, value)
    ]
    said = "self, size: int = ..., *names: str, flag: bool, **more: object"
    assert parts == [
        f"    async def list({said}) -> builtins.list[int]: ...\n",
        "    @property\n    def size(self) -> int: ...\n",
    ]
