"""The only place that builds concrete things and joins them: `service.running`, `engine.opened_engine`."""
