-- Deletes a batch of sessions that were ended together, those that end last first. KEYS: their index. ARGV: the prefix
-- of the keys of sessions. Returns how many are left, and the ids of deleted sessions without an expiry.
local result = { 0 }
local entries = redis.call('ZREVRANGE', KEYS[1], 0, BATCH - 1, 'WITHSCORES')
for position = 1, #entries, 2 do
  redis.call('DEL', ARGV[1] .. entries[position])
  redis.call('ZREM', KEYS[1], entries[position])
  if entries[position + 1] == 'inf' then
    result[#result + 1] = entries[position]
  end
end
result[1] = redis.call('ZCARD', KEYS[1])
return result
