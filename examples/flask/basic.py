# A login that returns an access token, and a view that needs one.
#
# $ curl -s -H "Content-Type: application/json" -d '{"username": "testuser", "password": "wrong"}' http://127.0.0.1:5000/login
# {"msg":"Bad username or password"}
# $ curl -s http://127.0.0.1:5000/protected
# {"msg":"Missing Authorization Header"}
# $ curl -s -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:5000/login
# {"access_token":"…"}
# $ curl -s -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:5000/login > login.json
# $ TOKEN=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' login.json)
# $ curl -s -H "Authorization: Bearer $TOKEN" http://127.0.0.1:5000/protected
# {"logged_in_as":"testuser"}
from flask import Flask, jsonify
from jwt_extended.flask import JWTManager, create_access_token, get_jwt_identity, jwt_required
from shared import check_password, secret

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = secret()
JWTManager(app)


@app.post("/login")
def login():
    return jsonify(access_token=create_access_token(check_password()))


@app.get("/protected")
@jwt_required()
def protected():
    return jsonify(logged_in_as=get_jwt_identity())
