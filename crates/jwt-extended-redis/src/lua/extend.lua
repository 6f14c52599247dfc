-- Prolongs a pointer, if it exists, to the TTL of its session. KEYS: pointer. ARGV: TTL.
local left = redis.call('PTTL', KEYS[1])
if left >= 0 then
  if ARGV[1] == '' then
    redis.call('PERSIST', KEYS[1])
  elseif left < tonumber(ARGV[1]) then
    redis.call('PEXPIRE', KEYS[1], ARGV[1])
  end
end
return 1
