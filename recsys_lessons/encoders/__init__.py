"""Raw items to vectors, one modality a module."""
