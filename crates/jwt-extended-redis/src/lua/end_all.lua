-- Ends all sessions of a subject, or all but one, and revokes all its tokens from before now.
-- KEYS: cut-off, index. ARGV: now, until when the cut-off is remembered, its TTL, the kept session ('=<session>' or
-- '-'), the prefix of the keys of sessions, the latest plausible cut-off, the feed, the subject's tag.
-- Returns how many sessions were open, the index of those that the caller must sweep or '', and the ids of ended
-- sessions without an expiry.
local now, at, remembered, kept = ARGV[1], ARGV[1], ARGV[2], ARGV[4]
local old = redis.call('GET', KEYS[1])
local keeps_ttl = false
tell(ARGV[7], 'c', ARGV[8])
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
local ids, sessions = open_sessions(KEYS[2], ARGV[5], now, BATCH - 1)
local result = { 0, '' }
for _, id in ipairs(ids) do
  if '=' .. id ~= kept then
    -- The feed has the subject.
    close(ARGV[5] .. id, KEYS[2], id, sessions[id], result, '')
    result[1] = result[1] + 1
  end
end
local kept_id = string.sub(kept, 2)
local keeps = kept ~= '-' and redis.call('ZSCORE', KEYS[2], kept_id)
local left = redis.call('ZCARD', KEYS[2]) - (keeps and 1 or 0)
if left > 0 then
  -- Their index gets another name, so that nobody finds or counts them again. The cut-off ends all but those that were
  -- opened just before it; the caller deletes these first.
  result[1], result[2] = result[1] + left, KEYS[2] .. ':' .. now
  local ttl = redis.call('PTTL', KEYS[2])
  redis.call('RENAME', KEYS[2], result[2])
  if keeps then
    redis.call('ZREM', result[2], kept_id)
    redis.call('ZADD', KEYS[2], keeps, kept_id)
    if ttl >= 0 then
      redis.call('PEXPIRE', KEYS[2], ttl)
    end
  end
end
return result
