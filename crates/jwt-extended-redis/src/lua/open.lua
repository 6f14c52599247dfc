-- Opens a session, and ends the oldest ones if there are too many.
-- KEYS: cut-off, session, index. ARGV: opened, session id, session, its expiry, its TTL, the limit ('' for none), the
-- prefix of the keys of sessions, when the session counts as opened, the current time, the feed.
-- Returns 1, or 0 if a cut-off forbids it, and the ids of ended sessions without an expiry.
local opened, id, at_most = ARGV[1], ARGV[2], ARGV[6]
-- A cut-off between the start of the login and now was made during the login.
local function made_meanwhile()
  return cut_off(KEYS[1], opened, opened, id) and string.sub(redis.call('GET', KEYS[1]), 1, 18) <= ARGV[9]
end
if cut_off(KEYS[1], opened, ARGV[8], id) or made_meanwhile() then
  return { 0 }
end
put(KEYS[2], ARGV[3], ARGV[5])
index(KEYS[3], id, ARGV[4], ARGV[5])
local result = { 1 }
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', string.sub(opened, 1, 12))
-- Some of these may have ended within this second.
local most = at_most == '' and 0 or redis.call('ZCARD', KEYS[3]) - tonumber(at_most)
if most <= 0 then
  return result
end
if most > BATCH then
  -- Reading them all to find the oldest would take too long: those that end first are old. Later logins end the rest.
  for _, other in ipairs(redis.call('ZRANGE', KEYS[3], 0, BATCH - 1)) do
    local session = other ~= id and read(ARGV[7] .. other)
    if session then
      close(ARGV[7] .. other, KEYS[3], other, session, result, ARGV[10])
    elseif other ~= id then
      redis.call('ZREM', KEYS[3], other)
    end
  end
  return result
end
local ids, sessions = open_sessions(KEYS[3], ARGV[7], opened, -1)
local others = {}
for _, other in ipairs(ids) do
  if other ~= id then
    others[#others + 1] = other
  end
end
table.sort(others, function(one, two)
  local first, second = sessions[one].opened, sessions[two].opened
  return first < second or (first == second and one < two)
end)
for position = 1, #others + 1 - tonumber(at_most) do
  close(ARGV[7] .. others[position], KEYS[3], others[position], sessions[others[position]], result, ARGV[10])
end
return result
