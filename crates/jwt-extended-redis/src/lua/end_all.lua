-- Ends all sessions of a subject, or all but one, and revokes all its tokens from before now.
-- KEYS: cut-off, index. ARGV: now, until when the cut-off is remembered, its TTL, the kept session ('=<session>' or
-- '-'), the prefix of the keys of sessions, the latest plausible cut-off.
-- Returns how many sessions were open, and the ids of ended sessions without an expiry.
local now, at, remembered, kept = ARGV[1], ARGV[1], ARGV[2], ARGV[4]
local old = redis.call('GET', KEYS[1])
local keeps_ttl = false
if old then
  -- The later cut-off wins, unless a wrong clock has written it. So does the longer time of remembering.
  if string.sub(old, 1, 18) > at and string.sub(old, 1, 18) <= ARGV[6] then
    at = string.sub(old, 1, 18)
  end
  if string.sub(old, 20, 37) >= remembered then
    remembered, keeps_ttl = string.sub(old, 20, 37), true
  end
end
local text = at .. ' ' .. remembered .. ' ' .. kept
if keeps_ttl then
  redis.call('SET', KEYS[1], text, 'KEEPTTL')
else
  put(KEYS[1], text, ARGV[3])
end
local ids, sessions = open_sessions(KEYS[2], ARGV[5], now)
local result = { 0 }
for _, id in ipairs(ids) do
  if '=' .. id ~= kept then
    close(ARGV[5] .. id, KEYS[2], id, sessions[id], result)
    result[1] = result[1] + 1
  end
end
return result
