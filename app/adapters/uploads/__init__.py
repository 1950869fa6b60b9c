"""Photos as they are brought: in a folder, in an archive, and the sealed copy of an upload."""
