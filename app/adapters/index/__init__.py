"""Search over the gallery: ids and similarities, nothing else."""
