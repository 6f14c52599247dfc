-- A session is used, and is good for longer from now on.
-- KEYS: cut-off, session, index, token (if it has a name). ARGV: now, since, session's name, the session's new end, its
-- TTL. Answers 1, or 0 if it is over.
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
