-- Revokes one token. If it was revoked before, the later expiry wins. KEYS: token. ARGV: expiry, TTL.
local old = redis.call('GET', KEYS[1])
if not old or old < ARGV[1] then
  put(KEYS[1], ARGV[1], ARGV[2])
end
return 1
