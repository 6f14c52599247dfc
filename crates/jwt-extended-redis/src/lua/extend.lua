-- Lets a pointer last at least as long as its session does, if it is there. KEYS: pointer. ARGV: the TTL.
local left = redis.call('PTTL', KEYS[1])
if left >= 0 then
  if ARGV[1] == '' then
    redis.call('PERSIST', KEYS[1])
  elseif left < tonumber(ARGV[1]) then
    redis.call('PEXPIRE', KEYS[1], ARGV[1])
  end
end
return 1
