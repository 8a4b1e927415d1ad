"""Items, users and interactions as tables, where they come from, and how they are split."""
