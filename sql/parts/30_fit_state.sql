-- cvm.fit_state: what a fitting aggregate carries from row to row

CREATE TYPE cvm.fit_state;

CREATE FUNCTION cvm.fit_state_in(cstring) RETURNS cvm.fit_state
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_fit_state_in';
COMMENT ON FUNCTION cvm.fit_state_in(cstring) IS
	'input of cvm.fit_state: method and algorithm, as in "sgd logistic", and for a state with rows its binary form in hexadecimal';

CREATE FUNCTION cvm.fit_state_out(cvm.fit_state) RETURNS cstring
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_fit_state_out';
COMMENT ON FUNCTION cvm.fit_state_out(cvm.fit_state) IS
	'output of cvm.fit_state: reads back as the same state, bit by bit';

CREATE FUNCTION cvm.fit_state_recv(internal) RETURNS cvm.fit_state
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_fit_state_recv';
COMMENT ON FUNCTION cvm.fit_state_recv(internal) IS
	'binary input of cvm.fit_state: the checksummed, versioned byte format, texts in UTF-8';

CREATE FUNCTION cvm.fit_state_send(cvm.fit_state) RETURNS bytea
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_fit_state_send';
COMMENT ON FUNCTION cvm.fit_state_send(cvm.fit_state) IS
	'binary output of cvm.fit_state: the checksummed, versioned byte format, texts in UTF-8';

CREATE TYPE cvm.fit_state (
	INPUT = cvm.fit_state_in,
	OUTPUT = cvm.fit_state_out,
	RECEIVE = cvm.fit_state_recv,
	SEND = cvm.fit_state_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);
COMMENT ON TYPE cvm.fit_state IS
	'a fit in progress: what a fitting aggregate carries, to be stored, shipped and merged';

CREATE FUNCTION cvm.fit_state_information(state cvm.fit_state,
	OUT method text, OUT algorithm text, OUT rows bigint, OUT rows_left_out bigint,
	OUT features integer, OUT classes integer) RETURNS record
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_fit_state_information';
COMMENT ON FUNCTION cvm.fit_state_information(cvm.fit_state) IS
	'what a state has seen: method (fit, sgd, descend), algorithm, rows, rows left out for want of y, elements of x, classes met; NULL where it is not known yet';

