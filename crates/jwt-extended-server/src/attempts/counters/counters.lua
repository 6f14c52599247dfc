-- The steps on counters of attempts. KEYS: counters, or the set of the known addresses of an account. Times are
-- numbers with up to 16 digits, which Lua can hold, but would write in short; so they stay texts.

local FIELDS = { 'failures', 'allowed_at', 'forget_at', 'kept_until' }

local function read(key)
    return redis.call('HMGET', key, unpack(FIELDS))
end

local function write(key, first, ttl)
    for index, field in ipairs(FIELDS) do
        redis.call('HSET', key, field, ARGV[first + index - 1])
    end
    redis.call('PEXPIRE', key, ttl)
end

local step = ARGV[1]

if step == 'load' then
    local all = {}
    for _, key in ipairs(KEYS) do
        local count = read(key)
        all[#all + 1] = count[1] and 1 or 0
        for index = 1, 4 do
            all[#all + 1] = tonumber(count[index] or 0)
        end
    end
    return all
end

-- KEYS: the counter, and the set if it is that of a known address. ARGV: the TTL, whether there was a counter, the new
-- one, the old one.
if step == 'swap' then
    local count = read(KEYS[1])
    if (count[1] and '1' or '0') ~= ARGV[3] then
        return { 0 }
    end
    if count[1] then
        for index = 1, 4 do
            if count[index] ~= ARGV[7 + index] then
                return { 0 }
            end
        end
    end
    write(KEYS[1], 4, ARGV[2])
    if KEYS[2] then
        redis.call('ZADD', KEYS[2], ARGV[7], KEYS[1])
        -- As long as the latest of its counters.
        if redis.call('PTTL', KEYS[2]) < tonumber(ARGV[2]) then
            redis.call('PEXPIRE', KEYS[2], ARGV[2])
        end
    end
    return { 1 }
end

-- KEYS: the counter of the account, and the set.
if step == 'forgive' then
    local forgiven = 0
    local counters = redis.call('ZRANGE', KEYS[2], 0, -1)
    counters[#counters + 1] = KEYS[1]
    for _, key in ipairs(counters) do
        if tonumber(redis.call('HGET', key, 'failures') or 0) > 0 then
            redis.call('HSET', key, 'failures', '0', 'allowed_at', '0')
            forgiven = forgiven + 1
        end
    end
    return { forgiven }
end

-- KEYS: the set. ARGV: how many to keep.
if step == 'keep_latest' then
    local surplus = redis.call('ZCARD', KEYS[1]) - tonumber(ARGV[2])
    if surplus > 0 then
        for _, key in ipairs(redis.call('ZRANGE', KEYS[1], 0, surplus - 1)) do
            redis.call('DEL', key)
            redis.call('ZREM', KEYS[1], key)
        end
    end
    return {}
end
