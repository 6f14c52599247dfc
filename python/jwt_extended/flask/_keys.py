"""The former name of ``jwt_extended._common.crypto``, which the engine may still import."""

from .._common.crypto import InsecureKeyLengthWarning, SmallRsaKey, key_text, rewritten_as_pem

__all__ = ["InsecureKeyLengthWarning", "SmallRsaKey", "key_text", "rewritten_as_pem"]
