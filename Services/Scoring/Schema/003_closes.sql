-- Closes of periods, what they found, and what follows from it.

-- One row for each period of an institution that is closed or being closed.
CREATE TABLE scoring.close (
    id uuid PRIMARY KEY,
    institution text COLLATE "C" NOT NULL,
    period text COLLATE "C" NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL,
    attempt int NOT NULL,
    -- open: markers are under way; recredit: credits no longer match the assignments, try again; closed: final.
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'recredit', 'closed')),
    partitions int NOT NULL,
    assignments bigint NOT NULL,
    -- [{"scheme": …, "version": …}], as in the marker.
    schemes text NOT NULL,
    finalised int NOT NULL DEFAULT 0,
    revised int NOT NULL DEFAULT 0,
    requested_by text,
    requested_at timestamptz NOT NULL DEFAULT now(),
    closed_at timestamptz,
    UNIQUE (institution, period)
);

-- What each partition reported; its cut is the offset of its marker.
CREATE TABLE scoring.close_partition (
    close uuid NOT NULL REFERENCES scoring.close,
    attempt int NOT NULL,
    partition smallint NOT NULL,
    cut_offset bigint NOT NULL,
    cut_at bigint NOT NULL,
    results int NOT NULL,
    revisions int NOT NULL,
    -- Managers with facts but without a profile.
    unprofiled int NOT NULL,
    -- Credits that the assignments known at the cut do not support; if any, the attempt fails.
    unsupported int NOT NULL,
    gaps int NOT NULL,
    done_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (close, attempt, partition)
);
CREATE INDEX close_partition_partition ON scoring.close_partition (partition);
COMMENT ON COLUMN scoring.close_partition.cut_at IS 'the marker message''s time, in milliseconds since 1970';

-- Markers that came while an earlier close was not finished, as happens in a replay or a backlog.
CREATE TABLE scoring.waiting_marker (
    institution text COLLATE "C" NOT NULL,
    partition smallint NOT NULL,
    "offset" bigint NOT NULL,
    marked_at bigint NOT NULL,
    close uuid NOT NULL,
    last_day date NOT NULL,
    marker text NOT NULL,
    PRIMARY KEY (partition, "offset")
);

-- Subjects with facts that came after the close of a period that they belong to.
CREATE TABLE scoring.late (
    subject int PRIMARY KEY,
    partition smallint NOT NULL,
    first_day date NOT NULL,
    last_offset bigint NOT NULL
);
CREATE INDEX late_partition ON scoring.late (partition);

