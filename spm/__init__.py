"""The project: settings, addresses, accounts, the live channel and the embedded services."""
