-- What the scripts share. A time is a text of 18 digits, microseconds since 1970, so that times compare as texts do and
-- no number loses its last digits in a double. Only the times that are handed in decide what is over: what Redis deletes
-- by itself was over before, by whatever clock.
local NEVER = '999999999999999999'

-- Sets a key that expires by itself; a `ttl` of '' means never.
local function put(key, value, ttl)
  if ttl == '' then
    redis.call('SET', key, value)
  else
    redis.call('SET', key, value, 'PX', ttl)
  end
end

-- Whether a token was revoked by itself. It may have no name, and then no key.
local function revoked(key, now)
  local ends = key and redis.call('GET', key)
  return ends and ends > now
end

-- Whether all of a subject's tokens of that age were revoked. A cut-off is '<time> <remembered until> <who stays>', and
-- who stays is '=<session>', or '-' for none.
local function cut_off(key, now, since, session)
  local text = redis.call('GET', key)
  if not text then
    return false
  end
  return string.sub(text, 20, 37) > now and since < string.sub(text, 1, 18) and string.sub(text, 39) ~= '=' .. session
end

-- A session is '<ends> <opened> <last used> <turned> <length> <length> <0 or 1>:' and then the names of the current
-- refresh token and of the one before, of these lengths, and the label, if there is one. `turned` is NEVER until it is.
local function read(key)
  local text = redis.call('GET', key)
  if not text then
    return nil
  end
  local _, head, ends, opened, used, turned, current, previous, label =
    string.find(text, '^(%d+) (%d+) (%d+) (%d+) (%d+) (%d+) ([01]):')
  if not head then
    error('what is kept of a session is not of this store')
  end
  local middle = head + tonumber(current)
  local tail = middle + tonumber(previous)
  return {
    ends = ends,
    opened = opened,
    used = used,
    turned = turned,
    current = string.sub(text, head + 1, middle),
    previous = string.sub(text, middle + 1, tail),
    label = label .. ':',
    tail = string.sub(text, tail + 1),
  }
end

local function text_of(session)
  return table.concat({
    session.ends, session.opened, session.used, session.turned, #session.current, #session.previous, session.label,
  }, ' ') .. session.current .. session.previous .. session.tail
end

-- In the index a session counts until the second in which it ends is over, or for ever.
local function score(ends)
  if ends == NEVER then
    return '+inf'
  end
  return string.format('%.0f', tonumber(string.sub(ends, 1, 12)) + 1)
end

-- Indexes a session. The index lasts as long as the session that lasts longest.
local function index(key, id, ends, ttl)
  local left = redis.call('PTTL', key)
  redis.call('ZADD', key, score(ends), id)
  if ttl == '' then
    redis.call('PERSIST', key)
  elseif left == -2 or (left >= 0 and left < tonumber(ttl)) then
    redis.call('PEXPIRE', key, ttl)
  end
end

-- Takes out of the index what is over, and gives what is left: names and sessions.
local function open_sessions(key, base, now)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', string.sub(now, 1, 12))
  local ids, sessions = {}, {}
  for _, id in ipairs(redis.call('ZRANGE', key, 0, -1)) do
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

-- Ends an open session. Names it in `forgotten`, if what points at it would stay for ever.
local function close(key, index_key, id, session, forgotten)
  redis.call('DEL', key)
  redis.call('ZREM', index_key, id)
  if session.ends == NEVER then
    forgotten[#forgotten + 1] = id
  end
end
