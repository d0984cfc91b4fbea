"""Errors say what happened, where, and what to do, in two languages."""

import copy
import pickle

import pytest

from tianfu_sdk import catalogue, errors
from tianfu_sdk.errors import Denied, Invalid, NotFound, PluginError, RateLimited, TianfuError

CLASSES = [getattr(errors, name) for name in errors.__all__]


def test_an_error_says_message_code_path_and_hint_in_one_line():
    error = Invalid("region.bad_code", path="region", value="51")
    assert str(error) == (
        "51 is not a region code [region.bad_code @ region]"
        "; hint: six digits of GB/T 2260, such as 510000"
    )
    assert error.text("zh-Hans") == (
        "51 不是行政区划代码 [region.bad_code @ region]；建议：GB/T 2260 的六位代码，如 510000"
    )
    assert (error.code, error.path, error.values) == ("region.bad_code", "region", {"value": "51"})


def test_a_message_and_a_hint_of_its_own_win():
    error = Invalid("region.bad_code", "no", hint="so", value="51")
    assert str(error) == "no [region.bad_code]; hint: so"


def test_a_code_that_is_not_ours_is_its_own_text():
    assert str(Invalid("mine.own")) == "mine.own [mine.own]"
    assert Invalid("mine.own").hint is None


def test_a_value_that_is_missing_does_not_hide_the_error():
    assert "wanted ?, found ?" in str(Invalid("field.type"))


@pytest.mark.parametrize(
    ("cls", "builtin"),
    [(Denied, PermissionError), (Invalid, ValueError), (NotFound, LookupError)],
)
def test_an_error_is_also_the_builtin_it_resembles(cls, builtin):
    with pytest.raises(builtin):
        raise cls("noun.unknown")


def test_a_retry_of_all_our_errors_does_not_swallow_a_wrong_set_up():
    assert not issubclass(PluginError, TianfuError)
    assert [c.__name__ for c in CLASSES if c.retryable] == [
        "RateLimited", "StorageBusy", "StorageUnavailable", "Unavailable",
    ]  # fmt: skip


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.__name__)
def test_an_error_survives_being_sent_to_another_process(cls):
    error = cls("field.type", path="a.b", wanted="str", found="int")
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301 - our own
        assert type(again) is cls
        assert str(again) == str(error)
        assert again.values == error.values


def test_a_rate_limit_keeps_how_long_to_wait_when_it_is_sent():
    again = pickle.loads(pickle.dumps(RateLimited("x.y", retry_after=2.5)))  # noqa: S301
    assert again.retry_after == 2.5


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes():
    drawn = errors.__doc__.split("```text\n")[1].split("```")[0]
    stack, found = [], {}
    for line in drawn.splitlines():
        depth = {"+": 1, "-": 2}.get(line.strip()[0], 0)
        name = line.strip().lstrip("+- ").split()[0]
        del stack[depth:]
        found[name] = stack[-1] if stack else None
        stack.append(name)
    assert set(found) == set(errors.__all__)
    for name, above in found.items():
        if above is not None:
            assert getattr(errors, above) in getattr(errors, name).__bases__


def test_rendering_fills_in_and_leaves_braces_of_values_alone():
    assert catalogue.render("field.choice", "en", {"value": "{x}", "choices": "a"}) == (
        "{x} is not one of: a"
    )
    assert catalogue.render_hint("nobody.knows", "en", {}) is None


@pytest.mark.parametrize(
    "phone",
    [
        "13800000000",
        "+8613800000000",
        "+86 138-0000-0000",
        "138000000000",
        "1380000000x",
        "+4915100001234",
        "给 13800000000 发",
    ],
)
def test_a_phone_in_the_wrong_place_does_not_come_back(phone):
    error = NotFound("noun.unknown", path="id", kind="subscriber", id=phone)
    assert "0000" not in str(error) + repr(error) + str(error.values)
    assert "res_510104" in str(NotFound("noun.unknown", kind="resource", id="res_510104"))
