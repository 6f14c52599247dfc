"""Handles key formats that the engine does not read, with the package ``cryptography``.

The engine reads secrets and PEM. This module converts key objects of ``cryptography`` and PyJWT,
OpenSSH keys, and PEM that PyJWT reads and the engine does not. ``cryptography`` signs and verifies
with keys that the engine's library cannot use. The engine imports this module by its name.
"""

from importlib import import_module
from typing import Any

from .pyjwt import InvalidKeyError

__all__ = ["ForeignKey", "key_text", "readable", "rewritten_as_pem"]

#: The largest RSA key that the engine's library uses, in bits.
LARGEST_RSA = 8192

_MISSING = "needs the package cryptography: pip install cryptography"


def key_text(key: Any) -> bytes:
    """Return a key object as text: the bytes of a secret, or PEM. The engine reads strings."""
    if hasattr(key, "algorithm_name") and hasattr(key, "key"):  # jwt.PyJWK
        key = key.key
    if isinstance(key, bytes | bytearray | memoryview):
        return bytes(key)
    if hasattr(key, "private_bytes"):
        return _private_pem(key)
    if hasattr(key, "public_bytes"):
        return _public_pem(key)
    raise InvalidKeyError(
        "a key must be a string, bytes, or a key of the package cryptography, "
        f"not {type(key).__name__}"
    )


def rewritten_as_pem(text: bytes) -> bytes | None:
    """Return an OpenSSH key as PEM; ``None`` if it is not such a key or cannot be read."""
    try:
        serialization = _serialization()
    except InvalidKeyError:
        return None
    try:
        if text.lstrip().startswith((b"ssh-", b"ecdsa-")):
            return _public_pem(serialization.load_ssh_public_key(text.strip()))
        if b"OPENSSH PRIVATE KEY" in text:
            return _private_pem(serialization.load_ssh_private_key(text, password=None))
    except Exception:  # anything that cannot be parsed is not a key
        return None
    return None


def readable(algorithm: str, text: bytes) -> "bytes | ForeignKey | None":
    """Return a key that the engine refuses in a form that it can use; ``None`` if there is none.

    ``cryptography`` reads PEM with text around it, a key with its certificates, and compressed
    points. It also signs and verifies with keys that the engine's library does not know.
    """
    try:
        serialization = _serialization()
    except InvalidKeyError:
        return None
    try:
        key = serialization.load_pem_private_key(text, password=None)
    except Exception:  # then it may be a public key
        try:
            key = serialization.load_pem_public_key(text)
        except Exception:  # anything that cannot be parsed is not a key
            return None
    is_private = hasattr(key, "private_bytes")
    pem = _private_pem(key) if is_private else _public_pem(key)
    is_large_rsa = algorithm[:2] in ("RS", "PS") and getattr(key, "key_size", 0) > LARGEST_RSA
    if is_large_rsa or (
        algorithm == "EdDSA" and type(key).__name__.lstrip("_").startswith("Ed448")
    ):
        return ForeignKey(algorithm, pem)
    return pem


class ForeignKey:
    """A key that ``cryptography`` uses, for one algorithm.

    An RSA key below 2048 or above 8192 bits, or an Ed448 key.
    """

    def __init__(self, algorithm: str, pem: bytes) -> None:
        serialization = _serialization()
        try:
            key = serialization.load_pem_private_key(pem, password=None)
            self._private, self._public = key, key.public_key()
        except ValueError:
            self._private, self._public = None, serialization.load_pem_public_key(pem)
        self._how: tuple[Any, ...] = ()
        if algorithm == "EdDSA":
            return
        primitives = "cryptography.hazmat.primitives"
        padding = import_module(f"{primitives}.asymmetric.padding")
        digest = getattr(import_module(f"{primitives}.hashes"), f"SHA{algorithm[2:]}")()
        if algorithm.startswith("PS"):
            self._how = (padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
        else:
            self._how = (padding.PKCS1v15(), digest)

    @property
    def is_private(self) -> bool:
        """Return whether this key can sign."""
        return self._private is not None

    def sign(self, message: bytes) -> bytes:
        """Sign a message. Only a private key can."""
        signature: bytes = self._private.sign(message, *self._how)
        return signature

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Return whether this key made a signature."""
        try:
            self._public.verify(signature, message, *self._how)
        except import_module("cryptography.exceptions").InvalidSignature:
            return False
        return True


def _serialization() -> Any:
    try:
        return import_module("cryptography.hazmat.primitives.serialization")
    except ImportError:
        raise InvalidKeyError(f"this key {_MISSING}") from None


def _private_pem(key: Any) -> bytes:
    forms = _serialization()
    pem: bytes = key.private_bytes(
        forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption()
    )
    return pem


def _public_pem(key: Any) -> bytes:
    forms = _serialization()
    pem: bytes = key.public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo)
    return pem
