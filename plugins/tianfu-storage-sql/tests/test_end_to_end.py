"""The command on real servers: the demo, a worker that seals, and a doctor who finds nothing."""

import pytest

pytestmark = [pytest.mark.server, pytest.mark.timeout(300)]


@pytest.fixture(params=["postgresql", "mariadb"])
def url(request):
    return request.getfixturevalue(f"fresh_{request.param}_url")


def test_the_demo_runs_every_line_once_and_the_doctor_finds_nothing(tianfu, url):
    said = tianfu("demo", "--db", url)
    assert said.count("✓") == 14
    assert "5 questions: 4 answered with sources, 1 abstained from" in said
    again = tianfu("demo", "--db", url)
    assert "nothing was changed" in again
    sealed = tianfu("worker", "--once", "--db", url)
    lines = int(sealed.split("audit lines sealed ")[1].split(",")[0])
    assert lines > 300
    looked = tianfu("doctor", "--db", url)
    assert f"{lines} lines sealed, 0 not sealed yet" in looked
    assert "note" not in looked
    assert "一氧化碳" in tianfu("ask", "一氧化碳中毒怎么办", "--db", url)
