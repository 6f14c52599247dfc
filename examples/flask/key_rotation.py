# A ring of keys that replace each other at their times, without a restart and without logging anyone
# out. The next key is published before it signs.
#
# $ curl -s -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:5000/login > login.json
# $ TOKEN=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' login.json)
# $ curl -s -H "Authorization: Bearer $TOKEN" http://127.0.0.1:5000/protected
# {"signed_with":"this-year"}
# $ curl -s http://127.0.0.1:5000/.well-known/jwks.json | grep -o '"kid":"[^"]*"'
# "kid":"this-year"
# "kid":"last-year"
# "kid":"next-year"
# $ OLD=$(curl -s -X POST http://127.0.0.1:5000/token-of-last-year)
# $ curl -s -H "Authorization: Bearer $OLD" http://127.0.0.1:5000/protected
# {"signed_with":"last-year"}
from datetime import datetime, timedelta, timezone

from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask, jsonify
from jwt_extended.flask import JWTManager, create_access_token, get_jwt_header, jwt_required
from jwt_extended.flask.testing import travel
from shared import check_password

now = datetime.now(timezone.utc)


def key(kid, not_before, retire_at=None):
    """Return an entry of the ring. Your app reads its keys from files."""
    private_key = ec.generate_private_key(ec.SECP256R1())
    entry = {"kid": kid, "algorithm": "ES256", "private_key": private_key}
    return entry | {"not_before": not_before} | ({"retire_at": retire_at} if retire_at else {})


app = Flask(__name__)
app.config["JWT_KEY_RING"] = [
    # Retired. It verifies until the last token that it has signed has expired.
    key("last-year", now - timedelta(days=365), retire_at=now - timedelta(minutes=5)),
    key("this-year", now - timedelta(minutes=5)),
    # Published already, so that other services know it when it begins to sign.
    key("next-year", now + timedelta(days=365)),
]
app.config["JWT_JWKS_URL"] = "/.well-known/jwks.json"
JWTManager(app)


@app.post("/login")
def login():
    return jsonify(access_token=create_access_token(check_password()))


@app.get("/protected")
@jwt_required()
def protected():
    return jsonify(signed_with=get_jwt_header()["kid"])


@app.post("/token-of-last-year")
def token_of_last_year():
    with travel(minutes=-6):  # only to show it: a token from before the change
        return create_access_token("testuser")
