-- Ends one session. KEYS: session, index. ARGV: now, session id.
-- Returns how many sessions were open, and the id of the session if it had no expiry.
local session = read(KEYS[1])
if not session then
  return { 0 }
end
local result = { session.ends > ARGV[1] and 1 or 0 }
close(KEYS[1], KEYS[2], ARGV[2], session, result)
return result
