"""Gates behind ports.GateDriver: webhook, MQTT, OSDP, serial relay, dry run. `build.build_driver` chooses."""
