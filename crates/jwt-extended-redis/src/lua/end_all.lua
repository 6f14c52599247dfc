-- Ends all sessions of a subject, or all but one, and all its tokens of before now.
-- KEYS: cut-off, index. ARGV: now, until when that is remembered, the TTL of this, who stays ('=<session>' or '-'), what
-- the keys of sessions begin with, the latest cut-off that is believed. Answers how many were open, and the names of ended sessions that had no end.
local now, at, remembered, stays = ARGV[1], ARGV[1], ARGV[2], ARGV[4]
local old = redis.call('GET', KEYS[1])
local keep = false
if old then
  -- The later cut-off and the longer memory hold, unless a clock was wrong.
  if string.sub(old, 1, 18) > at and string.sub(old, 1, 18) <= ARGV[6] then
    at = string.sub(old, 1, 18)
  end
  if string.sub(old, 20, 37) >= remembered then
    remembered, keep = string.sub(old, 20, 37), true
  end
end
local text = at .. ' ' .. remembered .. ' ' .. stays
if keep then
  redis.call('SET', KEYS[1], text, 'KEEPTTL')
else
  put(KEYS[1], text, ARGV[3])
end
local ids, sessions = open_sessions(KEYS[2], ARGV[5], now)
local forgotten = { 0 }
for _, id in ipairs(ids) do
  if '=' .. id ~= stays then
    close(ARGV[5] .. id, KEYS[2], id, sessions[id], forgotten)
    forgotten[1] = forgotten[1] + 1
  end
end
return forgotten
