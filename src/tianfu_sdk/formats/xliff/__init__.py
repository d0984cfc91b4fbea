"""XLIFF."""
from tianfu_sdk.formats.markup import read
from tianfu_sdk.formats.xliff.checking import check_document
from tianfu_sdk.formats.xliff.fragments import Links
from tianfu_sdk.formats.xliff.names import PREFIXES
from tianfu_sdk.formats.xliff.report import Problem, Report

__all__ = ["Problem", "check"]


def check(data: bytes) -> list[Problem]:
    report = Report()
    check_document(Links(read(data).root, PREFIXES), report)
    return report.problems
