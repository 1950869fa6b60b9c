"""HTTP: the versioned API for gates, admins and security staff, and the console's pages."""
