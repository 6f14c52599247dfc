-- The functions that the scripts share, and the format of the values. A time is a text of 18 digits: microseconds since
-- 1970. So times compare like their texts, and no digit is lost in a double. Only the times in the arguments decide
-- whether something has expired. Redis's clock only deletes keys a second after that.
local NEVER = '999999999999999999'

-- Sets a key with a TTL in milliseconds; '' means that it never expires.
local function put(key, value, ttl)
  if ttl == '' then
    redis.call('SET', key, value)
  else
    redis.call('SET', key, value, 'PX', ttl)
  end
end

-- Whether this one token was revoked. A token without an id has no key.
local function revoked(key, now)
  local ends = key and redis.call('GET', key)
  return ends and ends > now
end

-- Whether all tokens of a subject from before its cut-off were revoked, and this one is among them. A cut-off is
-- '<time> <remembered until> <kept>', where <kept> is '=<session>', or '-' if no session was kept.
local function cut_off(key, now, since, session)
  local text = redis.call('GET', key)
  if not text then
    return false
  end
  return string.sub(text, 20, 37) > now and since < string.sub(text, 1, 18) and string.sub(text, 39) ~= '=' .. session
end

-- Reads a session. Its format is '<ends> <opened> <used> <rotated> <length> <length> <0 or 1>:', then the id of the
-- current refresh token and the list of those before, which have these lengths, and then the label if the flag is 1.
-- <rotated> is NEVER until the first rotation. An entry of the list is '<rotated> <length>:<id>', latest first.
local function read(key)
  local text = redis.call('GET', key)
  if not text then
    return nil
  end
  local _, head, ends, opened, used, rotated, current, previous, label =
    string.find(text, '^(%d+) (%d+) (%d+) (%d+) (%d+) (%d+) ([01]):')
  if not head then
    error('the session was not written by this store')
  end
  local middle = head + tonumber(current)
  local tail = middle + tonumber(previous)
  return {
    ends = ends,
    opened = opened,
    used = used,
    rotated = rotated,
    current = string.sub(text, head + 1, middle),
    previous = string.sub(text, middle + 1, tail),
    label = label .. ':',
    tail = string.sub(text, tail + 1),
  }
end

-- Writes a session.
local function text_of(session)
  return table.concat({
    session.ends, session.opened, session.used, session.rotated, #session.current, #session.previous, session.label,
  }, ' ') .. session.current .. session.previous .. session.tail
end

-- Returns a session's score in the index: the first full second after it ends, or infinity.
local function score(ends)
  if ends == NEVER then
    return '+inf'
  end
  return string.format('%.0f', tonumber(string.sub(ends, 1, 12)) + 1)
end

-- Puts a session into the index, whose TTL is that of the session that lasts longest.
local function index(key, id, ends, ttl)
  local left = redis.call('PTTL', key)
  redis.call('ZADD', key, score(ends), id)
  if ttl == '' then
    redis.call('PERSIST', key)
  elseif left == -2 or (left >= 0 and left < tonumber(ttl)) then
    redis.call('PEXPIRE', key, ttl)
  end
end

-- How many sessions a script reads or ends at most, so that no other call waits for long.
local BATCH = 1000

-- Removes expired sessions from the index, and returns the ids of the others and the sessions by id: those that end
-- last, up to the position `last`.
local function open_sessions(key, base, now, last)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', string.sub(now, 1, 12))
  local ids, sessions = {}, {}
  for _, id in ipairs(redis.call('ZREVRANGE', key, 0, last)) do
    local session = read(base .. id)
    if session and session.ends > now then
      ids[#ids + 1] = id
      sessions[id] = session
    else
      redis.call('ZREM', key, id)
    end
  end
  return ids, sessions
end

-- Writes into the feed what has changed, if any process has begun it. `kind` is 's' for a session, 'c' for the tag of a
-- subject, 't' for an expiry and a token. In a cluster the feed is '', because it would be on another node.
local function tell(feed, kind, what)
  if feed ~= '' then
    redis.call('XADD', feed, 'NOMKSTREAM', 'MAXLEN', '~', 100000, '*', kind, what)
  end
end

-- Ends an open session. If it has no expiry, it adds the id to `endless`: the caller must delete the pointer.
local function close(key, index_key, id, session, endless, feed)
  tell(feed, 's', id)
  redis.call('DEL', key)
  redis.call('ZREM', index_key, id)
  if session.ends == NEVER then
    endless[#endless + 1] = id
  end
end
