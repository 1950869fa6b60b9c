"""Where photos come from: a folder, an archive, or the sealed copy of an upload."""
