"""Write `src/tianfu_sdk/aio.pyi`: the types of `hub.aio`, taken from the hub and its desks.

`python scripts/build_aio_stub.py` writes it, `--check` tells whether it is current.
Methods become `async def`, `Page[T]` becomes `AioPage[T]`, a desk and the hub become their
asynchronous twins; what a callback gets stays as it is, since it runs on a worker thread.
"""

from __future__ import annotations

import ast
import builtins
import functools
import importlib
import inspect
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FunctionType
from typing import Any, TypeVar, get_args, get_origin

import tianfu_sdk

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "src" / "tianfu_sdk" / "aio.pyi"
DESKS = "tianfu_sdk.services."
HEAD = "# Generated from the hub by scripts/build_aio_stub.py; not to be edited by hand.\n"
PAGE = """\
class AioPage(Generic[T]):
    page: Page[T]
    items: tuple[T, ...]
    cursor: str | None
    def __init__(self, page: Page[T], call: Callable[..., Any]) -> None: ...
    def __aiter__(self) -> AsyncIterator[T]: ...
    async def next(self) -> AioPage[T] | None: ...
    async def to_dicts(self) -> list[dict[str, Any]]: ...
"""


@functools.cache
def imported(module: str) -> Mapping[str, tuple[str, str]]:
    """Tell where the names of a module come from: module and name there."""
    found = {}
    source = inspect.getsource(importlib.import_module(module))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            for alias in node.names:
                found[alias.asname or alias.name] = (node.module, alias.name)
    return found


def named(module: str, name: str) -> Any:
    """Give what a name means in a module, also one that is there for type checkers only."""
    home, original = imported(module).get(name, (module, name))
    return getattr(importlib.import_module(home), original, None)


class Stub:
    """The stub on its way: what it imports and its classes."""

    def __init__(self) -> None:
        self.imports: dict[str, set[str]] = {
            "collections.abc": {"AsyncIterator", "Callable"},
            "typing": {"Any", "Generic", "TypeVar"},
            "tianfu_sdk.hub": {"Hub"},
            "tianfu_sdk.services.desk.page": {"Page"},
        }
        self.variables: set[str] = {"T"}
        self.classes: dict[str, str] = {}

    def desk(self, cls: type[Any], name: str) -> str:
        """Add the twin of a desk or hub and give its name."""
        if name in self.classes:
            return name
        self.classes[name] = ""
        parts = [part for member in members(cls) for part in self.member(cls, name, *member)]
        if name == "Aio":
            parts.insert(0, "    def __init__(self, target: Hub) -> None: ...\n")
        self.classes[name] = f"class {name}:\n" + ("".join(parts) or "    ...\n")
        return name

    def member(self, cls: type[Any], twin: str, name: str, value: Any) -> Iterator[str]:
        """Write one method or property."""
        if isinstance(value, (property, functools.cached_property)):
            getter = value.func if isinstance(value, functools.cached_property) else value.fget
            assert getter is not None  # noqa: S101 - tells the type checker
            kind = inspect.signature(getter).return_annotation
            if kind == "Aio":
                return
            desk = named(getter.__module__, str(kind))
            if isinstance(desk, type) and desk.__module__.startswith(DESKS):
                said = self.desk(desk, f"Aio{desk.__name__}")
            else:
                said = self.said(cls, twin, getter, kind, result=True)
            yield f"    @property\n    def {name}(self) -> {said}: ...\n"
            return
        signature = inspect.signature(value)
        parts, kinds = ["self"], list(signature.parameters.values())[1:]
        starred = False
        for parameter in kinds:
            if parameter.kind is parameter.KEYWORD_ONLY and not starred:
                parts.append("*")
                starred = True
            mark = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}
            starred = starred or parameter.kind is parameter.VAR_POSITIONAL
            kind = self.said(cls, twin, value, parameter.annotation, result=False)
            default = "" if parameter.default is parameter.empty else " = ..."
            parts.append(f"{mark.get(parameter.kind, '')}{parameter.name}: {kind}{default}")
            if parameter.kind is parameter.POSITIONAL_ONLY:
                raise NotImplementedError(f"{cls.__name__}.{name}: positional-only parameters")
        said = self.said(cls, twin, value, signature.return_annotation, result=True)
        yield f"    async def {name}({', '.join(parts)}) -> {said}: ...\n"

    def said(
        self, cls: type[Any], twin: str, function: FunctionType, annotation: Any, *, result: bool
    ) -> str:
        """Write an annotation as the stub says it, and import what it names."""
        if not isinstance(annotation, str):
            raise TypeError(f"{function.__qualname__} has an annotation missing")
        tree = ast.parse(annotation, mode="eval")
        owner = function.__module__
        stub = self
        shadowed = {name for name, _ in members(cls)}

        class Rename(ast.NodeTransformer):
            def visit_Constant(self, node: ast.Constant) -> ast.AST:
                return node

            def visit_Name(self, node: ast.Name) -> ast.AST:
                return ast.parse(
                    stub.name(cls, twin, owner, node.id, shadowed, result), mode="eval"
                ).body

        return ast.unparse(Rename().visit(tree))

    def name(  # noqa: PLR0911, PLR0917 - one name, where it stands, and what it may be
        self,
        cls: type[Any],
        twin: str,
        owner: str,
        name: str,
        shadowed: set[str],
        result: bool,  # noqa: FBT001
    ) -> str:
        """Write one name of an annotation."""
        module = importlib.import_module(owner)
        value = named(owner, name)
        if name == "Self":
            # The front door renames what it exports.
            home = tianfu_sdk._HOMES.get(cls.__name__, cls.__module__)  # noqa: SLF001
            return twin if result else self.use(home, cls.__name__)
        if isinstance(value, TypeVar):
            bound = bindings(cls).get(value)
            if bound is not None:
                return self.use(bound.__module__, bound.__name__)
            if value.__bound__ is not None or value.__constraints__:
                raise NotImplementedError(f"{owner}.{name}: a bound type variable")
            self.variables.add(name)
            return name
        if name == "Page" and result:
            return "AioPage"
        if result and value is cls:
            return twin
        if name in imported(owner):
            home, original = imported(owner)[name]
            return self.use(home, original)
        if hasattr(module, name):
            return self.use(owner, name)
        if not hasattr(builtins, name):
            raise NameError(f"{owner}: {name}")
        if name in shadowed:
            self.imports.setdefault("builtins", set())
            return f"builtins.{name}"
        return name

    def use(self, module: str, name: str) -> str:
        """Import a name."""
        if module == "tianfu_sdk":
            # A class that was once taken from the front door says that it is from there.
            module = vars(importlib.import_module(module))["_HOMES"][name]
        taken = [home for home, names in self.imports.items() if name in names]
        if taken and taken != [module]:
            raise NameError(f"{name} comes from {taken[0]} and from {module}")
        self.imports.setdefault(module, set()).add(name)
        return name

    def text(self) -> str:
        """Give the whole stub."""
        lines = [HEAD]
        if "builtins" in self.imports:
            lines.append("import builtins")
        ordered = sorted(
            self.imports.items(), key=lambda item: (item[0].startswith("tianfu"), item)
        )
        lines += [
            f"from {module} import {', '.join(sorted(names))}" for module, names in ordered if names
        ]
        lines.append('\n__all__ = ["THREADS", "Aio", "AioPage"]\n')
        lines += [f'{name} = TypeVar("{name}")' for name in sorted(self.variables)]
        lines += ["THREADS: int\n", PAGE]
        lines += [
            self.classes[name] for name in sorted(self.classes, key=lambda n: (n != "Aio", n))
        ]
        return "\n".join(lines)


