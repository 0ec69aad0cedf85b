-- Real customers against scikit-learn and statsmodels: same rows, same penalty,
-- same coefficients.  test/reference/telco_sklearn.py made the figures.
\set ON_ERROR_STOP on
BEGIN;
SET LOCAL client_min_messages = error;
\cd ../data
\i telco.sql
CREATE TEMPORARY TABLE reference (model text, feature text, level text, class text,
	coefficient float8, std_error float8);
\cd ../reference
\copy reference FROM 'telco.csv' WITH (FORMAT csv, HEADER)

CREATE TEMPORARY TABLE trained AS
SELECT (cvm.train('churn', 'customers', 'churned', key => 'customer_id',
	options => '{"l2": 1, "validation": 0, "tolerance": 1e-12}')).*;
INSERT INTO trained
SELECT (cvm.train('churn without a penalty',
	'SELECT customer_id, churned, tenure, senior_citizen, partner, dependents, paperless_billing,
		gender, multiple_lines, internet_service, contract, payment_method FROM customers',
	'churned', key => 'customer_id',
	options => '{"l2": 0, "validation": 0, "tolerance": 1e-12}')).*;
INSERT INTO trained
SELECT (cvm.train('contract',
	'SELECT customer_id, contract, tenure, monthly_charges, senior_citizen, partner, dependents,
		phone_service, paperless_billing, gender, multiple_lines, internet_service, online_security,
		online_backup, device_protection, tech_support, streaming_tv, streaming_movies, payment_method
	FROM customers',
	'contract', key => 'customer_id',
	options => '{"l2": 2, "validation": 0, "tolerance": 1e-12}')).*;
INSERT INTO trained
SELECT (cvm.train('charges',
	'SELECT customer_id, tenure, monthly_charges, senior_citizen, partner, dependents,
		phone_service, paperless_billing, gender, multiple_lines, internet_service, online_security,
		online_backup, device_protection, tech_support, streaming_tv, streaming_movies, contract,
		payment_method
	FROM customers',
	'monthly_charges', key => 'customer_id',
	options => '{"l2": 10, "validation": 0, "tolerance": 1e-12}')).*;
INSERT INTO trained
SELECT (cvm.train('tenure',
	'SELECT customer_id, tenure, monthly_charges, senior_citizen, partner, dependents,
		phone_service, paperless_billing, gender, multiple_lines, internet_service, online_security,
		online_backup, device_protection, tech_support, streaming_tv, streaming_movies, contract,
		payment_method
	FROM customers',
	'tenure', key => 'customer_id', algorithm => 'poisson',
	options => '{"l2": 5, "validation": 0, "tolerance": 1e-12}')).*;

-- What scikit-learn calls the models, and what they are called here.
CREATE TEMPORARY TABLE pairs (name text, model text, tolerance float8);
INSERT INTO pairs VALUES ('logistic, l2 = 1', 'churn', 1e-6),
	('logistic without a penalty', 'churn without a penalty', 1e-6),
	('softmax, l2 = 2', 'contract', 1e-6), ('linear, l2 = 10', 'charges', 1e-6),
	('poisson, l2 = 5', 'tenure', 1e-6);

-- Distance relative to the size of the coefficient, or to 1 for small ones.
CREATE FUNCTION pg_temp.distance(float8, float8) RETURNS float8 LANGUAGE sql AS
	'SELECT abs($1 - $2) / greatest(1, abs($2))';

SELECT plan(14);
SELECT is((SELECT string_agg(algorithm, ' ') FROM trained), 'logistic logistic softmax linear poisson',
	'the algorithms follow from the targets');
SELECT is((SELECT count(*) FROM trained WHERE (metrics #>> '{fit,converged}')::boolean), 5::bigint,
	'all have converged');

SELECT is((SELECT count(*) FROM cvm.coefficients(p.model)),
	(SELECT count(*) FROM reference AS r WHERE r.model = p.name), p.name || ': as many coefficients')
FROM pairs AS p;
SELECT cmp_ok((SELECT max(pg_temp.distance(c.coefficient, r.coefficient))
		FROM reference AS r
		LEFT JOIN cvm.coefficients(p.model) AS c ON c.feature = r.feature
			AND c.level IS NOT DISTINCT FROM r.level AND c.class IS NOT DISTINCT FROM r.class
		WHERE r.model = p.name),
	'<=', p.tolerance, p.name || ': the same coefficients')
FROM pairs AS p;
SELECT is((SELECT count(*) FROM reference AS r
		LEFT JOIN cvm.coefficients(p.model) AS c ON c.feature = r.feature
			AND c.level IS NOT DISTINCT FROM r.level AND c.class IS NOT DISTINCT FROM r.class
		WHERE r.model = p.name AND c.coefficient IS NULL),
	0::bigint, 'no coefficient is missing')
FROM pairs AS p WHERE p.model = 'churn';
SELECT cmp_ok((SELECT max(abs(c.std_error / r.std_error - 1))
		FROM reference AS r JOIN cvm.coefficients('churn without a penalty') AS c
			ON c.feature = r.feature AND c.level IS NOT DISTINCT FROM r.level
		WHERE r.model = 'logistic without a penalty' AND r.std_error IS NOT NULL),
	'<=', 1e-6::float8, 'standard errors are those of statsmodels');
SELECT * FROM finish();
ROLLBACK;
