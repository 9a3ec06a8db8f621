-- Who is who, who belongs to whom, and by which rules: written by Intake and by `gradus scheme publish`, read by everybody.

CREATE SCHEMA IF NOT EXISTS reference;

-- Numbers the changes of entries, so that a reader with a copy fetches only what is new. Drawn under one lock: no gaps.
CREATE SEQUENCE reference.change;

CREATE TABLE reference.institution (
    id text COLLATE "C" PRIMARY KEY,
    name text NOT NULL,
    zone text NOT NULL DEFAULT '+08:00',
    currency text NOT NULL DEFAULT 'CNY',
    change bigint NOT NULL DEFAULT nextval('reference.change')
);

CREATE TABLE reference.unit (
    institution text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    parent text COLLATE "C",
    type text,
    change bigint NOT NULL DEFAULT nextval('reference.change'),
    PRIMARY KEY (institution, id)
);
CREATE INDEX unit_change ON reference.unit (change);

-- The only place with names and addresses.
CREATE TABLE reference.manager (
    institution text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    unit text COLLATE "C" NOT NULL,
    name text,
    email text,
    webhook text,
    language text NOT NULL DEFAULT 'zh',
    status text NOT NULL,
    role text NOT NULL,
    entry date,
    education text,
    change bigint NOT NULL DEFAULT nextval('reference.change'),
    PRIMARY KEY (institution, id)
);
CREATE INDEX manager_change ON reference.manager (change);
CREATE INDEX manager_unit ON reference.manager (institution, unit);

CREATE TABLE reference.customer (
    institution text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    unit text COLLATE "C",
    tier text,
    PRIMARY KEY (institution, id)
);

-- Versions of assignments; the current ones are not superseded. `no` grows in the order of commits.
CREATE TABLE reference.assignment (
    no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    institution text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    customer text COLLATE "C" NOT NULL,
    manager text COLLATE "C" NOT NULL,
    share numeric(9, 6) NOT NULL CHECK (share > 0 AND share <= 1),
    valid_from date NOT NULL,
    -- The first day on which it no longer holds.
    valid_to date CHECK (valid_to >= valid_from),
    recorded_at timestamptz NOT NULL DEFAULT now(),
    superseded_by bigint
);
CREATE INDEX assignment_customer ON reference.assignment (institution, customer);
CREATE INDEX assignment_id ON reference.assignment (institution, id, no);
CREATE INDEX assignment_manager ON reference.assignment (institution, manager) WHERE superseded_by IS NULL;

CREATE TABLE reference.target (
    institution text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('manager', 'unit')),
    subject text COLLATE "C" NOT NULL,
    kpi text COLLATE "C" NOT NULL,
    period text COLLATE "C" NOT NULL,
    amount numeric(18, 4) NOT NULL,
    unit text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (institution, kind, subject, kpi, period)
);

-- Days that differ from Monday to Friday being worked.
CREATE TABLE reference.calendar_day (
    institution text COLLATE "C" NOT NULL,
    date date NOT NULL,
    working boolean NOT NULL,
    name text,
    PRIMARY KEY (institution, date)
);

-- Published versions of schemes; a version never changes.
CREATE TABLE reference.scheme (
    institution text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    version int NOT NULL,
    effective_from date NOT NULL,
    effective_to date,
    digest text NOT NULL,
    document text NOT NULL,
    published_at timestamptz NOT NULL DEFAULT now(),
    published_by text NOT NULL,
    PRIMARY KEY (institution, name, version)
);

DO $$
DECLARE
    reader text;
BEGIN
    FOREACH reader IN ARRAY
        ARRAY['gradus_intake', 'gradus_scoring', 'gradus_payroll', 'gradus_notifications', 'gradus_operator'] LOOP
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = reader) THEN
            EXECUTE format('GRANT USAGE ON SCHEMA reference TO %I', reader);
            EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA reference TO %I', reader);
        END IF;
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gradus_intake') THEN
        GRANT INSERT, UPDATE, DELETE ON reference.institution, reference.unit, reference.manager, reference.customer,
            reference.assignment, reference.target, reference.calendar_day TO gradus_intake;
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA reference TO gradus_intake;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gradus_operator') THEN
        GRANT INSERT ON reference.scheme TO gradus_operator;
    END IF;
END
$$;
