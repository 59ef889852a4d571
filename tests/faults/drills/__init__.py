"""One module a drill, each with `run(house, ward, size) -> Outcome`."""
