# Tokens signed with a private key. Other services verify them with the public key, which this app
# publishes, and share no secret with it.
#
# $ curl -s -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:5000/login > login.json
# $ TOKEN=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' login.json)
# $ curl -s -H "Authorization: Bearer $TOKEN" http://127.0.0.1:5000/protected
# {"issued_by":"https://login.example.com","logged_in_as":"testuser"}
# $ curl -s http://127.0.0.1:5000/.well-known/jwks.json
# {"keys":[{"kty":"EC",…}]}
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask, jsonify
from jwt_extended.flask import (
    JWTManager,
    create_access_token,
    get_jwt,
    get_jwt_identity,
    jwt_required,
)
from shared import check_password

# Made with `openssl ecparam -name prime256v1 -genkey -noout -out key.pem`. Without a file, this app
# makes a key when it starts, and the tokens of its last run are invalid.
file = os.environ.get("JWT_PRIVATE_KEY_FILE")
key = Path(file).read_text() if file else ec.generate_private_key(ec.SECP256R1())

app = Flask(__name__)
app.config["JWT_KEY_RING"] = [{"private_key": key, "algorithm": "ES256"}]
app.config["JWT_JWKS_URL"] = "/.well-known/jwks.json"
# The name of this app in its tokens, and that of the apps that may accept them.
app.config["JWT_ENCODE_ISSUER"] = app.config["JWT_DECODE_ISSUER"] = "https://login.example.com"
app.config["JWT_ENCODE_AUDIENCE"] = app.config["JWT_DECODE_AUDIENCE"] = "https://api.example.com"
JWTManager(app)


@app.post("/login")
def login():
    return jsonify(access_token=create_access_token(check_password()))


@app.get("/protected")
@jwt_required()
def protected():
    return jsonify(logged_in_as=get_jwt_identity(), issued_by=get_jwt()["iss"])
