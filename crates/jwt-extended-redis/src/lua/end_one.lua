-- Ends one session. KEYS: session, index. ARGV: now, session's name.
-- Answers how many were open, and the names of ended sessions that had no end.
local session = read(KEYS[1])
if not session or session.ends <= ARGV[1] then
  return { 0 }
end
local forgotten = { 1 }
close(KEYS[1], KEYS[2], ARGV[2], session, forgotten)
return forgotten
