-- Each role gets what its work needs; a role that does not exist (a development store) is left out.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gradus_payroll') THEN
        GRANT USAGE ON SCHEMA payroll TO gradus_payroll;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA payroll TO gradus_payroll;
        REVOKE UPDATE, DELETE ON payroll.statement, payroll.line, payroll.input FROM gradus_payroll;
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA payroll TO gradus_payroll;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gradus_operator') THEN
        GRANT USAGE ON SCHEMA payroll TO gradus_operator;
        GRANT SELECT ON ALL TABLES IN SCHEMA payroll TO gradus_operator;
        GRANT UPDATE (state, resolved_at, resolved_by, resolution) ON payroll.dead_letter TO gradus_operator;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gradus_notifications') THEN
        GRANT USAGE ON SCHEMA payroll TO gradus_notifications;
        GRANT SELECT ON payroll.published_statement, payroll.published_line TO gradus_notifications;
    END IF;
END $$;
