"""Gates behind ports.GateDriver: web hook, MQTT, OSDP, serial relay, dry run. `build.build_driver` picks."""