def members(cls: type[Any]) -> list[tuple[str, Any]]:
    """Give the public methods and properties of a class, in the order of their writing."""
    found = {
        name: value for base in reversed(cls.__mro__[:-1]) for name, value in vars(base).items()
    }
    kinds = (FunctionType, property, functools.cached_property)
    return [(n, v) for n, v in found.items() if n[0] != "_" and isinstance(v, kinds)]


def bindings(cls: type[Any]) -> dict[Any, type[Any]]:
    """Tell what the type variables of the bases of a class stand for."""
    found: dict[Any, type[Any]] = {}
    for base in cls.__mro__:
        for generic in getattr(base, "__orig_bases__", ()):
            origin = get_origin(generic)
            for variable, bound in zip(
                getattr(origin, "__parameters__", ()), get_args(generic), strict=False
            ):
                if isinstance(bound, type):
                    found[variable] = bound  # noqa: PERF403 - over three loops
    return found


def build() -> str:
    """Give the stub, formatted as ruff does."""
    from tianfu_sdk.hub import Hub

    stub = Stub()
    stub.desk(Hub, "Aio")
    return stub.text()


def formatted(text: str) -> str:
    """Format as the project does."""
    import subprocess

    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(TARGET), "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True, cwd=ROOT)
    return done.stdout


def main() -> int:
    """Write the stub, or check it."""
    text = formatted(build())
    if "--check" in sys.argv[1:]:
        if not TARGET.exists() or TARGET.read_text("utf-8") != text:
            print(f"{TARGET.name} is stale: run python scripts/build_aio_stub.py")
            return 1
        return 0
    TARGET.write_text(text, "utf-8")
    print(f"wrote {TARGET.name}, {len(text.splitlines())} lines")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
