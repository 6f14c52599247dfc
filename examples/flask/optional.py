# A page for everybody that knows who is logged in.
#
# $ curl -s http://127.0.0.1:5000/page
# {"hello":"stranger"}
# $ curl -s -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:5000/login > login.json
# $ TOKEN=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' login.json)
# $ curl -s -H "Authorization: Bearer $TOKEN" http://127.0.0.1:5000/page
# {"hello":"testuser"}
# $ curl -s -H "Authorization: Bearer not-a-token" http://127.0.0.1:5000/page
# {"msg":"…"}
from flask import Flask, jsonify
from jwt_extended.flask import JWTManager, create_access_token, get_jwt_identity, jwt_required
from shared import check_password, secret

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = secret()
JWTManager(app)


@app.post("/login")
def login():
    return jsonify(access_token=create_access_token(check_password()))


@app.get("/page")
@jwt_required(optional=True)  # a request without a token passes, but not one with a bad token
def page():
    return jsonify(hello=get_jwt_identity() or "stranger")
