"""Keys in various formats, and apps that use them."""

from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization as forms
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, rsa
from flask import Flask
from jwt.algorithms import RSAAlgorithm
from support import bearer, guarded_app

import jwt_extended.flask as ours

RSA = rsa.generate_private_key(65537, 2048)
SMALL_RSA = rsa.generate_private_key(65537, 1024)
P521 = ec.generate_private_key(ec.SECP521R1())
ED25519 = ed25519.Ed25519PrivateKey.generate()
PAIRS: dict[str, Any] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), RSA),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "ES256K": ec.generate_private_key(ec.SECP256K1()),
    "ES384": ec.generate_private_key(ec.SECP384R1()),
    **dict.fromkeys(("ES512", "ES521"), P521),
    **dict.fromkeys(("EdDSA", "Ed25519"), ED25519),
    "ML-DSA-44": mldsa.MLDSA44PrivateKey.generate(),
    "ML-DSA-65": mldsa.MLDSA65PrivateKey.generate(),
    "ML-DSA-87": mldsa.MLDSA87PrivateKey.generate(),
}
#: The algorithms that PyJWT lacks: `Ed25519` is its `EdDSA` by a newer name.
UNKNOWN_TO_PYJWT = ("Ed25519", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87")
OLD, NEW = "the secret that has signed until now and retires", "the secret that signs from now on"
IN, OUT = (200, "alice"), (422, "Signature verification failed")
NOT_ALLOWED = (422, "The specified alg value is not allowed")
UNKNOWN_KEY = (422, "The token was signed with an unknown key")

#: The error for an unusable key when the app starts, after the name of its option.
UNUSABLE = "(cannot be used|cannot be used): "


def private(key: Any, form: Any = forms.PrivateFormat.PKCS8) -> str:
    return key.private_bytes(forms.Encoding.PEM, form, forms.NoEncryption()).decode()


def public(key: Any) -> str:
    form = forms.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(forms.Encoding.PEM, form).decode()


def open_ssh(key: Any) -> str:
    form = forms.PublicFormat.OpenSSH
    return key.public_key().public_bytes(forms.Encoding.OpenSSH, form).decode()


def open_ssh_certificate(key: Any) -> str:
    builder = forms.SSHCertificateBuilder().public_key(key.public_key()).serial(1).key_id(b"x")
    builder = builder.type(forms.SSHCertificateType.USER).valid_for_all_principals()
    return builder.valid_after(0).valid_before(2**40).sign(ED25519).public_bytes().decode()


def pyjwk(key: Any) -> jwt.PyJWK:
    return jwt.PyJWK.from_dict({**RSAAlgorithm.to_jwk(key, as_dict=True), "alg": "RS256"})


def pair_app(algorithm: str, key: Any = None, public_key: Any = None, **options: Any) -> Flask:
    key, public_key = key or private(PAIRS[algorithm]), public_key or public(PAIRS[algorithm])
    keys = {"PRIVATE_KEY": key, "PUBLIC_KEY": public_key, "SECRET_KEY": None}
    return guarded_app(ALGORITHM=algorithm, **{**keys, **options})


def made(app: Flask, **arguments: Any) -> str:
    with app.app_context():
        return ours.create_access_token("alice", **arguments)


def said(app: Flask, value: str, path: str = "/access") -> tuple[int, Any]:
    answer = app.test_client().get(path, headers=bearer(value))
    body = answer.get_json(silent=True) or {}
    return answer.status_code, body.get("msg", body.get("identity"))


def kid(value: str) -> Any:
    return jwt.get_unverified_header(value)["kid"]


#: A ring of two secrets and a public key.
RING = [
    {"secret_key": NEW, "kid": "new"},
    {"secret_key": OLD, "kid": "old"},
    {"public_key": public(RSA), "algorithm": "RS256", "kid": "rsa"},
]


def large_rsa() -> rsa.RSAPrivateKey:
    """Return an RSA key of 8,676 bits, made of two Mersenne primes: random ones take a minute."""
    p, q, e = 2**4423 - 1, 2**4253 - 1, 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), rsa.RSAPublicNumbers(e, p * q)
    )
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)
