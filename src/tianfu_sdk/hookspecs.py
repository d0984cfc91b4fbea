"""The sockets: hooks by which built-in backends and plugins come in, and the event hook.

Entry-point group and pluggy project are both `tianfu_sdk`. A plugin is an object with some
of these hooks and `tianfu_api = 1`:

```python
from tianfu_sdk import hookimpl

tianfu_api = 1

@hookimpl
def tianfu_register_sms(register):
    register("my-gateway", MyGateway)
```

Hooks are called when a hub opens, and after the fact for events: never per row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar, get_args, get_type_hints

import attrs
import pluggy

from tianfu_sdk import codec
from tianfu_sdk.model.event import Event
from tianfu_sdk.ports.blobs import Blobs
from tianfu_sdk.ports.clock import Clock, Ids
from tianfu_sdk.ports.keys import Keys
from tianfu_sdk.ports.search import FollowerSearch
from tianfu_sdk.ports.sms import SmsGateway
from tianfu_sdk.ports.storage import Store
from tianfu_sdk.ports.translation import Translator
from tianfu_sdk.settings import Secret

__all__ = ["API", "PROJECT", "BackendContext", "Hooks", "Register", "hookimpl", "hookspec"]

PROJECT = "tianfu_sdk"
API = 1
"""The version of these hooks that this library speaks."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)


@attrs.frozen(kw_only=True)
class BackendContext:
    """What a factory is given: its settings and what is injected."""

    url: str = attrs.field(default="", repr=False)
    """The URL that named the backend, such as `sqlite:///kepu.db`; may be empty, and may hold
    a password."""
    settings: Mapping[str, Any] = attrs.field(factory=dict)
    """The backend's own table of the settings; secrets are `Secret`."""
    clock: Clock
    """The hub's clock."""
    ids: Ids
    """The hub's ids."""

    def read(self, cls: type[T]) -> T:
        """Read the backend's table of settings into an attrs class of its own.

        Args:
            cls: Its fields are the keys of the table; one typed `Secret` or `Secret | None`
                also takes a plain string.

        Returns:
            The settings.

        Raises:
            Invalid: `field.missing`, `field.unknown`, `field.type`, …, with the key.
        """
        secret = {name for name, hint in get_type_hints(cls).items() if _takes_secret(hint)}
        table = {
            key: Secret(value, "plain") if key in secret and isinstance(value, str) else value
            for key, value in self.settings.items()
        }
        return codec.structure(cls, table)


def _takes_secret(hint: Any) -> bool:
    return hint is Secret or Secret in get_args(hint)


class Register(Protocol[T_contra]):
    """What a hook is given to offer backends by name."""

    def __call__(self, name: str, factory: Callable[[BackendContext], T_contra]) -> None:
        """Offer a backend.

        Args:
            name: Scheme or name, lower case, such as `postgresql` or `my-gateway`.
            factory: Called once, when the backend is first asked for.
        """
        ...


class Hooks:
    """The hooks, each with its exact signature."""

    @hookspec
    def tianfu_register_storage(self, register: Register[Store]) -> None:
        """Offer stores by URL scheme.

        Args:
            register: Call it once a scheme: `register("postgresql", open_postgresql)`.
        """

    @hookspec
    def tianfu_register_search(self, register: Register[FollowerSearch]) -> None:
        """Offer search engines that follow the event stream.

        `ask` is answered by the one that the setting `ask.engine` names, and by the engine in
        the store where it names none; `tianfu worker` feeds it (`hub.follow_index`).

        Args:
            register: Call it once an engine: `register("tantivy", TantivySearch)`.
        """

    @hookspec
    def tianfu_register_blobs(self, register: Register[Blobs]) -> None:
        """Offer places for media by URL scheme.

        Args:
            register: Call it once a scheme: `register("s3", S3Blobs)`.
        """

    @hookspec
    def tianfu_register_sms(self, register: Register[SmsGateway]) -> None:
        """Offer SMS gateways (短信网关) by name.

        Args:
            register: Call it once a gateway: `register("mas", MasGateway)`.
        """

    @hookspec
    def tianfu_register_translation(self, register: Register[Translator]) -> None:
        """Offer translation engines by name.

        Args:
            register: Call it once an engine: `register("openai", OpenAiTranslator)`.
        """

    @hookspec
    def tianfu_register_keys(self, register: Register[Keys]) -> None:
        """Offer holders of master keys, such as a hardware module, by name.

        The setting `keys` (`TIANFU_KEYS`) names the one that a hub uses; its factory is given
        the table `[backends.NAME]`.

        Args:
            register: Call it once a holder: `register("hsm", HsmKeys)`.
        """

    @hookspec
    def tianfu_event(self, event: Event) -> None:
        """Hear of what happened, after it was committed.

        Best effort: an error here is recorded and changes nothing. Who must not miss an
        event reads `hub.events.consume(name)`.

        Args:
            event: What happened; without personal data.
        """
