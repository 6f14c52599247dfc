-- Records that a session was used, and prolongs it.
-- KEYS: cut-off, session, index, token (if it has an id). ARGV: now, since, session id, the session's new expiry, its
-- TTL. Returns 1, or 0 if the token is revoked or the session has ended.
local now, id = ARGV[1], ARGV[3]
if revoked(KEYS[4], now) or cut_off(KEYS[1], now, ARGV[2], id) then
  return 0
end
local session = read(KEYS[2])
if not session or session.ends <= now then
  return 0
end
if session.used < now then
  session.used = now
end
if session.ends < ARGV[4] then
  session.ends = ARGV[4]
  put(KEYS[2], text_of(session), ARGV[5])
  index(KEYS[3], id, session.ends, ARGV[5])
else
  redis.call('SET', KEYS[2], text_of(session), 'KEEPTTL')
end
return 1
