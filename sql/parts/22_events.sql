-- events: what somebody should look at

CREATE TABLE cvm.alert_log (
	model text NOT NULL REFERENCES cvm.model_registry (model)
		ON UPDATE CASCADE ON DELETE CASCADE,
	at timestamptz NOT NULL,
	event text NOT NULL,
	run integer,
	version integer,
	detail text
);

CREATE INDEX alert_log_model_at ON cvm.alert_log (model, at);

-- no key: two events may be alike; so that it can be published
ALTER TABLE cvm.alert_log REPLICA IDENTITY FULL;

COMMENT ON TABLE cvm.alert_log IS
	'events that are alerts; people read cvm.alerts';

SELECT pg_catalog.pg_extension_config_dump('cvm.alert_log', '');
