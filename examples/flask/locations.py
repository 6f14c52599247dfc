# Tokens in headers, cookies, JSON bodies and query strings, and a view that reads only one of them.
#
# $ curl -s -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:5000/login > login.json
# $ TOKEN=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' login.json)
# $ curl -s -H "Authorization: Bearer $TOKEN" http://127.0.0.1:5000/protected
# {"found_in":"headers"}
# $ curl -s -b "access_token_cookie=$TOKEN" http://127.0.0.1:5000/protected
# {"found_in":"cookies"}
# $ curl -s -H "Content-Type: application/json" -d "{\"access_token\": \"$TOKEN\"}" http://127.0.0.1:5000/protected
# {"found_in":"json"}
# $ curl -s "http://127.0.0.1:5000/protected?jwt=$TOKEN"
# {"found_in":"query_string"}
# $ curl -s -H "Authorization: Bearer $TOKEN" http://127.0.0.1:5000/download
# {"msg":"Missing 'jwt' query paramater"}
# $ curl -s "http://127.0.0.1:5000/download?jwt=$TOKEN"
# {"found_in":"query_string"}
from flask import Flask, jsonify
from jwt_extended.flask import (
    JWTManager,
    create_access_token,
    get_jwt_request_location,
    jwt_required,
)
from shared import check_password, secret

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = secret()
# The order in which they are read. Headers are enough for most apps: query strings end up in logs.
app.config["JWT_TOKEN_LOCATION"] = ["headers", "cookies", "json", "query_string"]
app.config["JWT_COOKIE_SECURE"] = False  # True in production: only over HTTPS
JWTManager(app)


@app.post("/login")
def login():
    return jsonify(access_token=create_access_token(check_password()))


@app.route("/protected", methods=["GET", "POST"])
@jwt_required()
def protected():
    return jsonify(found_in=get_jwt_request_location())


@app.get("/download")
@jwt_required(locations="query_string")  # a link that a browser follows has no header
def download():
    return jsonify(found_in=get_jwt_request_location())
