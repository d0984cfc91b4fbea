"""How many requests may be on their way at once: more while all is well, half when throttled."""

from __future__ import annotations

import attrs

__all__ = ["Window"]


@attrs.define
class Window:
    """A window that grows by one a clean round and is halved when the peer throttles (AIMD).

    Args:
        most: Requests on their way at most; it begins there.
    """

    most: int
    size: int = attrs.field(init=False)
    """Requests that may be on their way now."""
    _clean: int = attrs.field(default=0, init=False)
    _deaf: int = attrs.field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        self.size = self.most

    def answered(self) -> None:
        """Learn that a request was answered and not throttled."""
        self._deaf = max(0, self._deaf - 1)
        self._clean += 1
        if self._clean >= self.size:
            self._clean = 0
            self.size = min(self.most, self.size + 1)

    def throttled(self, on_their_way: int) -> None:
        """Learn that a request was throttled.

        Args:
            on_their_way: Requests that were sent by now and are not answered: what is said of
                them is of the same moment, and cuts no second time.
        """
        self._clean = 0
        if self._deaf:
            self._deaf -= 1
            return
        self._deaf = on_their_way
        self.size = max(1, self.size // 2)
