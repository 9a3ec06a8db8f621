-- What each decision on a task brought about, in its order, so that undoing the decision undoes exactly that.
CREATE TABLE scoring.decision_effect (
    task uuid NOT NULL,
    decision uuid NOT NULL,
    place int NOT NULL,
    subject int NOT NULL,
    -- The effect as it was kept and published.
    record text NOT NULL,
    PRIMARY KEY (task, place)
);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gradus_scoring') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON scoring.decision_effect TO gradus_scoring;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gradus_operator') THEN
        GRANT SELECT ON scoring.decision_effect TO gradus_operator;
    END IF;
END
$$;
