"""SCIM 2.0: how directories send people and groups (RFC 7643, RFC 7644)."""
