"""Translation tasks out and in, from the command line."""

import json

import pytest
from click.testing import CliRunner

import tianfu_sdk as tf
from tianfu_sdk.cli.app import app
from tianfu_sdk.formats import xliff
from tianfu_sdk.formats.xliff import Target


@pytest.fixture
def task(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with tf.Hub.open("sqlite:///kepu.db", discover=False) as hub:
        chief = hub.bootstrap(organization="阿坝州科学技术协会", region="513200")
        me = hub.as_(chief.id)
        second = me.accounts.create(organization=chief.organization)
        me.accounts.grant(second.id, ["*"], region="513200")
        made = me.resources.create(title="防洪", body="请撤离。", organization=chief.organization)
        me.resources.submit(made.id)
        hub.as_(second.id).resources.approve(made.id)
        task = me.translations.begin(made.id, "bo")
    monkeypatch.setenv("TIANFU_DB", "kepu.db")
    monkeypatch.setenv("TIANFU_ACCOUNT", chief.id)
    return task


def tianfu(*arguments):
    return CliRunner().invoke(app, ["xliff", *arguments])


def test_one_command_each_way(task, tmp_path):
    done = tianfu("export", task.id, "-o", "out.xlf")
    assert (done.exit_code, done.stdout) == (0, "wrote out.xlf: 1 tasks\n")
    assert tianfu("export", task.id).stdout_bytes == (tmp_path / "out.xlf").read_bytes()
    assert tianfu("check", "out.xlf").exit_code == 0
    assert tianfu("export", task.id, "-o", "out.xlf").exit_code != 0, "no file is overwritten"
    document = xliff.parse((tmp_path / "out.xlf").read_bytes())
    back = document.with_targets({(task.id, "body", "s2"): Target("འབྲོས།")})
    (tmp_path / "back.xlf").write_bytes(xliff.dump(back))
    found = json.loads(tianfu("import", "back.xlf", "--dry-run", "--json").stdout)
    assert (found["entered"], found["conflicts"]) == (1, [])
    assert tianfu("import", "back.xlf").exit_code == 0
    (tmp_path / "other.xlf").write_bytes(
        xliff.dump(document.with_targets({(task.id, "body", "s2"): Target("ཐར།")}))
    )
    done = tianfu("import", "other.xlf")
    assert done.exit_code == 1
    assert f"{task.id} s2: changed_meanwhile" in done.stdout
    assert "ཐར" not in done.stdout
    assert tianfu("import", "other.xlf", "--overwrite").exit_code == 0
