-- Ends one session. KEYS: session, index, cut-off. ARGV: now, session id, the feed.
-- Returns how many sessions were open, and the id of the session if it had no expiry.
local session = read(KEYS[1])
if not session then
  return { 0 }
end
-- A cut-off certainly ended what was opened a minute before it.
local since = string.format('%018.0f', tonumber(session.opened) + 60000000)
local is_open = session.ends > ARGV[1] and not cut_off(KEYS[3], ARGV[1], since, ARGV[2])
local result = { is_open and 1 or 0 }
close(KEYS[1], KEYS[2], ARGV[2], session, result, ARGV[3])
return result
