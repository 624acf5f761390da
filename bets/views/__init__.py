"""The pages of this app: the Kanban, and one bet."""
