"""Who is held out, of alerts and of audiences alike, so that what acting brings can be told."""

import hashlib
import hmac


def holdout_rule(key: bytes, share: float) -> tuple[str, str]:
    """(salt, below): whose md5(salt|customer_id) begins with less than `below` is held out.

    The salt is a keyed hash of its purpose, so that it tells nothing of the network's key.
    """
    salt = hmac.new(key, b"churn alert holdout", hashlib.sha256).hexdigest()
    return salt, "g" if share >= 1 else f"{int(share * 16**8):08x}"
