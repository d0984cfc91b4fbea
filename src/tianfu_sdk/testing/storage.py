"""The conformance suite of the storage port.

An author of a store subclasses it and overrides one fixture:

```python
class TestMine(StorageSuite):
    @pytest.fixture
    def store(self, clock, tmp_path):
        return MyStore(tmp_path / "db", clock=clock)
```

A store that is persistent also gives `reopen`, a maker of further stores on the same
place. What a store cannot do by its `capabilities` is skipped; nothing else is.
"""

from __future__ import annotations

from tianfu_sdk.testing.cases.documents import DocumentCases
from tianfu_sdk.testing.cases.events import EventCases
from tianfu_sdk.testing.cases.finding import FindCases
from tianfu_sdk.testing.cases.jobs import JobCases
from tianfu_sdk.testing.cases.loading import LoadCases
from tianfu_sdk.testing.cases.migrating import MigrateCases
from tianfu_sdk.testing.cases.processes import ProcessCases
from tianfu_sdk.testing.cases.threads import ThreadCases
from tianfu_sdk.testing.cases.transactions import TransactionCases

__all__ = ["StorageSuite"]


class StorageSuite(
    DocumentCases,
    FindCases,
    EventCases,
    JobCases,
    LoadCases,
    TransactionCases,
    ThreadCases,
    ProcessCases,
    MigrateCases,
):
    """Holds a store to every sentence of `tianfu_sdk.ports.storage`.

    Fixtures to override: `store`, a store on an empty place, not opened; for persistent
    stores `reopen`, a callable that gives another one on the same place. `clock` is the
    suite's own; every write body is run twice.
    """
