-- Results as Scoring published them; a revision is a row of its own.
CREATE TABLE payroll.input (
    subject     text        NOT NULL,
    period      text        NOT NULL,               -- 2026-03, 2026-Q1 or 2026
    scheme      text        NOT NULL,
    revision    int         NOT NULL CHECK (revision >= 1),
    institution text        NOT NULL,
    version     int         NOT NULL,
    close       uuid        NOT NULL,
    revised     boolean     NOT NULL,
    event       uuid        NOT NULL,
    score       text,
    grade       text,
    figures     jsonb       NOT NULL,
    causes      uuid[]      NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (subject, period, scheme, revision)
);
CREATE UNIQUE INDEX input_event ON payroll.input (event);
CREATE INDEX input_close ON payroll.input (close);

-- Findings. One stands while it has been raised more often than withdrawn, in whatever order the events arrive.
CREATE TABLE payroll.finding (
    id          uuid   PRIMARY KEY,
    institution text   NOT NULL,
    subject     text   NOT NULL,
    period      text   NOT NULL,
    scheme      text   NOT NULL,
    version     int    NOT NULL,
    rule        text   NOT NULL,
    clause      text   NOT NULL,
    date        date   NOT NULL,
    amount      bigint,                             -- hundredths; null: a finding without fine
    currency    text,
    fund        text,
    fact        uuid,
    text_zh     text   NOT NULL,
    text_en     text   NOT NULL,
    standing    int    NOT NULL
);
CREATE INDEX finding_subject ON payroll.finding (subject, period);

CREATE TABLE payroll.finding_event (
    event       uuid        PRIMARY KEY,
    finding     uuid        NOT NULL,
    withdrawn   boolean     NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE payroll.grade (
    event          uuid PRIMARY KEY,
    subject        text NOT NULL,
    ladder         text NOT NULL,
    grade          text NOT NULL,
    effective_from date NOT NULL,
    rule           text NOT NULL,
    clause         text NOT NULL
);
CREATE INDEX grade_subject ON payroll.grade (subject, ladder, effective_from);

-- What each close announced: a month is calculated when all of it has arrived.
CREATE TABLE payroll.closed (
    institution text        NOT NULL,
    period      text        NOT NULL,
    close       uuid        NOT NULL,
    attempt     int         NOT NULL,
    finalised   int         NOT NULL,
    revised     int         NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (institution, period, close)
);

-- Managers' earned periods that changed since they were last booked.
CREATE TABLE payroll.due (
    subject     text        NOT NULL,
    earned      text        NOT NULL,
    institution text        NOT NULL,
    earned_last date        NOT NULL,
    causes      uuid[]      NOT NULL,
    since       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (subject, earned)
);
CREATE INDEX due_institution ON payroll.due (institution, earned_last);

CREATE TABLE payroll.run (
    id            uuid        PRIMARY KEY,
    institution   text        NOT NULL,
    month         text        NOT NULL,
    month_first   date        NOT NULL,
    currency      text        NOT NULL,
    state         text        NOT NULL CHECK (state IN ('open', 'calculated', 'approved', 'released')),
    waiting       text,                             -- why an open run is not calculated yet
    statements    int         NOT NULL DEFAULT 0,
    lines         int         NOT NULL DEFAULT 0,
    corrections   int         NOT NULL DEFAULT 0,
    total         bigint      NOT NULL DEFAULT 0,
    payable       bigint      NOT NULL DEFAULT 0,
    opened_by     text        NOT NULL,
    opened_at     timestamptz NOT NULL DEFAULT now(),
    calculated_at timestamptz,
    approved_by   text,
    approved_at   timestamptz,
    released_by   text,
    released_at   timestamptz,
    UNIQUE (institution, month),
    CHECK (approved_by IS NULL OR approved_by <> opened_by),
    CHECK (state <> 'released' OR approved_by IS NOT NULL)
);

CREATE TABLE payroll.statement (
    run         uuid   NOT NULL REFERENCES payroll.run,
    subject     text   NOT NULL,
    id          uuid   NOT NULL UNIQUE,
    total       bigint NOT NULL,
    carried_in  bigint NOT NULL CHECK (carried_in <= 0),
    payable     bigint NOT NULL CHECK (payable >= 0),
    carried_out bigint NOT NULL CHECK (carried_out <= 0),
    PRIMARY KEY (run, subject),
    CHECK (total + carried_in = payable + carried_out)
);
CREATE INDEX statement_subject ON payroll.statement (subject);

CREATE TABLE payroll.line (
    run        uuid    NOT NULL,
    subject    text    NOT NULL,
    ordinal    int     NOT NULL,
    id         uuid    NOT NULL UNIQUE,
    earned     text    NOT NULL,
    correction boolean NOT NULL,
    scheme     text    NOT NULL,
    version    int     NOT NULL,
    component  text    NOT NULL,
    finding    uuid,
    title_zh   text    NOT NULL,
    title_en   text    NOT NULL,
    amount     bigint  NOT NULL,
    rule       text    NOT NULL,
    clause     text    NOT NULL,
    fund       text,
    basis_zh   text    NOT NULL,
    basis_en   text    NOT NULL,
    revision   int     NOT NULL,
    findings   uuid[]  NOT NULL,
    facts      uuid[]  NOT NULL,
    causes     uuid[]  NOT NULL,
    PRIMARY KEY (run, subject, ordinal),
    FOREIGN KEY (run, subject) REFERENCES payroll.statement
);
CREATE INDEX line_earned ON payroll.line (subject, earned);

-- What a manager still owes from earlier months (zero or negative).
CREATE TABLE payroll.carry (
    institution text   NOT NULL,
    subject     text   NOT NULL,
    amount      bigint NOT NULL CHECK (amount <= 0),
    run         uuid   NOT NULL REFERENCES payroll.run,
    PRIMARY KEY (institution, subject)
);

-- What was booked stays booked: a correction is a line of a later run.
CREATE FUNCTION payroll.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'statements and lines are never changed; correct them in the next run'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER statement_is_final BEFORE UPDATE OR DELETE ON payroll.statement
    FOR EACH ROW EXECUTE FUNCTION payroll.refuse_change();
CREATE TRIGGER line_is_final BEFORE UPDATE OR DELETE ON payroll.line
    FOR EACH ROW EXECUTE FUNCTION payroll.refuse_change();

-- For other services and reports.
CREATE VIEW payroll.published_statement AS
SELECT r.institution, s.subject, r.month, r.id AS run, r.state, r.currency, s.id AS statement,
    s.total, s.carried_in, s.payable, s.carried_out, r.released_at
FROM payroll.statement s JOIN payroll.run r ON r.id = s.run;

CREATE VIEW payroll.published_line AS
SELECT r.institution, l.subject, r.month, r.id AS run, r.state, r.currency, l.id AS line, l.ordinal, l.earned,
    l.correction, l.scheme, l.version, l.component, l.title_zh, l.title_en, l.amount, l.rule, l.clause, l.fund,
    l.basis_zh, l.basis_en, l.revision, l.findings, l.facts, l.causes
FROM payroll.line l JOIN payroll.run r ON r.id = l.run;
