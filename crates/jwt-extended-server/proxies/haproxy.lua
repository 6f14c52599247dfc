-- Asks the login server about a request, and keeps its verdict in variables: see haproxy.cfg.

local LOGIN_SERVER = "http://127.0.0.1:5000/verify"

-- The headers of the request that belong to its connection or its body.
local LEFT_OUT = {
    ["connection"] = true, ["content-length"] = true, ["expect"] = true, ["host"] = true, ["keep-alive"] = true,
    ["te"] = true, ["transfer-encoding"] = true, ["upgrade"] = true,
}

local function first(headers, name)
    local values = headers[name]
    return values and values[0]
end

core.register_action("verify", { "http-req" }, function(txn)
    local headers = {}
    for name, values in pairs(txn.http:req_get_headers()) do
        if not LEFT_OUT[name] and not name:find("^x%-forwarded%-") then
            headers[name] = {}
            for index, value in pairs(values) do
                headers[name][index + 1] = value
            end
        end
    end
    headers["x-forwarded-method"] = { txn.f:method() }
    headers["x-forwarded-uri"] = { txn.f:pathq() }
    headers["x-forwarded-host"] = { txn.f:req_hdr("host") or "" }
    headers["x-forwarded-proto"] = { txn.f:ssl_fc() == 1 and "https" or "http" }

    local answer = core.httpclient():get{ url = LOGIN_SERVER, headers = headers, timeout = 5000 }
    txn:set_var("txn.verdict", tostring(answer and answer.status or 503))
    if not answer then
        return
    end
    txn:set_var("txn.login_page", first(answer.headers, "location") or "")
    txn:set_var("txn.challenge", first(answer.headers, "www-authenticate") or "Bearer")
    for index, cookie in pairs(answer.headers["set-cookie"] or {}) do
        txn:set_var("txn.cookie_" .. (index + 1), cookie)
    end
    if answer.status == 204 then
        for name, values in pairs(answer.headers) do
            if name:find("^remote%-") and values[0] ~= "" then
                txn.http:req_set_header(name, values[0])
            end
        end
    end
end, 0)
