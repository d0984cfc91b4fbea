"""A warm process that forks a worker in a few milliseconds, instead of starting one in 600.

The child is a process of its own: its own hub, its own connections, opened after the fork.
"""

import gc
import json
import os
import signal
import subprocess
import sys
import traceback


class Zygote:
    """The parent's side: starts workers and waits for their end."""

    def __init__(self):
        code = (
            f"import sys; sys.path[:0] = {sys.path!r}; from outbox_rig.zygote import main; main()"
        )
        self._process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def start(self, spec):
        """Start a worker; gives its pid. It cannot be another's before `wait`."""
        return self._ask({"start": spec})

    def wait(self, pid):
        """Wait for the end of a worker; gives the exit code, negative for a signal."""
        return self._ask({"wait": pid})

    def warm(self, url, key_file):
        """Load what a store needs before workers are forked; nothing of it stays open."""
        self._ask({"warm": [url, key_file]})

    def _ask(self, question):
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the process that starts workers is gone")
        return json.loads(answer)

    def close(self):
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


def main():
    """The other side: one question a line."""
    import httpx

    from outbox_rig import child

    child.warm()
    # Without connections yet, so that a child may have it; its TLS context takes long to make.
    client = httpx.Client(follow_redirects=False)
    # A child that collects garbage would copy every page that it shares with this process.
    gc.freeze()
    for line in sys.stdin:
        question = json.loads(line)
        if "wait" in question:
            _, status = os.waitpid(question["wait"], 0)
            answer = os.waitstatus_to_exitcode(status)
        elif "warm" in question:
            answer = child.look(*question["warm"])
        else:
            answer = os.fork()
            if not answer:
                _work(child, question["start"], client)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _work(child, spec, client):
    # What a worker prints is no answer to anybody.
    os.dup2(2, 1)
    code = 1
    try:
        child.run(spec, client)
        code = 0
    except BaseException:  # noqa: BLE001 - nothing may go on in the child
        traceback.print_exc()
    finally:
        os._exit(code)


def end(pid):
    """Kill -9."""
    os.kill(pid, signal.SIGKILL)
