-- Turns a session's refresh token into its successor.
-- KEYS: cut-off, session, index, token. ARGV: now, since, session's name, token's name, successor's name, the earliest
-- turn that may be repeated, the session's end, its TTL, the latest turn that may be repeated, what the keys of tokens
-- begin with.
-- Answers 'turned'; 'repeated', successor, when; 'replayed', names of ended sessions that had no end; or 'over'.
local now, id = ARGV[1], ARGV[3]
if revoked(KEYS[4], now) or cut_off(KEYS[1], now, ARGV[2], id) then
  return { 'over' }
end
local session = read(KEYS[2])
if not session or session.ends <= now then
  redis.call('DEL', KEYS[2])
  redis.call('ZREM', KEYS[3], id)
  return { 'over' }
end
if session.current == ARGV[4] then
  session.previous, session.current = session.current, ARGV[5]
  session.turned, session.used, session.ends = now, now, ARGV[7]
  put(KEYS[2], text_of(session), ARGV[8])
  index(KEYS[3], id, session.ends, ARGV[8])
  return { 'turned' }
end
if session.turned ~= NEVER and session.previous == ARGV[4] and session.turned >= ARGV[6] and session.turned <= ARGV[9] then
  if revoked(ARGV[10] .. session.current, now) then
    return { 'over' }
  end
  return { 'repeated', session.current, session.turned }
end
local forgotten = { 'replayed' }
close(KEYS[2], KEYS[3], id, session, forgotten)
return forgotten
