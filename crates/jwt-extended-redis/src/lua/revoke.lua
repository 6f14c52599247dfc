-- Revokes one token. If it was revoked before, the later expiry wins. KEYS: token. ARGV: expiry, TTL, now, token
-- id, the feed.
local old = redis.call('GET', KEYS[1])
if not old or old < ARGV[1] then
  if ARGV[5] ~= '' then
    tell(ARGV[5], 't', ARGV[1] .. ' ' .. ARGV[4])
    -- All revoked tokens, for the processes that begin to follow the feed.
    redis.call('ZREMRANGEBYSCORE', ARGV[5] .. ':t', '-inf', string.sub(ARGV[3], 1, 12))
    index(ARGV[5] .. ':t', ARGV[4], ARGV[1], ARGV[2])
  end
  put(KEYS[1], ARGV[1], ARGV[2])
end
return 1
