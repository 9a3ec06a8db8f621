-- What came in, and what became of it.

-- Small numbers for the sources of the configuration.
CREATE TABLE intake.source (
    no smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE
);

-- One row for each record ever taken: the digest of its id, and of what it said. A second record with the same id is a
-- duplicate if it says the same, else a conflict. A reversal adds a row that keeps its original from being undone twice.
CREATE TABLE intake.received (
    key uuid NOT NULL,
    content uuid NOT NULL,
    source smallint NOT NULL,
    PRIMARY KEY (source, key)
);

-- Records that cannot be credited yet: nobody holds the customer, or the subject is not known.
CREATE TABLE intake.suspense (
    key uuid NOT NULL,
    source smallint NOT NULL,
    institution text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('customer', 'manager', 'unit')),
    subject text COLLATE "C" NOT NULL,
    type text COLLATE "C" NOT NULL,
    business_date date NOT NULL,
    -- The canonical fact about its customer or subject.
    payload text NOT NULL,
    held_at timestamptz NOT NULL DEFAULT now(),
    released_at timestamptz,
    PRIMARY KEY (source, key)
);
CREATE INDEX suspense_open ON intake.suspense (institution, kind, subject) WHERE released_at IS NULL;

-- Customers, managers and units whose reference data changed: their credits and held records are looked at again.
CREATE TABLE intake.pending (
    institution text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('customer', 'manager', 'unit')),
    id text COLLATE "C" NOT NULL,
    -- Raised by each change, so that a change during the work is not lost.
    version bigint NOT NULL DEFAULT 1,
    since timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (institution, kind, id)
) WITH (fillfactor = 70);

-- How many records of each source came in and what became of them; by writer, so that writers do not wait for each other.
CREATE TABLE intake.counter (
    source smallint NOT NULL,
    writer smallint NOT NULL,
    day date NOT NULL,
    outcome text COLLATE "C" NOT NULL CHECK (outcome IN ('received', 'accepted', 'duplicate', 'suspended', 'rejected', 'facts')),
    code text COLLATE "C" NOT NULL DEFAULT '',
    count bigint NOT NULL,
    PRIMARY KEY (source, writer, day, outcome, code)
) WITH (fillfactor = 60);

-- Files of the watched folders, and how far each was taken.
CREATE TABLE intake.file (
    source smallint NOT NULL,
    name text COLLATE "C" NOT NULL,
    digest text NOT NULL,
    bytes bigint NOT NULL,
    records bigint NOT NULL,
    next_record bigint NOT NULL DEFAULT 0,
    accepted bigint NOT NULL DEFAULT 0,
    duplicate bigint NOT NULL DEFAULT 0,
    suspended bigint NOT NULL DEFAULT 0,
    rejected bigint NOT NULL DEFAULT 0,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done')),
    seen_at timestamptz NOT NULL DEFAULT now(),
    done_at timestamptz,
    PRIMARY KEY (source, name)
);

-- What each credit check before a close found.
CREATE TABLE intake.credit_check (
    no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    institution text COLLATE "C" NOT NULL,
    period text COLLATE "C" NOT NULL,
    assignment_version bigint NOT NULL,
    customers int NOT NULL,
    facts bigint NOT NULL,
    reversed int NOT NULL,
    credited int NOT NULL,
    released int NOT NULL,
    requested_by text,
    checked_at timestamptz NOT NULL DEFAULT now()
);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gradus_intake') THEN
        GRANT USAGE ON SCHEMA intake TO gradus_intake;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA intake TO gradus_intake;
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA intake TO gradus_intake;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gradus_operator') THEN
        GRANT USAGE ON SCHEMA intake TO gradus_operator;
        GRANT SELECT ON ALL TABLES IN SCHEMA intake TO gradus_operator;
        GRANT UPDATE ON intake.dead_letter TO gradus_operator;
    END IF;
END
$$;
