-- events: what happens to models

CREATE SEQUENCE cvm.event_id;

COMMENT ON SEQUENCE cvm.event_id IS 'numbers of events';

CREATE TABLE cvm.event_log (
	id bigint PRIMARY KEY DEFAULT pg_catalog.nextval('cvm.event_id'),
	model text NOT NULL REFERENCES cvm.model_registry (model)
		ON UPDATE CASCADE ON DELETE CASCADE,
	at timestamptz NOT NULL,
	event text NOT NULL,
	alert boolean NOT NULL,
	run integer,
	version integer,
	detail text
);

CREATE INDEX event_log_model_id ON cvm.event_log (model, id);

COMMENT ON TABLE cvm.event_log IS
	'one row per event of a model; people read cvm.events and cvm.alerts';

SELECT pg_catalog.pg_extension_config_dump('cvm.event_id', '');
SELECT pg_catalog.pg_extension_config_dump('cvm.event_log', '');
