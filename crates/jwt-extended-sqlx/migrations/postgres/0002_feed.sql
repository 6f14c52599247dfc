-- Tells the processes that follow what was revoked, on the channel jwt_feed. Each of them holds an advisory lock that
-- they share. If this transaction gets the lock for itself, nobody follows, and nobody is told. A process that begins
-- to follow meanwhile waits until the transaction ends.

CREATE OR REPLACE FUNCTION jwt_feed_tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_try_advisory_xact_lock(3550613764270482749) THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'TRUNCATE' THEN
        PERFORM pg_notify('jwt_feed', 'x');
    ELSIF TG_TABLE_NAME = 'jwt_sessions' THEN
        PERFORM pg_notify('jwt_feed', 's' || OLD.id);
    ELSIF TG_TABLE_NAME = 'jwt_subjects' THEN
        PERFORM pg_notify('jwt_feed', 'c' || NEW.subject);
    ELSE
        PERFORM pg_notify('jwt_feed', 't' || NEW.ends_at || ' ' || NEW.jti);
    END IF;
    RETURN NULL;
END
$$;

DROP TRIGGER IF EXISTS jwt_feed_ended ON jwt_sessions;
CREATE TRIGGER jwt_feed_ended AFTER DELETE ON jwt_sessions
    FOR EACH ROW EXECUTE FUNCTION jwt_feed_tell();

DROP TRIGGER IF EXISTS jwt_feed_shortened ON jwt_sessions;
CREATE TRIGGER jwt_feed_shortened AFTER UPDATE ON jwt_sessions
    FOR EACH ROW WHEN (NEW.ends_at < OLD.ends_at OR NEW.subject <> OLD.subject OR NEW.id <> OLD.id)
    EXECUTE FUNCTION jwt_feed_tell();

DROP TRIGGER IF EXISTS jwt_feed_emptied ON jwt_sessions;
CREATE TRIGGER jwt_feed_emptied AFTER TRUNCATE ON jwt_sessions
    FOR EACH STATEMENT EXECUTE FUNCTION jwt_feed_tell();

DROP TRIGGER IF EXISTS jwt_feed_revoked ON jwt_revoked_tokens;
CREATE TRIGGER jwt_feed_revoked AFTER INSERT OR UPDATE ON jwt_revoked_tokens
    FOR EACH ROW EXECUTE FUNCTION jwt_feed_tell();

DROP TRIGGER IF EXISTS jwt_feed_cut_off ON jwt_subjects;
CREATE TRIGGER jwt_feed_cut_off AFTER INSERT OR UPDATE ON jwt_subjects
    FOR EACH ROW EXECUTE FUNCTION jwt_feed_tell();
