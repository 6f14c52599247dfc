# Access tokens of another issuer, such as an identity provider: the program key_pair, whose public keys
# this app fetches. It has no key of its own, and needs no login.
# needs: key_pair on port 5001
#
# $ curl -s -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:5001/login > login.json
# $ TOKEN=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' login.json)
# $ curl -s -H "Authorization: Bearer $TOKEN" http://127.0.0.1:5000/orders
# {"issuer":"https://login.example.com","user":"testuser"}
# $ curl -s http://127.0.0.1:5000/orders
# {"msg":"Missing Authorization Header"}
# $ curl -s -H "Authorization: Bearer ${TOKEN%?????}AAAAA" http://127.0.0.1:5000/orders
# {"msg":"Signature verification failed"}
import os

from flask import Flask, jsonify
from jwt_extended.flask import JWTManager, get_jwt_identity, get_jwt_issuer, jwt_required

issuer_url = os.environ.get("ISSUER_URL", "http://127.0.0.1:5001")

app = Flask(__name__)
app.config["JWT_ISSUERS"] = [
    {
        "issuer": "https://login.example.com",  # exactly the `iss` of its tokens
        "audience": "https://api.example.com",  # this app, as the issuer names it
        # Without it, the issuer's discovery document says where its keys are.
        "jwks_uri": f"{issuer_url}/.well-known/jwks.json",
        "algorithms": ["ES256"],
        # What marks its access tokens. For a known provider, `"provider": "keycloak"` says it all.
        "access_tokens": {"with_claim": ["type", "access"]},
        "allow_loopback_http": True,  # only for this example: keys come over HTTPS
    }
]
JWTManager(app)


@app.get("/orders")
@jwt_required()
def orders():
    # Two issuers may give one name to two people, so both together are the user.
    return jsonify(user=get_jwt_identity(), issuer=get_jwt_issuer())
