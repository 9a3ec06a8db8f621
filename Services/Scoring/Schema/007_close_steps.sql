-- The second phase of a close goes in recorded steps, so that several workers share it and a crash costs one step:
-- first the comparison across subjects, then each partition's results, then the end.
ALTER TABLE scoring.close ADD COLUMN compared int NOT NULL DEFAULT 0;
COMMENT ON COLUMN scoring.close.compared IS 'the attempt whose subjects have been compared with each other';
ALTER TABLE scoring.close_partition
    ADD COLUMN published_at timestamptz,
    ADD COLUMN finalised int NOT NULL DEFAULT 0,
    ADD COLUMN revised int NOT NULL DEFAULT 0;
COMMENT ON COLUMN scoring.close_partition.published_at IS 'when the partition''s results went to the outbox';
CREATE INDEX close_partition_unpublished ON scoring.close_partition (close, partition) WHERE published_at IS NULL;

-- Both phases walk through subjects by number.
DROP INDEX scoring.result_close;
CREATE INDEX result_close ON scoring.result (close, partition, scheme, period, subject);
-- Every result is written in the transaction that has found its close, so that checking each row proves nothing.
ALTER TABLE scoring.result DROP CONSTRAINT result_close_fkey;
DROP INDEX scoring.subject_partition;
CREATE INDEX subject_partition ON scoring.subject (partition, institution, no);

-- A close checks the credits of its period; without this it would read all facts there are, once for each partition.
CREATE INDEX fact_credit ON scoring.fact (partition, business_date) WHERE assignment IS NOT NULL;

-- Steps of closes that fail although the store is there. The step is tried again until it succeeds, and the row goes.
CREATE TABLE scoring.close_obstacle (
    close uuid NOT NULL,
    -- -1: the close as a whole.
    partition smallint NOT NULL,
    institution text COLLATE "C" NOT NULL,
    period text COLLATE "C" NOT NULL,
    -- The marker's, where a marker cannot be evaluated.
    "offset" bigint,
    code text NOT NULL,
    reason text NOT NULL,
    first_at timestamptz NOT NULL DEFAULT now(),
    last_at timestamptz NOT NULL DEFAULT now(),
    tries int NOT NULL DEFAULT 1,
    PRIMARY KEY (close, partition)
);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gradus_scoring') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON scoring.close_obstacle TO gradus_scoring;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gradus_operator') THEN
        GRANT SELECT ON scoring.close_obstacle TO gradus_operator;
    END IF;
END
$$;
