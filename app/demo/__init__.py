"""A gate to watch: real people from public photos walk up to the real service, and every decision is judged."""
