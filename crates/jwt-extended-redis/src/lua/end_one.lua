-- Ends one session. KEYS: session, index. ARGV: now, session's name.
-- Answers how many were open, and the names of ended sessions that had no end.
local session = read(KEYS[1])
if not session then
  return { 0 }
end
local forgotten = { session.ends > ARGV[1] and 1 or 0 }
close(KEYS[1], KEYS[2], ARGV[2], session, forgotten)
return forgotten
