# Claims of the app's own in a token: those of every token, and those of one login.
#
# $ curl -s -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:5000/login > login.json
# $ TOKEN=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' login.json)
# $ curl -s -H "Authorization: Bearer $TOKEN" http://127.0.0.1:5000/claims
# {"device":"curl/…","role":"user"}
# $ curl -s -H "Content-Type: application/json" -d '{"username": "admin", "password": "adminpass"}' http://127.0.0.1:5000/login > login.json
# $ TOKEN=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' login.json)
# $ curl -s -H "Authorization: Bearer $TOKEN" http://127.0.0.1:5000/claims
# {"device":"curl/…","role":"admin"}
from flask import Flask, jsonify, request
from jwt_extended.flask import JWTManager, create_access_token, get_jwt, jwt_required
from shared import check_password, secret

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = secret()
jwt = JWTManager(app)


@jwt.additional_claims_loader
def role(identity):
    # Everybody who has the token can read its claims: they are signed, not encrypted.
    return {"role": "admin" if identity == "admin" else "user"}


@app.post("/login")
def login():
    own = {"device": request.user_agent.string}
    return jsonify(access_token=create_access_token(check_password(), additional_claims=own))


@app.get("/claims")
@jwt_required()
def claims():
    return jsonify(device=get_jwt()["device"], role=get_jwt()["role"])
