"""Where patients' photos lie: in a folder of this machine, or in an S3 bucket."""

from pathlib import Path
from typing import Any

from .environment import Env

_env = Env()

S3_BUCKET = _env.str("RISORIUS_S3_BUCKET", default="")
# Where the store is, if not Amazon's: https://s3.example.org.
S3_ENDPOINT = _env.str("RISORIUS_S3_ENDPOINT", default="")
S3_REGION = _env.str("RISORIUS_S3_REGION", default="")
# Without these two, what the machine itself was given counts (the role of an instance or of a pod).
S3_ACCESS_KEY = _env.str("RISORIUS_S3_ACCESS_KEY", default="")
S3_SECRET_KEY = _env.str("RISORIUS_S3_SECRET_KEY", default="")
# The file of the authority that signed the store's certificate; without it the machine's own list counts.
S3_CA = _env.str("RISORIUS_S3_CA", default="")
# "path" for stores that have no name of its own for each bucket.
S3_ADDRESSING = _env.str("RISORIUS_S3_ADDRESSING", default="")
# What the store itself encrypts by: AES256 or aws:kms, and the name of the key of the latter.
S3_ENCRYPTION = _env.str("RISORIUS_S3_ENCRYPTION", default="")
S3_KMS_KEY = _env.str("RISORIUS_S3_KMS_KEY", default="")


def store(folder: Path) -> dict[str, Any]:
    """Django's settings of the photos' storage. No URL of their own: a view serves them that asks the policy."""
    if not S3_BUCKET:
        return {
            "BACKEND": "clinic.store.folders.PhotoFolders",
            "OPTIONS": {
                "location": folder,
                "base_url": None,
                "file_permissions_mode": 0o600,
                "directory_permissions_mode": 0o700,
            },
        }
    encryption = {"ServerSideEncryption": S3_ENCRYPTION, "SSEKMSKeyId": S3_KMS_KEY}
    return {
        "BACKEND": "clinic.store.bucket.PhotoBucket",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": S3_ENDPOINT or None,
            "region_name": S3_REGION or None,
            "access_key": S3_ACCESS_KEY or None,
            "secret_key": S3_SECRET_KEY or None,
            "verify": S3_CA or None,
            "addressing_style": S3_ADDRESSING or None,
            "object_parameters": {name: value for name, value in encryption.items() if value},
            "before": folder,
        },
    }
