-- The tables of the consumer loop and the outbox. Each service that consumes has its own, in its own schema, made by the
-- first step of its migrations.
CREATE OR REPLACE PROCEDURE public.gradus_make_messaging_tables(owner name) LANGUAGE plpgsql AS $procedure$
BEGIN
    EXECUTE format($tables$
    CREATE SCHEMA IF NOT EXISTS %1$I;

    -- How far each consumer has come. The position moves in the transaction that holds the effects.
    CREATE TABLE IF NOT EXISTS %1$I.stream_offset (
        consumer        text        NOT NULL,
        cluster_id      text        NOT NULL,
        topic           text        NOT NULL,
        partition       int         NOT NULL,
        next_offset     bigint      NOT NULL CHECK (next_offset >= 0),
        epoch           bigint      NOT NULL DEFAULT 0,   -- raised by each claim: the fence
        generation      int         NOT NULL DEFAULT -1,  -- the group's, at the claim: a tie-break only
        owner           text        NOT NULL,
        attempt_offset  bigint      NOT NULL DEFAULT -1,  -- where the first batch after the last claim began
        attempts        int         NOT NULL DEFAULT 0,   -- claims whose first batch there was never finished
        applied         bigint      NOT NULL DEFAULT 0,
        duplicates      bigint      NOT NULL DEFAULT 0,
        rejected        bigint      NOT NULL DEFAULT 0,
        fenced          bigint      NOT NULL DEFAULT 0,
        last_event_time timestamptz,
        updated_at      timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (consumer, cluster_id, topic, partition)
    ) WITH (fillfactor = 50);

    -- Events to publish. A row is the work itself: it goes when the broker has acknowledged it.
    CREATE TABLE IF NOT EXISTS %1$I.outbox (
        shard        smallint    NOT NULL DEFAULT 0,
        id           bigint      GENERATED ALWAYS AS IDENTITY,
        topic        text        NOT NULL,
        partition    int,                                 -- null: chosen by key
        key          bytea,
        event_id     text        NOT NULL,
        type         text        NOT NULL,
        source       text        NOT NULL,
        subject      text,
        event_time   timestamptz,
        content_type text        NOT NULL DEFAULT 'application/json',
        traceparent  text,
        headers      bytea,                               -- further headers
        payload      bytea,
        created_at   timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (shard, id)
    ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
            autovacuum_vacuum_cost_delay = 0);

    -- Which process publishes a shard of the outbox.
    CREATE TABLE IF NOT EXISTS %1$I.outbox_lease (
        shard      smallint    PRIMARY KEY,
        owner      text        NOT NULL,
        epoch      bigint      NOT NULL DEFAULT 0,
        expires_at timestamptz NOT NULL
    );

    -- Input that cannot be applied, as it came, with the reason.
    CREATE TABLE IF NOT EXISTS %1$I.dead_letter (
        id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        consumer     text        NOT NULL,
        cluster_id   text        NOT NULL,
        topic        text        NOT NULL,
        partition    int         NOT NULL,
        "offset"     bigint      NOT NULL,
        message_time timestamptz,
        key          bytea,
        value        bytea,
        headers      bytea,
        code         text        NOT NULL,
        detail       text        NOT NULL,
        trace        text,
        state        text        NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'retried', 'discarded')),
        rejected_at  timestamptz NOT NULL DEFAULT now(),
        resolved_at  timestamptz,
        resolved_by  text,
        resolution   text
    );
    CREATE INDEX IF NOT EXISTS dead_letter_open ON %1$I.dead_letter (code, id) WHERE state = 'new';
    CREATE INDEX IF NOT EXISTS dead_letter_source
        ON %1$I.dead_letter (topic, partition, "offset", consumer);
    $tables$, owner);
END
$procedure$;
