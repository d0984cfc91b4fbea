"""The cases of the conformance suites, a file a subject."""

import pytest

# Asserts of installed modules explain themselves only if pytest is told before the import.
pytest.register_assert_rewrite(
    *(
        f"{__name__}.{room}"
        for room in (
            "base",
            "documents",
            "events",
            "finding",
            "jobs",
            "loading",
            "migrating",
            "moving",
            "search",
            "sms_base",
            "sms_callbacks",
            "sms_listening",
            "sms_network",
            "sms_privacy",
            "sms_requests",
            "sms_results",
            "sms_sessions",
            "threads",
            "transactions",
        )
    )
)