-- A result is final when its close is closed. It is never changed; what changes later is a further revision.
CREATE TABLE scoring.result (
    subject int NOT NULL,
    institution text COLLATE "C" NOT NULL,
    scheme text COLLATE "C" NOT NULL,
    version int NOT NULL,
    period text COLLATE "C" NOT NULL,
    last_day date NOT NULL,
    revision int NOT NULL,
    close uuid NOT NULL REFERENCES scoring.close,
    partition smallint NOT NULL,
    cut_offset bigint NOT NULL,
    score text,
    grade text,
    unit text,
    -- JSON objects of canonical texts: what the subject's own data gave, and what the comparison with others added.
    figures text NOT NULL,
    across text NOT NULL DEFAULT '{}',
    effects text NOT NULL,
    gaps text NOT NULL,
    trace text,
    causes uuid[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (subject, scheme, period, revision)
);
CREATE INDEX result_close ON scoring.result (close, scheme, period);

-- Grades held, by the day from which they hold.
CREATE TABLE scoring.grade (
    id uuid PRIMARY KEY,
    subject int NOT NULL,
    ladder text COLLATE "C" NOT NULL,
    grade text NOT NULL,
    valid_from date NOT NULL,
    source text NOT NULL CHECK (source IN ('appointment', 'scheme')),
    -- Of the fact that appointed or decided; null for grades that a close decided.
    "offset" bigint,
    state text NOT NULL DEFAULT 'held' CHECK (state IN ('held', 'withdrawn')),
    event text NOT NULL
);
CREATE INDEX grade_subject ON scoring.grade (subject, ladder, valid_from);

CREATE TABLE scoring.finding (
    id uuid PRIMARY KEY,
    subject int NOT NULL,
    scheme text COLLATE "C" NOT NULL,
    rule text NOT NULL,
    date date,
    period text,
    amount text,
    state text NOT NULL CHECK (state IN ('raised', 'withdrawn')),
    -- The event that raised it; null when its withdrawal came first.
    event text
);
CREATE INDEX finding_subject ON scoring.finding (subject);

CREATE TABLE scoring.task (
    id uuid PRIMARY KEY,
    subject int NOT NULL,
    scheme text COLLATE "C" NOT NULL,
    version int NOT NULL,
    rule text NOT NULL,
    role text NOT NULL,
    due_at timestamptz NOT NULL,
    opened_on date NOT NULL,
    closed_on date,
    state text NOT NULL CHECK (state IN ('open', 'decided', 'withdrawn')),
    decision text,
    decided_by uuid,
    -- What the scheme needs to know again when the answer comes, and the event that asked for it.
    request text NOT NULL,
    event text NOT NULL
);
CREATE INDEX task_subject ON scoring.task (subject);

-- Decisions that came before the task that they answer, as happens in a replay.
CREATE TABLE scoring.early_decision (
    task uuid NOT NULL,
    fact uuid NOT NULL,
    subject int NOT NULL,
    PRIMARY KEY (task, fact)
);

CREATE TABLE scoring.status (
    id uuid PRIMARY KEY,
    subject int NOT NULL,
    scheme text COLLATE "C" NOT NULL,
    rule text NOT NULL,
    status text NOT NULL,
    valid_from date NOT NULL,
    state text NOT NULL CHECK (state IN ('in force', 'withdrawn')),
    event text
);
CREATE INDEX status_subject ON scoring.status (subject, valid_from);

CREATE VIEW scoring.published_result AS
SELECT r.institution, s.kind, s.id AS subject, r.scheme, r.version, r.period, r.last_day, r.revision,
       r.revision = max(r.revision) OVER (PARTITION BY r.subject, r.scheme, r.period) AS is_latest,
       r.close, r.partition, r.cut_offset, r.score, r.grade, r.figures, r.across, r.gaps, r.trace, r.causes
FROM scoring.result r
JOIN scoring.subject s ON s.no = r.subject
JOIN scoring.close c ON c.id = r.close AND c.state = 'closed';
COMMENT ON VIEW scoring.published_result IS 'final results and their revisions';

CREATE VIEW scoring.published_close AS
SELECT c.id, c.institution, c.period, c.first_day, c.last_day, c.attempt, c.state, c.partitions, c.finalised,
       c.revised, c.requested_at, c.closed_at
FROM scoring.close c;

CREATE VIEW scoring.published_grade AS
SELECT s.institution, s.kind, s.id AS subject, g.ladder, g.grade, g.valid_from, g.source
FROM scoring.grade g JOIN scoring.subject s ON s.no = g.subject WHERE g.state = 'held';

CREATE VIEW scoring.published_finding AS
SELECT f.id, s.institution, s.kind, s.id AS subject, f.scheme, f.rule, f.date, f.period, f.amount, f.state, f.event
FROM scoring.finding f JOIN scoring.subject s ON s.no = f.subject;

CREATE VIEW scoring.published_task AS
SELECT t.id, s.institution, s.kind, s.id AS subject, t.scheme, t.rule, t.role, t.due_at, t.state, t.decision, t.event
FROM scoring.task t JOIN scoring.subject s ON s.no = t.subject;

CREATE VIEW scoring.published_status AS
SELECT s.institution, s.kind, s.id AS subject, t.scheme, t.rule, t.status, t.valid_from
FROM scoring.status t JOIN scoring.subject s ON s.no = t.subject WHERE t.state = 'in force';
