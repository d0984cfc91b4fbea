"""Keep media (媒体) in a bucket of S3, or of anything that speaks like it."""

from __future__ import annotations

from tianfu_blobs_s3.blobs import S3Blobs, S3Settings
from tianfu_sdk import hookimpl
from tianfu_sdk.hookspecs import Register
from tianfu_sdk.ports.blobs import Blobs

__all__ = ["S3Blobs", "S3Settings", "tianfu_api", "tianfu_register_blobs"]

__version__ = "0.1.0"

tianfu_api = 1


@hookimpl
def tianfu_register_blobs(register: Register[Blobs]) -> None:
    """Offer the place as `s3`, for URLs such as `s3://bucket/prefix`."""
    register("s3", S3Blobs.open_url)
