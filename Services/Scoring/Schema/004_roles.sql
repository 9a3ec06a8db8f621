-- How far the facts topic is stored; needs the tables of the consumer loop, which come first.
CREATE VIEW scoring.published_position AS
SELECT topic, partition, max(next_offset) AS next_offset FROM scoring.stream_offset GROUP BY topic, partition;

DO $$
DECLARE
    reader text;
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gradus_scoring') THEN
        GRANT USAGE ON SCHEMA scoring TO gradus_scoring;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA scoring TO gradus_scoring;
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA scoring TO gradus_scoring;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gradus_operator') THEN
        GRANT USAGE ON SCHEMA scoring TO gradus_operator;
        GRANT SELECT ON ALL TABLES IN SCHEMA scoring TO gradus_operator;
        GRANT INSERT, UPDATE ON scoring.close, scoring.dead_letter TO gradus_operator;
    END IF;
    FOREACH reader IN ARRAY ARRAY['gradus_intake', 'gradus_payroll', 'gradus_notifications'] LOOP
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = reader) THEN
            EXECUTE format('GRANT USAGE ON SCHEMA scoring TO %I', reader);
            EXECUTE format(
                'GRANT SELECT ON scoring.published_fact, scoring.published_result, scoring.published_close, '
                'scoring.published_grade, scoring.published_finding, scoring.published_task, '
                'scoring.published_status, scoring.published_position TO %I', reader);
        END IF;
    END LOOP;
END
$$;
