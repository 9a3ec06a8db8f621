-- After a close everything comes at once. Figures are read whole, so that they are kept as the text that came; and lines
-- are written in the transaction that has written their statement, so that checking each against it proves nothing.
ALTER TABLE payroll.input ALTER COLUMN figures TYPE text USING figures::text;
ALTER TABLE payroll.line DROP CONSTRAINT line_run_subject_fkey;

-- A run takes what is due page by page, in the order of the subjects.
DROP INDEX payroll.due_institution;
CREATE INDEX due_institution ON payroll.due (institution, subject);
