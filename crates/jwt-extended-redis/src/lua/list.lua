-- A subject's open sessions, in no order. KEYS: index. ARGV: now, what the keys of sessions begin with.
-- Answers name and session in turn.
local ids = open_sessions(KEYS[1], ARGV[2], ARGV[1])
local answer = {}
for _, id in ipairs(ids) do
  answer[#answer + 1] = id
  answer[#answer + 1] = redis.call('GET', ARGV[2] .. id)
end
return answer
