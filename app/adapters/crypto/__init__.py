"""Sealing, signing and the journal: cryptography and files behind ports.Vault, ports.Signer and ports.Journal."""
