"""How it is managed: journal, runner, fleet and the service that every face stands on."""
