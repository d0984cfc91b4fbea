"""PostgreSQL, MariaDB and MySQL as the store of a hub.

One implementation of the storage port: every statement is said once by SQLAlchemy Core, a
shape and a dialect, and then runs as text on the driver's own cursor.
"""

from __future__ import annotations

from tianfu_sdk import hookimpl
from tianfu_sdk.errors import PluginError
from tianfu_sdk.hookspecs import BackendContext, Register
from tianfu_sdk.ports.storage import Store
from tianfu_storage_sql.address import SqlSettings

__all__ = [
    "SqlSettings",
    "open_mysql",
    "open_postgresql",
    "tianfu_api",
    "tianfu_register_storage",
]

__version__ = "0.1.0"

tianfu_api = 1


def open_postgresql(context: BackendContext) -> Store:
    """Make the store of a URL `postgresql://user@host/database`.

    Args:
        context: URL and settings.

    Raises:
        PluginError: `storage.no_driver`, psycopg is not installed.
        Invalid: `storage.bad_address`, `storage.share`, or what is wrong with a setting.
    """
    try:
        import psycopg as _  # noqa: F401
    except ImportError as error:
        raise _no_driver("psycopg", "postgresql") from error
    from tianfu_storage_sql.address import Address
    from tianfu_storage_sql.postgresql import Postgresql
    from tianfu_storage_sql.store import SqlStore

    address, settings = Address.of(context.url, context.read(SqlSettings))
    standby = None
    if settings.standby is not None:
        reading = Address.of(settings.standby.reveal(), settings)[0]
        standby = Postgresql(reading, settings, reads=True)
    return SqlStore(Postgresql(address, settings), settings, standby)


def open_mysql(context: BackendContext) -> Store:
    """Make the store of a URL `mysql://user@host/database` or `mariadb://…`.

    Args:
        context: URL and settings.

    Raises:
        PluginError: `storage.no_driver`, PyMySQL is not installed.
        Invalid: `storage.bad_address`, `storage.share`, or what is wrong with a setting.
    """
    try:
        import pymysql as _  # noqa: F401
    except ImportError as error:
        raise _no_driver("PyMySQL", "mysql") from error
    from tianfu_storage_sql.address import Address
    from tianfu_storage_sql.mysql import Mysql
    from tianfu_storage_sql.store import SqlStore

    address, settings = Address.of(context.url, context.read(SqlSettings))
    return SqlStore(Mysql(address, settings), settings)


def _no_driver(driver: str, extra: str) -> PluginError:
    line = f'pip install "tianfu-storage-sql[{extra}]"'
    return PluginError("storage.no_driver", path=extra, hint=line, driver=driver)


open_postgresql.settings = SqlSettings  # type: ignore[attr-defined]
open_mysql.settings = SqlSettings  # type: ignore[attr-defined]


@hookimpl
def tianfu_register_storage(register: Register[Store]) -> None:
    """Offer the stores by the schemes of their URLs."""
    register("postgresql", open_postgresql)
    register("mysql", open_mysql)
    register("mariadb", open_mysql)
