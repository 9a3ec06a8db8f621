#pragma once
#include <libpq-fe.h>

// libpq names the fields of an error by character literals, which Swift does not import.
static const int gradus_diag_severity = PG_DIAG_SEVERITY_NONLOCALIZED;
static const int gradus_diag_sqlstate = PG_DIAG_SQLSTATE;
static const int gradus_diag_message = PG_DIAG_MESSAGE_PRIMARY;
static const int gradus_diag_detail = PG_DIAG_MESSAGE_DETAIL;
static const int gradus_diag_hint = PG_DIAG_MESSAGE_HINT;
static const int gradus_diag_schema = PG_DIAG_SCHEMA_NAME;
static const int gradus_diag_table = PG_DIAG_TABLE_NAME;
static const int gradus_diag_column = PG_DIAG_COLUMN_NAME;
static const int gradus_diag_constraint = PG_DIAG_CONSTRAINT_NAME;
