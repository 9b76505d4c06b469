pytest_plugins = ["vezne_host.testing.servers"]