CREATE FUNCTION cvm.fit_state_eq(cvm.fit_state, cvm.fit_state) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_fit_state_eq';
COMMENT ON FUNCTION cvm.fit_state_eq(cvm.fit_state, cvm.fit_state) IS 'implementation of = operator';
CREATE FUNCTION cvm.fit_state_ne(cvm.fit_state, cvm.fit_state) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_fit_state_ne';
COMMENT ON FUNCTION cvm.fit_state_ne(cvm.fit_state, cvm.fit_state) IS 'implementation of <> operator';
CREATE OPERATOR cvm.= (
	LEFTARG = cvm.fit_state, RIGHTARG = cvm.fit_state, FUNCTION = cvm.fit_state_eq,
	COMMUTATOR = OPERATOR(cvm.=), NEGATOR = OPERATOR(cvm.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel
);
COMMENT ON OPERATOR cvm.= (cvm.fit_state, cvm.fit_state) IS 'the same rows seen in the same way';
CREATE OPERATOR cvm.<> (
	LEFTARG = cvm.fit_state, RIGHTARG = cvm.fit_state, FUNCTION = cvm.fit_state_ne,
	COMMUTATOR = OPERATOR(cvm.<>), NEGATOR = OPERATOR(cvm.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR cvm.<> (cvm.fit_state, cvm.fit_state) IS 'different in something';

CREATE FUNCTION cvm.fit_state_to_jsonb(state cvm.fit_state) RETURNS jsonb
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN (SELECT to_jsonb(i) || jsonb_build_object('state', state::text)
		FROM cvm.fit_state_information(state) AS i);
COMMENT ON FUNCTION cvm.fit_state_to_jsonb(cvm.fit_state) IS
	'what a state has seen, and under the key state its text form; cast back it is the same state';
CREATE FUNCTION cvm.jsonb_to_fit_state(document jsonb) RETURNS cvm.fit_state
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN (document ->> 'state')::cvm.fit_state;
COMMENT ON FUNCTION cvm.jsonb_to_fit_state(jsonb) IS
	'a state from jsonb: the text form under the key state, checked; other keys are not read';
CREATE CAST (cvm.fit_state AS jsonb) WITH FUNCTION cvm.fit_state_to_jsonb(cvm.fit_state) AS ASSIGNMENT;
COMMENT ON CAST (cvm.fit_state AS jsonb) IS 'what a state has seen, and its text form';
CREATE CAST (jsonb AS cvm.fit_state) WITH FUNCTION cvm.jsonb_to_fit_state(jsonb) AS ASSIGNMENT;
COMMENT ON CAST (jsonb AS cvm.fit_state) IS 'a state exported as jsonb, checked';

-- transition, combine and final functions

CREATE FUNCTION cvm.fit_add(cvm.fit_state, float8, float8[]) RETURNS cvm.fit_state
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_fit_add_number';
COMMENT ON FUNCTION cvm.fit_add(cvm.fit_state, float8, float8[]) IS
	'transition function of fit_ and sgd_ aggregates: adds a row with a y of type float8';
CREATE FUNCTION cvm.fit_add(cvm.fit_state, float8, float8[], jsonb) RETURNS cvm.fit_state
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_fit_add_number';
COMMENT ON FUNCTION cvm.fit_add(cvm.fit_state, float8, float8[], jsonb) IS
	'transition function of fit_ and sgd_ aggregates: adds a row with a y of type float8';
CREATE FUNCTION cvm.fit_add(cvm.fit_state, boolean, float8[]) RETURNS cvm.fit_state
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_fit_add_boolean';
COMMENT ON FUNCTION cvm.fit_add(cvm.fit_state, boolean, float8[]) IS
	'transition function of fit_ and sgd_ aggregates: adds a row with a y of type boolean';
CREATE FUNCTION cvm.fit_add(cvm.fit_state, boolean, float8[], jsonb) RETURNS cvm.fit_state
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_fit_add_boolean';
COMMENT ON FUNCTION cvm.fit_add(cvm.fit_state, boolean, float8[], jsonb) IS
	'transition function of fit_ and sgd_ aggregates: adds a row with a y of type boolean';
CREATE FUNCTION cvm.fit_add(cvm.fit_state, bigint, float8[]) RETURNS cvm.fit_state
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_fit_add_integer';
COMMENT ON FUNCTION cvm.fit_add(cvm.fit_state, bigint, float8[]) IS
	'transition function of fit_ and sgd_ aggregates: adds a row with a y of type bigint';
CREATE FUNCTION cvm.fit_add(cvm.fit_state, bigint, float8[], jsonb) RETURNS cvm.fit_state
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_fit_add_integer';
COMMENT ON FUNCTION cvm.fit_add(cvm.fit_state, bigint, float8[], jsonb) IS
	'transition function of fit_ and sgd_ aggregates: adds a row with a y of type bigint';
CREATE FUNCTION cvm.fit_add(cvm.fit_state, text, float8[]) RETURNS cvm.fit_state
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_fit_add_text';
COMMENT ON FUNCTION cvm.fit_add(cvm.fit_state, text, float8[]) IS
	'transition function of fit_ and sgd_ aggregates: adds a row with a y of type text';
CREATE FUNCTION cvm.fit_add(cvm.fit_state, text, float8[], jsonb) RETURNS cvm.fit_state
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_fit_add_text';
COMMENT ON FUNCTION cvm.fit_add(cvm.fit_state, text, float8[], jsonb) IS
	'transition function of fit_ and sgd_ aggregates: adds a row with a y of type text';
CREATE FUNCTION cvm.descend_add(cvm.fit_state, cvm.model, float8, float8[]) RETURNS cvm.fit_state
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_descend_add_number';
COMMENT ON FUNCTION cvm.descend_add(cvm.fit_state, cvm.model, float8, float8[]) IS
	'transition function of cvm.descend: adds a row with a y of type float8';
CREATE FUNCTION cvm.descend_add(cvm.fit_state, cvm.model, float8, float8[], jsonb) RETURNS cvm.fit_state
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_descend_add_number';
COMMENT ON FUNCTION cvm.descend_add(cvm.fit_state, cvm.model, float8, float8[], jsonb) IS
	'transition function of cvm.descend: adds a row with a y of type float8';
CREATE FUNCTION cvm.descend_add(cvm.fit_state, cvm.model, boolean, float8[]) RETURNS cvm.fit_state
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_descend_add_boolean';
COMMENT ON FUNCTION cvm.descend_add(cvm.fit_state, cvm.model, boolean, float8[]) IS
	'transition function of cvm.descend: adds a row with a y of type boolean';
CREATE FUNCTION cvm.descend_add(cvm.fit_state, cvm.model, boolean, float8[], jsonb) RETURNS cvm.fit_state
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_descend_add_boolean';
COMMENT ON FUNCTION cvm.descend_add(cvm.fit_state, cvm.model, boolean, float8[], jsonb) IS
	'transition function of cvm.descend: adds a row with a y of type boolean';
CREATE FUNCTION cvm.descend_add(cvm.fit_state, cvm.model, text, float8[]) RETURNS cvm.fit_state
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_descend_add_text';
COMMENT ON FUNCTION cvm.descend_add(cvm.fit_state, cvm.model, text, float8[]) IS
	'transition function of cvm.descend: adds a row with a y of type text';
CREATE FUNCTION cvm.descend_add(cvm.fit_state, cvm.model, text, float8[], jsonb) RETURNS cvm.fit_state
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_descend_add_text';
COMMENT ON FUNCTION cvm.descend_add(cvm.fit_state, cvm.model, text, float8[], jsonb) IS
	'transition function of cvm.descend: adds a row with a y of type text';

CREATE FUNCTION cvm.fit_merge(cvm.fit_state, cvm.fit_state) RETURNS cvm.fit_state
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_fit_merge';
COMMENT ON FUNCTION cvm.fit_merge(cvm.fit_state, cvm.fit_state) IS
	'combine function of sgd_ aggregates and cvm.descend, transition function of cvm.merge_fit';
-- Of fit_ aggregates all rows go from a worker to its leader, which is seldom
-- worth it: the planner is told so.
CREATE FUNCTION cvm.fit_concatenate(cvm.fit_state, cvm.fit_state) RETURNS cvm.fit_state
	LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000000000 AS 'MODULE_PATHNAME', 'cvm_fit_merge';
COMMENT ON FUNCTION cvm.fit_concatenate(cvm.fit_state, cvm.fit_state) IS
	'combine function of fit_ aggregates: one state''s rows after those of the other';
CREATE FUNCTION cvm.fit_model(cvm.fit_state) RETURNS cvm.model
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_fit_model';
COMMENT ON FUNCTION cvm.fit_model(cvm.fit_state) IS
	'final function of the fitting aggregates: the model of a state; NULL where there is nothing to learn from';
CREATE FUNCTION cvm.fit_partial(cvm.fit_state) RETURNS cvm.fit_state
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_fit_partial';
COMMENT ON FUNCTION cvm.fit_partial(cvm.fit_state) IS
	'final function of sgd_ aggregates that end in a state: the rows that wait for their step take it';
