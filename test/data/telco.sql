-- The Telco customers, cleaned: a table "customers" of one row a customer.
-- Run with this folder as psql's working directory (\cd).
CREATE TEMPORARY TABLE customer_file (
	customer_id text, gender text, senior_citizen integer, partner text, dependents text,
	tenure integer, phone_service text, multiple_lines text, internet_service text,
	online_security text, online_backup text, device_protection text, tech_support text,
	streaming_tv text, streaming_movies text, contract text, paperless_billing text,
	payment_method text, monthly_charges numeric, total_charges text, churn text);
\copy customer_file FROM 'telco_churn.csv' WITH (FORMAT csv, HEADER)

-- Total charges are blank for customers who have not paid a first bill yet.
CREATE TABLE customers AS
SELECT customer_id, gender, senior_citizen = 1 AS senior_citizen, partner = 'Yes' AS partner,
	dependents = 'Yes' AS dependents, tenure, phone_service = 'Yes' AS phone_service,
	multiple_lines, internet_service, online_security, online_backup, device_protection,
	tech_support, streaming_tv, streaming_movies, contract,
	paperless_billing = 'Yes' AS paperless_billing, payment_method, monthly_charges,
	nullif(trim(total_charges), '')::numeric AS total_charges, churn = 'Yes' AS churned
FROM customer_file;
DROP TABLE customer_file;
ALTER TABLE customers ADD PRIMARY KEY (customer_id);
ANALYZE customers;
