"""OpenID Connect over the network."""
