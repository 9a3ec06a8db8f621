-- Items that a scheme could not work out for a manager, each as its text in Chinese and English in turn.
ALTER TABLE payroll.statement ADD COLUMN gaps text[] NOT NULL DEFAULT '{}';
