"""One room per request of the protocol; each translates, asks the service, translates back."""
