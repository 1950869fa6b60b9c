"""The versioned HTTP contract, one file a resource."""
