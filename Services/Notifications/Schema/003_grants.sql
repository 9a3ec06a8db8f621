-- Each role gets what its work needs; a role that does not exist (a development store) is left out.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gradus_notifications') THEN
        GRANT USAGE ON SCHEMA notices TO gradus_notifications;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA notices TO gradus_notifications;
        REVOKE DELETE ON notices.notice, notices.delivery FROM gradus_notifications;
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA notices TO gradus_notifications;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gradus_operator') THEN
        GRANT USAGE ON SCHEMA notices TO gradus_operator;
        GRANT SELECT ON notices.stream_offset, notices.outbox, notices.outbox_lease, notices.dead_letter,
            notices.delivery TO gradus_operator;
        GRANT UPDATE (state, resolved_at, resolved_by, resolution) ON notices.dead_letter TO gradus_operator;
    END IF;
END $$;
