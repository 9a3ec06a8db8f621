-- When tasks and grades became known, as positions in the subject's partition of the facts topic: of the fact that
-- brought the change about, or of the close's marker there. So a result can be computed again from exactly what was
-- known when it was made. Rows from before this step have none and count as known from the start.
ALTER TABLE scoring.task ADD COLUMN opened_offset bigint, ADD COLUMN closed_offset bigint;
ALTER TABLE scoring.grade ADD COLUMN withdrawn_offset bigint;
COMMENT ON COLUMN scoring.grade."offset" IS
    'of the fact that appointed or decided, or of the marker of the close that decided; null for closes before this was kept';
