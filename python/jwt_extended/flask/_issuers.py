"""Tells the tokens of other issuers from the app's own, for ``JWT_ISSUERS``.

Two issuers may give one name to two people. So a user of another issuer is known by issuer and
identity together, and never by the identity alone.
"""

from typing import Any

from ._app import engine_of, this_app


def issuer_of(claims: dict[str, Any]) -> str | None:
    """Return the other issuer of a verified token; ``None`` for one of the app's own."""
    app = this_app()
    if not app.config["JWT_ISSUERS"]:
        return None
    issuer = engine_of(app).issuer_of(claims)
    return None if issuer is None else issuer[0]


def identity_claim_of(claims: dict[str, Any]) -> str:
    """Return the name of the claim that identifies the user of a verified token."""
    app = this_app()
    if app.config["JWT_ISSUERS"]:
        issuer = engine_of(app).issuer_of(claims)
        if issuer is not None:
            return issuer[1]
    name: str = app.config["JWT_IDENTITY_CLAIM"]
    return name
