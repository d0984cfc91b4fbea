"""A plugin to begin with, from templates inside this package."""

from __future__ import annotations

import keyword
import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

from tianfu_sdk.backends.builtin import BUILTIN
from tianfu_sdk.errors import Conflict, Invalid
from tianfu_sdk.plugins import Plugins
from tianfu_sdk.settings import PluginSettings

__all__ = ["write_plugin"]

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 40
_ENDING = ".tmpl"


def write_plugin(kind: str, name: str, into: str) -> Path:
    """Write a plugin to begin with.

    Args:
        kind: `sms`, `search` or `translation`.
        name: Lower-case words joined by hyphens, such as `my-gateway`.
        into: The folder that the plugin's own folder is made in; made if need be.

    Returns:
        The plugin's folder.

    Raises:
        Invalid: `plugin.bad_name`.
        Conflict: `plugin.folder_taken`, there is something of that name;
            `plugin.name_built_in`.
    """
    words = name.split("-")
    if not _NAME.fullmatch(name) or len(name) > _LONGEST or keyword.iskeyword(name):
        raise Invalid("plugin.bad_name", path="name")
    if name in Plugins(PluginSettings(), builtin=BUILTIN, discover=False).names(kind):
        raise Conflict("plugin.name_built_in", path="name", name=name)
    values = {
        "name": name,
        "distribution": f"tianfu-{kind}-{name}",
        "module": f"tianfu_{kind}_{name.replace('-', '_')}",
        "cls": "".join(word.capitalize() for word in words),
    }
    folder = Path(into) / values["distribution"]
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise Conflict("plugin.folder_taken", path=str(folder)) from None
    _copy(files("tianfu_sdk.cli").joinpath("templates", kind), folder, values)
    return folder


def _copy(source: Traversable, target: Path, values: dict[str, str]) -> None:
    for entry in source.iterdir():
        made = target / Template(entry.name.removesuffix(_ENDING)).substitute(values)
        if entry.is_dir():
            made.mkdir()
            _copy(entry, made, values)
        elif entry.name.endswith(_ENDING):
            text = Template(entry.read_text("utf-8")).substitute(values)
            made.write_text(text, "utf-8", newline="\n")
