-- Lists a subject's open sessions, in no order. If there are too many, lists those that end last. KEYS: index. ARGV:
-- now, the prefix of the keys of sessions. Returns the id and the value of each session.
local ids = open_sessions(KEYS[1], ARGV[2], ARGV[1], BATCH - 1)
local result = {}
for _, id in ipairs(ids) do
  result[#result + 1] = id
  result[#result + 1] = redis.call('GET', ARGV[2] .. id)
end
return result
