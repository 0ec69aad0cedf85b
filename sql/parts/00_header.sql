-- cvm: customer models, trained, kept, scored and retrained where the rows are

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION cvm" to load this file. \quit
