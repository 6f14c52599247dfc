-- Replaces a session's refresh token with its successor.
-- KEYS: cut-off, session, index, token. ARGV: now, since, session id, token id, the successor's id, the earliest
-- rotation that may be repeated, the session's expiry, its TTL, the latest rotation that may be repeated, the prefix of
-- the keys of tokens, 'retry' if the token rotated last may be repeated at any time, the feed.
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
-- Returns the place and the time of an entry in the list of rotated tokens, and the list without the entries whose
-- grace time is over, at most REMEMBERED of them.
local REMEMBERED = 32
local function rotated(list, wanted)
  local at, place, kept = 1, 0, {}
  local found, when
  while true do
    local _, head, time, length = string.find(list, '^(%d+) (%d+):', at)
    if not head then
      return found, when, table.concat(kept)
    end
    local tail = head + tonumber(length)
    place = place + 1
    if string.sub(list, head + 1, tail) == wanted then
      found, when = place, time
    end
    if time >= ARGV[6] and #kept < REMEMBERED - 1 then
      kept[#kept + 1] = string.sub(list, at, tail)
    end
    at = tail + 1
  end
end

if session.current == ARGV[4] then
  local _, _, kept = rotated(session.previous, '')
  session.previous = now .. ' ' .. #session.current .. ':' .. session.current .. kept
  session.current = ARGV[5]
  if ARGV[7] < session.ends then
    tell(ARGV[12], 's', id)
  end
  session.rotated, session.used, session.ends = now, now, ARGV[7]
  put(KEYS[2], text_of(session), ARGV[8])
  index(KEYS[3], id, session.ends, ARGV[8])
  return { 'rotated' }
end
local place, when = rotated(session.previous, ARGV[4])
local in_grace = when and when >= ARGV[6] and when <= ARGV[9]
local may_retry = place == 1 and ARGV[11] == 'retry'
if in_grace or may_retry then
  if revoked(ARGV[10] .. session.current, now) then
    return { 'ended' }
  end
  return { 'repeated', session.current, session.rotated }
end
local result = { 'replayed' }
close(KEYS[2], KEYS[3], id, session, result, ARGV[12])
return result
