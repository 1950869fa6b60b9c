"""What the services need from technology, as protocols, one module a noun. Only `wiring` picks an adapter."""
