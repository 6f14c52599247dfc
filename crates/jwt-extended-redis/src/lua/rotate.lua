-- Replaces a session's refresh token with its successor.
-- KEYS: cut-off, session, index, token. ARGV: now, since, session id, token id, the successor's id, the earliest
-- rotation that may be repeated, the session's expiry, its TTL, the latest rotation that may be repeated, the prefix of
-- the keys of tokens.
-- Returns 'rotated'; or 'repeated', the successor and when; or 'replayed' and the ids of ended sessions without an
-- expiry; or 'ended'.
local now, id = ARGV[1], ARGV[3]
if revoked(KEYS[4], now) or cut_off(KEYS[1], now, ARGV[2], id) then
  return { 'ended' }
end
local session = read(KEYS[2])
if not session or session.ends <= now then
  redis.call('DEL', KEYS[2])
  redis.call('ZREM', KEYS[3], id)
  return { 'ended' }
end
if session.current == ARGV[4] then
  session.previous, session.current = session.current, ARGV[5]
  session.rotated, session.used, session.ends = now, now, ARGV[7]
  put(KEYS[2], text_of(session), ARGV[8])
  index(KEYS[3], id, session.ends, ARGV[8])
  return { 'rotated' }
end
local in_grace = session.rotated ~= NEVER and session.rotated >= ARGV[6] and session.rotated <= ARGV[9]
if in_grace and session.previous == ARGV[4] then
  if revoked(ARGV[10] .. session.current, now) then
    return { 'ended' }
  end
  return { 'repeated', session.current, session.rotated }
end
local result = { 'replayed' }
close(KEYS[2], KEYS[3], id, session, result)
return result
