"""Write the pages of docs/reference that are drawn from the source.

`python scripts/build_reference.py` writes `errors.md`, `hooks.md`, `settings.md`
and `xliff-rules.md`, `--check` tells whether they are current.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs

from tianfu_sdk import catalogue, errors, hookspecs, settings
from tianfu_sdk.formats.xliff import MESSAGES

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
NOTE = "<!-- Drawn from {source} by scripts/build_reference.py; not to be edited by hand. -->"


def cell(text: str) -> str:
    """Write a text so that it fits a cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")


def errors_page() -> Iterator[str]:
    """Write the classes and the codes of errors."""
    yield NOTE.format(source="tianfu_sdk.errors and tianfu_sdk.catalogue")
    yield "# Errors\n"
    yield "Programs decide by class and `code`; people read message, `path` and `hint`."
    yield "`error.text('zh')` says the same in Chinese.\n"
    yield inspect.getdoc(errors).split("\n\n", 1)[1] + "\n"  # type: ignore[union-attr]
    yield "## Classes\n"
    yield "| class | is also | the same call may succeed later | what it says |"
    yield "|---|---|---|---|"
    for name in errors.__all__:
        cls = getattr(errors, name)
        also = ", ".join(f"`{base.__name__}`" for base in cls.__bases__ if base.__name__[0] != "_")
        first = (inspect.getdoc(cls) or "").split("\n", 1)[0]
        yield f"| `{name}` | {also} | {'yes' if cls.retryable else 'no'} | {cell(first)} |"
    yield "\n## Codes\n"
    area = ""
    for code, entry in sorted(catalogue.ENTRIES.items()):
        if code.partition(".")[0] != area:
            area = code.partition(".")[0]
            yield f"\n### {area}\n"
            yield "| code | English | 中文 |"
            yield "|---|---|---|"
        english = cell(entry.en) + (f"<br>*{cell(entry.hint_en)}*" if entry.hint_en else "")
        chinese = cell(entry.zh) + (f"<br>*{cell(entry.hint_zh)}*" if entry.hint_zh else "")
        yield f"| `{code}` | {english} | {chinese} |"


def signature_of(hook: Any) -> str:
    """Give the signature of a hook as its author writes it, without `self`."""
    signature = inspect.signature(hook)
    parts = [f"{p.name}: {p.annotation}" for p in signature.parameters.values() if p.name != "self"]
    return f"def {hook.__name__}({', '.join(parts)}) -> {signature.return_annotation}"


def hooks() -> list[Any]:
    """Give the hooks in the order of the source."""
    return [value for name, value in vars(hookspecs.Hooks).items() if name.startswith("tianfu_")]


def hooks_page() -> Iterator[str]:
    """Write the hooks with their signatures."""
    yield NOTE.format(source="tianfu_sdk.hookspecs")
    yield "# Hooks\n"
    whole = inspect.getdoc(hookspecs) or ""
    yield whole.split("\n\n", 1)[1] + "\n"
    yield f"This library speaks API {hookspecs.API}; a plugin states it as `tianfu_api`."
    for hook in hooks():
        yield f"\n## `{hook.__name__}`\n"
        yield f"```text\n{signature_of(hook)}\n```\n"
        yield from arguments(inspect.getdoc(hook) or "")
    for cls in (hookspecs.BackendContext, hookspecs.Register):
        yield f"\n## `{cls.__name__}`\n"
        yield (inspect.getdoc(cls) or "") + "\n"
    yield "Fields of a `BackendContext`:\n"
    for name, _, _, text in fields(hookspecs, "BackendContext"):
        yield f"- `{name}`: {text}"


def arguments(text: str) -> Iterator[str]:
    """Write a docstring with its arguments as a list."""
    body, _, args = text.partition("\nArgs:\n")
    yield body.strip() + "\n"
    for line in textwrap.dedent(args).strip().splitlines():
        name, _, said = line.partition(": ")
        yield f"- `{name}`: {said}" if said else line


def fields(module: Any, name: str) -> Iterator[tuple[str, str, str, str]]:
    """Give the fields of a class: name, type, default, and the text below it."""
    tree = ast.parse(inspect.getsource(module))
    cls = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name)
    defaults = {f.name: f.default for f in attrs.fields(getattr(module, name))}
    for node, after in zip(cls.body, [*cls.body[1:], None], strict=True):
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        text = ""
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            text = " ".join(str(after.value.value).split())
        default = defaults[node.target.id]
        said = "" if default is attrs.NOTHING else repr(default)
        yield node.target.id, ast.unparse(node.annotation), said, text


def settings_page() -> Iterator[str]:
    """Write the settings by table."""
    yield NOTE.format(source="tianfu_sdk.settings")
    yield "# Settings\n"
    whole = inspect.getdoc(settings) or ""
    yield whole.split("\n\n", 1)[1] + "\n"
    yield "The environment wins over what the caller passes, and that over the file."
    yield "`tianfu config` shows what would be used.\n"
    tables = {"": "Settings"}
    tables |= {name: cls.__name__ for name, cls in settings._TABLES.items()}  # noqa: SLF001
    tables["sms.routes.NAME"] = "RouteSettings"
    tables["gateways.NAME"] = "GatewaySettings"
    for table, name in tables.items():
        yield f"\n## `[{table}]`\n" if table else "\n## Top level\n"
        yield "| setting | type | default | what it is |"
        yield "|---|---|---|---|"
        for field, kind, default, text in fields(settings, name):
            if table or field not in tables:
                shown = "" if field in {"backends", "gateways", "routes"} else default
                yield f"| `{field}` | `{cell(kind)}` | `{shown}` | {cell(text)} |".replace("``", "")


def rules_page() -> Iterator[str]:
    """Write the rules that XLIFF is held against."""
    yield NOTE.format(source="tianfu_sdk.formats.xliff")
    yield "# Rules of XLIFF\n"
    yield "What `tf.formats.xliff.check` and `tianfu xliff check` say. `name` is the element's.\n"
    yield "| rule | English | 中文 |"
    yield "|---|---|---|"
    for rule, (english, chinese) in sorted(MESSAGES.items()):
        yield f"| `{rule}` | {cell(english)} | {cell(chinese)} |"


PAGES = {
    "errors.md": errors_page,
    "hooks.md": hooks_page,
    "settings.md": settings_page,
    "xliff-rules.md": rules_page,
}


def main() -> int:
    """Write the pages, or check them."""
    stale = 0
    for name, page in PAGES.items():
        path = FOLDER / name
        text = "\n".join(page()).rstrip() + "\n"
        if "--check" in sys.argv[1:]:
            if not path.exists() or path.read_text("utf-8") != text:
                print(f"{path.name} is stale: run python scripts/build_reference.py")
                stale = 1
            continue
        FOLDER.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        print(f"wrote {name}, {len(text.splitlines())} lines")
    return stale


if __name__ == "__main__":
    raise SystemExit(main())
