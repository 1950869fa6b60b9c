"""Sealing, signing and the journal: implements ports.Vault, ports.Signer and ports.Journal."""
