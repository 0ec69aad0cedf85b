-- doc/reference.md lists what the catalog has, and every object has a comment.
\set reference `cat ../../doc/reference.md`
\set changes `cat ../../CHANGELOG.md`
BEGIN;
SELECT plan(10);
CREATE TEMPORARY TABLE reference AS SELECT :'reference'::text AS body;

-- A name counts where it stands as code: `name`, `name(...)`, `cvm.name`.
CREATE FUNCTION pg_temp.is_listed(name text) RETURNS boolean LANGUAGE sql AS $$
	SELECT body ~ ('(`|[(, ]cvm\.|`cvm\.|^cvm\.)' || $1 || '(`|[(]| ->|, | =)') FROM reference
$$;

CREATE TEMPORARY VIEW functions AS
SELECT p.oid, p.proname::text AS name, p.proargnames AS parameters, p.prokind
FROM pg_proc AS p
JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'cvm';

CREATE TEMPORARY VIEW relations AS
SELECT c.oid, c.relname::text AS name, c.relkind
FROM pg_class AS c
WHERE c.relnamespace = 'cvm'::regnamespace AND c.relkind IN ('r', 'v', 'p');

-- The section of a view begins with its name as a heading.
CREATE FUNCTION pg_temp.section(name text) RETURNS text LANGUAGE sql AS $$
	SELECT split_part(split_part(body, E'\n### ' || $1 || E'\n', 2), E'\n##', 1) FROM reference
$$;

SELECT is_empty('SELECT DISTINCT name FROM functions WHERE NOT pg_temp.is_listed(name)',
	'every function and aggregate is in the reference');
SELECT is_empty($$
	SELECT name, parameter FROM functions, unnest(parameters) AS parameter
	WHERE parameter <> '' AND NOT (SELECT body ~ ('\m' || parameter || '\M') FROM reference)$$,
	'and so is every parameter and result column');
-- The error for an unknown algorithm lists those that are known.
CREATE FUNCTION pg_temp.algorithms() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	PERFORM cvm.train('any', 'SELECT 1 AS y', 'y', algorithm => 'no such algorithm');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN QUERY SELECT (regexp_matches(detail, '\m(?!auto)[a-z_]+\M(?=[,.])', 'g'))[1];
END
$$;

SELECT is_empty($$
	SELECT name FROM pg_temp.algorithms() AS name
	WHERE (SELECT position(E'\n| `' || name || '` |' IN body) = 0 FROM reference)
	UNION ALL SELECT 'no algorithm at all' WHERE NOT EXISTS (SELECT FROM pg_temp.algorithms())$$,
	'every algorithm is in the reference');
SELECT is_empty($$
	SELECT name FROM cvm.options() WHERE NOT (SELECT body ~ (E'\n\\| `' || name || '` \|') FROM reference)$$,
	'every option is in the reference');
SELECT is_empty($$
	SELECT name FROM cvm.options()
	WHERE "default" <> '' AND (SELECT position('| `' || "default" || '` |' IN
		split_part(split_part(body, E'\n| `' || name || '` |', 2), E'\n', 1)) = 0 FROM reference)$$,
	'with its default');
SELECT is_empty($$
	SELECT name FROM pg_settings WHERE name LIKE 'cvm.%' AND NOT pg_temp.is_listed(split_part(name, '.', 2))$$,
	'every setting is in the reference');
SELECT is_empty('SELECT name FROM relations WHERE NOT pg_temp.is_listed(name) AND pg_temp.section(name) = ''''',
	'every table and view is in the reference');
SELECT is_empty($$
	SELECT r.name, a.attname FROM relations AS r
	JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
	WHERE r.relkind = 'v' AND has_table_privilege('public', r.oid, 'SELECT')
		AND position('| `' || a.attname || '` |' IN pg_temp.section(r.name)) = 0$$,
	'and every column of a view that people read');
SELECT is_empty($$
	SELECT format_type(t.oid, NULL) FROM pg_type AS t
	WHERE t.typnamespace = 'cvm'::regnamespace AND t.typtype IN ('b', 'd', 'c') AND t.typelem = 0
		AND NOT EXISTS (SELECT FROM pg_class AS c WHERE c.oid = t.typrelid AND c.relkind <> 'c')
		AND NOT pg_temp.is_listed(t.typname)$$,
	'every type is in the reference');

SELECT is_empty($$
	SELECT pg_describe_object(d.classid, d.objid, d.objsubid) FROM pg_depend AS d
	JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
	WHERE e.extname = 'cvm' AND d.deptype = 'e' AND obj_description(d.objid, d.classid::regclass::name) IS NULL
		AND d.classid NOT IN ('pg_opfamily'::regclass)
		AND NOT (d.classid = 'pg_type'::regclass AND (SELECT t.typelem <> 0 OR (t.typrelid <> 0 AND c.relkind <> 'c')
			FROM pg_type AS t LEFT JOIN pg_class AS c ON c.oid = t.typrelid WHERE t.oid = d.objid))
		AND NOT (d.classid = 'pg_class'::regclass AND (SELECT relkind = 'c' FROM pg_class WHERE oid = d.objid))
	UNION ALL
	SELECT r.name || '.' || a.attname FROM relations AS r
	JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0
	WHERE r.relkind = 'v' AND has_table_privilege('public', r.oid, 'SELECT') AND col_description(r.oid, a.attnum) IS NULL$$,
	'every object, and every column of a view, has a comment');

SELECT * FROM finish();
ROLLBACK;
