-- One notice to one reader, as it was written in the reader's language.
CREATE TABLE notices.notice (
    id              uuid        PRIMARY KEY,
    institution     text        NOT NULL,
    recipient       text        NOT NULL,
    scheme          text        NOT NULL,
    version         int         NOT NULL,
    name            text        NOT NULL,
    rule            text        NOT NULL,
    clause          text        NOT NULL,
    cause           uuid        NOT NULL,           -- the event that it answers
    cause_type      text        NOT NULL,
    fact            uuid,
    about           text,
    language        text        NOT NULL,
    title           text        NOT NULL,
    body            text        NOT NULL,
    due_at          timestamptz NOT NULL,
    state           text        NOT NULL DEFAULT 'issued'
        CHECK (state IN ('issued', 'delivered', 'read', 'acknowledged')),
    issued_at       timestamptz NOT NULL DEFAULT now(),
    delivered_at    timestamptz,
    read_at         timestamptz,
    acknowledged_at timestamptz
);
CREATE INDEX notice_inbox ON notices.notice (recipient, due_at DESC, id);

-- The work list of the delivery worker: one row for each channel of a notice.
CREATE TABLE notices.delivery (
    notice          uuid        NOT NULL REFERENCES notices.notice,
    channel         text        NOT NULL CHECK (channel IN ('inbox', 'email', 'webhook')),
    state           text        NOT NULL DEFAULT 'pending'
        CHECK (state IN ('pending', 'delivered', 'failed', 'given-up')),
    attempts        int         NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL,
    leased_until    timestamptz,
    lease           bigint      NOT NULL DEFAULT 0, -- raised by each claim: a late worker cannot overwrite a newer one
    code            text,                           -- of the last answer: an SMTP or HTTP status, or GR-NOTE-3nn
    finished_at     timestamptz,
    PRIMARY KEY (notice, channel)
) WITH (fillfactor = 70);
CREATE INDEX delivery_pending ON notices.delivery (next_attempt_at) WHERE state = 'pending';
