-- A close's id follows from its institution and period, so one key is enough. A second one made two partitions that
-- registered the same close at the same moment collide outside the statement's conflict clause.
ALTER TABLE scoring.close DROP CONSTRAINT close_institution_period_key;
