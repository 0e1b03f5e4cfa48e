"""What tests share: servers to test against, clients, networks that misbehave, records made by hand."""
